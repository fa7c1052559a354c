"""Composition root of interop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from contracts.common import Caller
from kernel.projection import Record
from kernel.service import Service, Settings
from services.interop.api import API
from services.interop.decider.message import WAITS
from services.interop.events import CODEC
from services.interop.events.message import MessageDiscarded, MessageReopened, MessageSettled
from services.interop.framing import Frame
from services.interop.intake import Intake
from services.interop.later import Later
from services.interop.mllp import HOST, listen
from services.interop.policies import POLICIES, Deps
from services.interop.publisher import PUBLISHER
from services.interop.reply import answer
from services.interop.subscribers import HEARS
from services.interop.views import VIEWS

PORT = "2575"


async def mllp(service: Service[Deps]) -> None:
    """Listen for HL7 v2 on `MLLP_PORT` (2575; 0 = not at all) of `MLLP_HOST` (127.0.0.1)."""

    async def take(frame: Frame) -> bytes:
        return await answer(service.deps.intake, frame, service.clock.now())

    env = service.settings.env
    await listen(take, service.clock, int(env("MLLP_PORT", PORT)), env("MLLP_HOST", HOST))


async def later(service: Service[Deps]) -> None:
    """Hand over what was kept for services that are there by now."""
    await Later(service, service.deps.intake).run()


def live(event: Any, record: Record) -> Iterable[str]:
    """Whoever looks at the queue sees at once what comes and what goes."""
    comes = isinstance(event, MessageSettled) and event.outcome in WAITS
    goes = isinstance(event, MessageReopened | MessageDiscarded)
    return ("staff.sre", "staff.support", "staff.policy") if comes or goes else ()


def build(settings: Settings) -> Service[Deps]:
    """interop, ready to start."""
    deps = Deps()
    service = Service(
        name="interop",
        settings=settings,
        codec=CODEC,
        publisher=PUBLISHER,
        hears=HEARS,
        views=VIEWS,
        policies=POLICIES,
        api=API,
        deps=deps,
        caller=Caller,
        background=(mllp, later),
        live=live,
    )
    deps.intake = Intake(service)
    service.committer.after_commit.append(deps.intake.translating.committed)
    return service
