"""A message left without an outcome (a crash, a service that did not answer) is settled later."""

from __future__ import annotations

from dataclasses import dataclass, field

from kernel.policy import Policies, React
from kernel.projection import Record
from services.interop.events.message import MessageReceived, MessageReopened
from services.interop.intake import Intake


@dataclass(slots=True)
class Deps:
    """The intake, set once the service that it works in exists."""

    intake: Intake = field(init=False)


POLICIES: Policies[Deps] = Policies("interop")


@POLICIES.on(MessageReceived, MessageReopened, name="settle-message", max_age=None)
async def settle_message(
    event: MessageReceived | MessageReopened, record: Record, react: React[Deps]
) -> None:
    """Settle it, or join whoever is at it; a settled one changes nothing.

    Unavailable is raised: the reaction is tried again later, then parked and shown.
    """
    await react.deps.intake.resume(event.message)
