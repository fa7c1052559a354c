"""One kept message: its way, its masked structure; and, with a reason, whom it is about."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence

from contracts.common import Caller, Role
from contracts.interop import (
    GetMessage,
    MessageDetail,
    MessagePeopleAnswer,
    MessageStep,
    OpenMessage,
)
from kernel.api import Call
from kernel.decider import Refused
from kernel.projection import Record
from kernel.turn import Turn
from services.interop.api.base import API
from services.interop.api.quarantine import QUEUE_ROLES, queue_row
from services.interop.decider import message as decider
from services.interop.decider.message import MESSAGE, Message
from services.interop.events.message import (
    MessageDiscarded,
    MessageHandedOver,
    MessageOpened,
    MessageReceived,
    MessageReopened,
    MessageSettled,
)
from services.interop.outline import outline, people
from services.interop.policies import Deps
from services.interop.views.messages import ONE


@API.query(GetMessage, roles=QUEUE_ROLES)
async def get_message(query: GetMessage, call: Call[Deps, Caller]) -> MessageDetail:
    """What happened to it, the answer it was given, and its structure. Nothing names a patient.

    Support does not see which tests it speaks of: they may open whom it is about. Refused
    `not-found`, and `busy` before it was settled for the first time.
    """
    rows = await call.read(ONE, message=query.message)
    if not rows:
        raise Refused("not-found", "There is no such message.", 404)
    records = await call.deps.intake.history(query.message)
    settled = _last_settled(records)
    if settled is None:
        raise Refused("busy", "This message is being taken right now.")
    row = rows[0]
    raw = await call.deps.intake.bytes_of(query.message) or b""
    tests = call.caller.role != Role.SUPPORT
    return MessageDetail(
        row=queue_row({**row, "outcome": row["outcome"] or settled.outcome}),
        source=row["source"],
        format=row["format"],
        size=row["size"],
        control=settled.control,
        ack=settled.ack,
        counts=settled.counts,
        steps=tuple(_steps(records)),
        segments=await asyncio.to_thread(outline, raw, row["format"], tests),
    )


def _last_settled(records: Sequence[Record]) -> MessageSettled | None:
    found = (r.event for r in reversed(records) if isinstance(r.event, MessageSettled))
    return next(found, None)


def _steps(records: Iterable[Record]) -> Iterator[MessageStep]:
    for record in records:
        match record.event:
            case MessageReceived() as event:
                yield MessageStep(at=event.received, what="received")
            case MessageSettled() as event:
                yield MessageStep(
                    at=record.at, what="settled", outcome=event.outcome, says=event.reason
                )
            case MessageHandedOver() as event:
                says = ", ".join((event.service, *event.refused))
                yield MessageStep(
                    at=record.at, what="handed-over", outcome=event.outcome, says=says
                )
            case MessageReopened() as event:
                yield MessageStep(at=record.at, what="reopened", by=event.by_name)
            case MessageOpened() as event:
                yield MessageStep(at=event.at, what="opened", says=event.reason, by=event.by_name)
            case MessageDiscarded() as event:
                yield MessageStep(
                    at=event.at, what="discarded", says=event.reason, by=event.by_name
                )


@API.action(OpenMessage, roles={Role.SUPPORT})
async def open_message(command: OpenMessage, call: Call[Deps, Caller]) -> MessagePeopleAnswer:
    """Whom it names. Who looked and why is durable before anything is shown; each look is kept.

    An action, because a command's answer would be kept beside its key. Refused `not-found`.
    """
    opened = MessageOpened(
        message=command.message,
        by=call.caller.subject,
        by_name=call.caller.name,
        reason=command.reason,
        at=call.now,
    )

    async def keep(turn: Turn) -> Message:
        state: Message = await turn.load(MESSAGE, command.message)
        turn.append(MESSAGE, command.message, decider.open_(state, opened))
        return state

    state = await call.execute(keep)
    raw = await call.deps.intake.bytes_of(command.message) or b""
    format = state.format or "hl7v2"
    reading = await call.deps.intake.reading(state.sender)
    return MessagePeopleAnswer(people=await asyncio.to_thread(people, raw, format, reading.charset))
