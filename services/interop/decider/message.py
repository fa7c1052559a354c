"""The message: kept whole, settled once, reopened by a person. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from contracts.interop import Outcome
from kernel.decider import Decider, Refused
from services.interop.events.message import (
    Format,
    MessageDiscarded,
    MessageHandedOver,
    MessageOpened,
    MessageReceived,
    MessageReopened,
    MessageSettled,
    PartReceived,
    PartsDiscarded,
    Source,
)

Event = (
    PartReceived
    | PartsDiscarded
    | MessageReceived
    | MessageSettled
    | MessageHandedOver
    | MessageReopened
    | MessageOpened
    | MessageDiscarded
)
MOST_PARTS = 1000
WAITS: frozenset[Outcome] = frozenset({"quarantined", "refused"})
"""Outcomes that wait for a person."""

FRAME = "frame"
"""The kind of bytes that are no whole message. They are kept, and never translated."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is known of one message. `parts` maps a part's index to its digest.

    `said` is the outcome that its sender was told; a hand-over later may change `outcome`. The bytes
    are not kept in the state: they may be large, and only one step needs them.
    """

    format: Format | None = None
    source: Source = "file"
    parts: dict[int, str] = field(default_factory=dict)
    total: int = 0
    received: datetime | None = None
    attempt: int = 0
    outcome: Outcome | None = None
    said: Outcome | None = None
    kind: str = ""
    sender: str = ""
    reason: str = ""
    code: str = ""
    where: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    waits: dict[str, int] = field(default_factory=dict)
    ack: str = ""
    settled: datetime | None = None
    discarded: bool = False

    @property
    def whole(self) -> bool:
        """Whether every part is in."""
        return self.total > 0 and len(self.parts) == self.total


def evolve(state: Message, event: Any) -> Message:
    """The state after one event; unknown events change nothing."""
    match event:
        case PartReceived():
            parts = state.parts if event.total == state.total else {}
            return replace(
                state,
                format=event.format,
                total=event.total,
                parts={**parts, event.index: event.digest},
            )
        case PartsDiscarded():
            return replace(state, parts={}, total=0)
        case MessageReceived():
            return replace(state, format=event.format, source=event.source, received=event.received)
        case MessageSettled():
            return replace(
                state,
                outcome=event.outcome,
                said=event.outcome,
                kind=event.kind,
                sender=event.sender,
                reason=event.reason,
                code=event.code,
                where=event.where,
                counts=event.counts,
                waits=event.waits,
                ack=event.ack,
                settled=event.at,
            )
        case MessageHandedOver():
            waits = {k: n for k, n in state.waits.items() if service_of(k) != event.service}
            return replace(state, outcome=event.outcome, waits=waits)
        case MessageReopened():
            return replace(state, outcome=None, attempt=event.attempt, waits={}, discarded=False)
        case MessageDiscarded():
            return replace(state, discarded=True)
        case _:
            return state


def service_of(waiting: str) -> str:
    """The service that a command waits for (`scheduling.PostVisit`)."""
    return waiting.partition(".")[0]


MESSAGE: Decider[Message] = Decider(
    "message", Message(), evolve, finished=lambda state: state.outcome is not None
)


def take_part(state: Message, part: PartReceived) -> list[Event]:
    """Keep a part. The same part again, and any part of a message that is whole, change nothing.

    Refused `bad-part` when its index is beyond its own total.
    """
    if part.index >= part.total or part.total > MOST_PARTS:
        raise Refused("bad-part", "This part is beyond the number of parts.", 422)
    if state.received is not None:
        return []
    if state.total == part.total and state.parts.get(part.index) == part.digest:
        return []
    return [part]


def discard_parts(state: Message, message: str) -> list[Event]:
    """Forget parts that do not add up to what their hash promised."""
    return [PartsDiscarded(message=message)] if state.parts and state.received is None else []


def receive(state: Message, whole: MessageReceived) -> list[Event]:
    """Keep a whole message. The same bytes again change nothing."""
    return [] if state.received is not None else [whole]


def keep(state: Message, whole: MessageReceived, settled: MessageSettled) -> list[Event]:
    """Keep bytes that must never be translated: received and settled in one step, so that no
    policy can take a truncated message for a whole one.
    """
    return [] if state.received is not None else [whole, settled]


def settle(state: Message, settled: MessageSettled, attempt: int) -> list[Event]:
    """Say what became of it, once per attempt: whoever comes second changes nothing."""
    if state.received is None:
        raise Refused("not-found", "There is no such message.", 404)
    if state.outcome is not None or state.attempt != attempt:
        return []
    return [settled]


def hand_over(
    state: Message, message: str, service: str, counts: dict[str, int], refused: tuple[str, ...]
) -> list[Event]:
    """What waited for this service went to it. What it refused waits for a person from now on.

    Nothing to say where nothing waits for it (any more), or somebody takes the message again.
    """
    if state.outcome is None or service not in map(service_of, state.waits):
        return []
    others = any(service_of(each) != service for each in state.waits)
    outcome = state.outcome
    if refused:
        outcome = "refused" if outcome == "refused" else "quarantined"
    elif outcome == "kept" and not others:
        outcome = "applied"
    return [
        MessageHandedOver(
            message=message,
            service=service,
            kind=state.kind,
            was=state.outcome,
            outcome=outcome,
            counts=counts,
            refused=refused,
        )
    ]


def reopen(state: Message, message: str, by: str, by_name: str) -> list[Event]:
    """Take it again. Refused `not-found`, or `settled` when there is nothing left to mend."""
    if state.received is None:
        raise Refused("not-found", "There is no such message.", 404)
    if state.outcome is None:
        return []
    if state.outcome not in WAITS:
        raise Refused("settled", "This message has been applied.")
    if state.kind == FRAME:
        raise Refused("not-whole", "These bytes are no whole message: the sender must send again.")
    return [
        MessageReopened(
            message=message,
            attempt=state.attempt + 1,
            kind=state.kind,
            outcome=state.outcome,
            by=by,
            by_name=by_name,
        )
    ]


def open_(state: Message, opened: MessageOpened) -> list[Event]:
    """Show whom it is about: each time is kept. Refused `not-found`."""
    if state.received is None:
        raise Refused("not-found", "There is no such message.", 404)
    return [opened]


def discard(state: Message, discarded: MessageDiscarded) -> list[Event]:
    """Take it out of the queue. Refused `not-found`, `busy`, `settled`; again changes nothing."""
    if state.received is None:
        raise Refused("not-found", "There is no such message.", 404)
    if state.outcome is None:
        raise Refused("busy", "This message is being taken right now.")
    if state.outcome not in WAITS:
        raise Refused("settled", "This message has been applied.")
    return [] if state.discarded else [discarded]
