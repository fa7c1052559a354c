"""Composition root of labs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contracts.common import Caller
from contracts.identity import PatientRecorded
from kernel.projection import Record
from kernel.service import Service, Settings
from services.labs.api import API
from services.labs.events import CODEC
from services.labs.events.code import CodeMapped
from services.labs.events.missing import (
    MissingOverdue,
    MissingReplied,
    MissingReported,
    MissingTaken,
)
from services.labs.events.orderer import OrdererMapped
from services.labs.events.policy import (
    DryRunAdvanced,
    DryRunAsked,
    DryRunFinished,
    PolicyApproved,
    PolicyDiscarded,
    PolicyDrafted,
    PolicyRolledBack,
)
from services.labs.events.report import (
    OrdererResolved,
    ReportJudged,
    ReportVerified,
    ResultCorrecting,
    ResultHidden,
    ResultShown,
)
from services.labs.judging import Deps
from services.labs.policies import POLICIES
from services.labs.publisher import PUBLISHER
from services.labs.release.policy import load
from services.labs.renewing import begin_at_start
from services.labs.subscribers import HEARS
from services.labs.views import VIEWS

MISSING_DESK = ("staff.support", "staff.policy")


def build(settings: Settings) -> Service[Deps]:
    """The labs service with these settings. Reads the release policy; a broken one stops it here."""
    return Service(
        name="labs",
        settings=settings,
        codec=CODEC,
        publisher=PUBLISHER,
        hears=HEARS,
        views=VIEWS,
        policies=POLICIES,
        api=API,
        deps=Deps(load()),
        caller=Caller,
        background=(begin_at_start,),
        live=live,
    )


def live(event: Any, record: Record) -> Iterator[str]:
    """Whose open pages should look again. A hint carries nothing, and a hidden result gives none."""
    match event:
        case PatientRecorded():
            yield f"patient.{event.patient}"
        case ResultShown() | ResultCorrecting() | ResultHidden() if event.open:
            yield f"patient.{event.patient}"
        case ReportJudged():
            yield "staff.provider"
            if event.judgement.reasons:
                yield "staff.policy"
        case ReportVerified():
            yield "staff.provider"
        case MissingReported() | MissingTaken() | MissingReplied():
            yield from (f"patient.{event.patient}", *MISSING_DESK)
        case MissingOverdue():
            yield from MISSING_DESK
        case CodeMapped() | OrdererMapped() | OrdererResolved():
            yield "staff.policy"
        case PolicyDrafted() | PolicyApproved() | PolicyDiscarded() | PolicyRolledBack():
            yield "staff.policy"
        case DryRunAsked() | DryRunAdvanced() | DryRunFinished():
            yield "staff.policy"
