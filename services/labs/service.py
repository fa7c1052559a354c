"""Composition root of labs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from contracts.common import Caller
from contracts.identity import PatientRecorded
from kernel.projection import Record
from kernel.service import Service, Settings
from kernel.turn import Turn
from services.labs.api import API
from services.labs.events import CODEC
from services.labs.events.code import CodeMapped
from services.labs.events.report import (
    OrdererResolved,
    ReportJudged,
    ReportVerified,
    ResultCorrecting,
    ResultHidden,
    ResultShown,
)
from services.labs.judging import DEFAULT_ZONE, Deps, judge_report_again
from services.labs.policies import POLICIES
from services.labs.publisher import PUBLISHER
from services.labs.release.policy import load
from services.labs.subscribers import HEARS
from services.labs.views import VIEWS
from services.labs.views.reports import OTHER_POLICY
from services.labs.views.results import GATE

ACTOR = "release-policy"


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
        background=(judge_under_new_policy,),
        live=live,
    )


def live(event: Any, record: Record) -> Iterator[str]:
    """Whose open pages should look again. A hint carries nothing, and a hidden result gives none."""
    match event:
        case ResultShown() | ResultCorrecting() | ResultHidden() | PatientRecorded():
            yield f"patient.{event.patient}"
        case ReportJudged():
            yield "staff.provider"
            if event.judgement.reasons:
                yield "staff.policy"
        case ReportVerified():
            yield "staff.provider"
        case CodeMapped() | OrdererResolved():
            yield "staff.policy"


async def judge_under_new_policy(service: Service[Any]) -> None:
    """At start: reports ruled on by another version of the policy are judged again (R30)."""
    await service.ready.wait()
    zone = (await service.fetch(GATE, patient=""))[0]["zone"] or DEFAULT_ZONE
    version = service.deps.rules.at(service.now().astimezone(ZoneInfo(zone)).date()).version
    after = ""
    while rows := await service.fetch(OTHER_POLICY, key=version, after=after):
        page = [row["report"] for row in rows]

        async def judge_page(turn: Turn, reports: list[str] = page) -> None:
            for report in reports:
                await judge_report_again(turn, service.deps, report)

        await service.execute(judge_page, ACTOR)
        after = page[-1]
