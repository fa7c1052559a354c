"""What interop takes over the bus: files from the command line, as single messages or in parts."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from contracts.common import Caller, Role
from contracts.interop import MessageAnswer, TakeMessages, TakenAnswer, TakenMessage, TakePart
from kernel.api import Call
from kernel.bus.requests import Unavailable
from kernel.decider import Refused
from services.interop.api.base import API
from services.interop.decider.message import Message
from services.interop.events.message import PartReceived
from services.interop.intake import message_id
from services.interop.policies import Deps
from services.interop.tally import GRAVITY

OPERATOR = "operator"
PATIENCE_SECONDS = 7.0
"""How long an answer waits for the outcome; the caller asks again with the same."""

log = logging.getLogger("interop.files")


@API.action(TakeMessages, roles={Role.SERVICE, Role.SRE})
async def take_messages(command: TakeMessages, call: Call[Deps, Caller]) -> TakenAnswer:
    """Keep these messages, then settle each, in their order where they are about one person.

    The outcome is None for one that is not settled yet: it is kept, and settled later. Refused
    `not-allowed` for other services than the command line, `not-base64`.
    """
    _allowed(call.caller)
    raws = [_decoded(each) for each in command.messages]
    taken = await call.deps.intake.take(raws, "file", PATIENCE_SECONDS)
    lines = (_taken(raw, state, call.now) for raw, state in zip(raws, taken, strict=True))
    return TakenAnswer(messages=tuple(lines))


def _taken(raw: bytes, state: Message | BaseException, asked: datetime) -> TakenMessage:
    if isinstance(state, BaseException):
        if not isinstance(state, Unavailable | TimeoutError):
            log.error("a message was not settled: %s", type(state).__name__)
        return TakenMessage(message=message_id(raw), outcome=None, kind="unknown")
    return TakenMessage(
        message=message_id(raw),
        outcome=state.outcome,
        kind=state.kind,
        reason=state.reason,
        counts=dict(state.counts),
        repeated=state.settled is None or state.settled < asked,
    )


@API.action(TakePart, roles={Role.SERVICE, Role.SRE})
async def take_part(part: TakePart, call: Call[Deps, Caller]) -> MessageAnswer:
    """Keep a part; with the last one, take the whole and answer what became of it.

    While that is going on the outcome is None and the counts say how far it is. Refused
    `not-allowed` for other services than the command line, `not-base64`, `bad-part`,
    `hash-mismatch`, `too-many`.
    """
    _allowed(call.caller)
    _decoded(part.part)
    intake, id = call.deps.intake, part.sha256[:40]
    kept = PartReceived(
        message=id,
        sha256=part.sha256,
        format=part.format,
        name=part.name,
        index=part.index,
        total=part.total,
        digest=hashlib.sha256(part.part.encode()).hexdigest(),
        part=part.part,
    )
    state = await intake.keeping.keep_part(kept)
    if state.received is None and not state.whole:
        counts = {"parts": len(state.parts), "of": state.total}
        return MessageAnswer(message=id, outcome=None, kind="parts", counts=counts)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return _answer(id, await intake.take_file(kept))
    except TimeoutError:
        done, total = intake.progress.get(id, (0, 0))
        counts = {"done": done, "of": total}
        return MessageAnswer(message=id, outcome=None, kind=part.format, counts=counts)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Refused("not-base64", "What was sent is not base64.", 422) from error


def _allowed(caller: Caller) -> None:
    if caller.role == Role.SERVICE and caller.subject != OPERATOR:
        raise Refused("not-allowed", "Only the command line brings files.", 403)


def _answer(id: str, states: Sequence[Message]) -> MessageAnswer:
    """One answer for a file: of several messages the gravest outcome, and all that was counted."""
    gravest = max(states, key=lambda state: GRAVITY.index(state.outcome or "applied"))
    counts = sum((Counter(state.counts) for state in states), Counter[str]())
    return MessageAnswer(
        message=id,
        outcome=gravest.outcome,
        reason=gravest.reason,
        kind=gravest.kind if len(states) == 1 else "batch",
        counts=dict(counts),
    )
