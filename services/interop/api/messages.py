"""What interop takes over the bus: files from the command line."""

from __future__ import annotations

import asyncio
import hashlib

from contracts.common import Caller, Role
from contracts.interop import MessageAnswer, TakePart
from kernel.api import Call
from kernel.decider import Refused
from services.interop.api.base import API
from services.interop.decider.message import Message
from services.interop.events.message import PartReceived
from services.interop.policies import Deps

OPERATOR = "operator"
PATIENCE_SECONDS = 7.0
"""How long a part's answer waits for the outcome; the caller asks again with any part."""


@API.action(TakePart, roles={Role.SERVICE, Role.SRE})
async def take_part(part: TakePart, call: Call[Deps, Caller]) -> MessageAnswer:
    """Keep a part; with the last one, take the whole and answer what became of it.

    While that is going on the outcome is None and the counts say how far it is. Refused
    `not-allowed` for other services than the command line, `bad-part`, `hash-mismatch`.
    """
    if call.caller.role == Role.SERVICE and call.caller.subject != OPERATOR:
        raise Refused("not-allowed", "Only the command line brings files.", 403)
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
    state = await intake.take_part(kept)
    if state.received is None:
        return MessageAnswer(message=id, outcome=None, kind="parts", counts=_missing(state))
    if state.outcome is None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                state = await intake.settle(id)
        except TimeoutError:
            done, total = intake.progress.get(id, (0, 0))
            counts = {"done": done, "of": total}
            return MessageAnswer(message=id, outcome=None, kind=part.format, counts=counts)
    return _answer(id, state)


def _missing(state: Message) -> dict[str, int]:
    return {"parts": len(state.parts), "of": state.total}


def _answer(id: str, state: Message) -> MessageAnswer:
    return MessageAnswer(
        message=id,
        outcome=state.outcome,
        reason=state.reason,
        kind=state.kind,
        counts=dict(state.counts),
    )
