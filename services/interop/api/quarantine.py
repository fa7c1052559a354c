"""The queue of messages that wait for a person: what there is, taken again, or discarded."""

from __future__ import annotations

from functools import partial

from contracts.common import Caller, Done, Role
from contracts.interop import (
    DiscardMessage,
    GetQuarantine,
    GetSummary,
    QuarantineAnswer,
    QuarantineRow,
    RetriedAnswer,
    RetryMessage,
    RetryMessages,
    SenderCount,
    SummaryAnswer,
    SummaryRow,
    WaitingRow,
)
from kernel.api import Call
from kernel.clock import from_micros
from kernel.projection import Row
from kernel.turn import Turn
from services.interop.api.base import API
from services.interop.decider import message as decider
from services.interop.decider.message import FRAME, MESSAGE, WAITS
from services.interop.events.message import MessageDiscarded
from services.interop.policies import Deps
from services.interop.views import messages as views
from services.interop.views.waiting import COUNTS

QUEUE_ROLES = {Role.SRE, Role.SUPPORT, Role.POLICY}
MOST_RETRIED = 500
PAGE = 20
"""Messages reopened in one turn: their bytes are read with them, and may be large."""


@API.query(GetQuarantine, roles=QUEUE_ROLES)
async def quarantine(query: GetQuarantine, call: Call[Deps, Caller]) -> QuarantineAnswer:
    """What waits for a person, newest first, of all senders or of one."""
    if query.sender:
        rows = await call.read(views.QUEUE_OF, sender=query.sender)
    else:
        rows = await call.read(views.QUEUE)
    return QuarantineAnswer(
        messages=tuple(queue_row(row) for row in rows),
        waiting=(await call.read(views.QUEUED))[0]["n"],
        senders=tuple(
            SenderCount(sender=row["sender"], waiting=row["n"])
            for row in await call.read(views.WAITING)
        ),
    )


def queue_row(row: Row) -> QuarantineRow:
    """One settled message, as staff see it in a list."""
    return QuarantineRow(
        message=row["message"],
        kind=row["kind"],
        sender=row["sender"],
        reason=row["reason"],
        where=row["place"],
        code=row["code"],
        outcome=row["outcome"],
        received=from_micros(row["received"]),
        attempts=row["attempts"],
        replayable=row["outcome"] in WAITS and row["kind"] != FRAME,
    )


@API.command(RetryMessage, roles=QUEUE_ROLES)
async def retry_message(command: RetryMessage, call: Call[Deps, Caller]) -> Done:
    """Take a kept message again; a policy settles it. Refused `not-found`, `settled`, `not-whole`."""
    await _reopen([command.message], call.caller, call.turn)
    return Done(id=command.message)


@API.action(RetryMessages, roles=QUEUE_ROLES, status=201)
async def retry_messages(command: RetryMessages, call: Call[Deps, Caller]) -> RetriedAnswer:
    """Take again what waits from a sender, the oldest first.

    They are named before the first is taken: one that fails again is not taken twice.
    """
    rows = await call.read(views.OLDEST_OF, sender=command.sender, count=MOST_RETRIED)
    ids = [row["message"] for row in rows]
    for start in range(0, len(ids), PAGE):
        await call.execute(partial(_reopen, ids[start : start + PAGE], call.caller))
    left = (await call.read(views.REPLAYABLE_OF, sender=command.sender))[0]["n"]
    return RetriedAnswer(id=command.sender, reopened=len(ids), left=left)


async def _reopen(ids: list[str], by: Caller, turn: Turn) -> None:
    for id in ids:
        state = await turn.load(MESSAGE, id)
        turn.append(MESSAGE, id, decider.reopen(state, id, by.subject, by.name))


@API.command(DiscardMessage, roles=QUEUE_ROLES)
async def discard_message(command: DiscardMessage, call: Call[Deps, Caller]) -> Done:
    """Say that nothing will be done with it. Refused `not-found`, `busy`, `settled`."""
    discarded = MessageDiscarded(
        message=command.message,
        by=call.caller.subject,
        by_name=call.caller.name,
        reason=command.reason,
        at=call.now,
    )
    state = await call.turn.load(MESSAGE, command.message)
    call.turn.append(MESSAGE, command.message, decider.discard(state, discarded))
    return Done(id=command.message)


@API.query(GetSummary, roles={*QUEUE_ROLES, Role.SERVICE})
async def summary(query: GetSummary, call: Call[Deps, Caller]) -> SummaryAnswer:
    """How many of each kind had which outcome, and what waits for services to come."""
    rows = await call.read(views.TALLY)
    return SummaryAnswer(
        rows=tuple(
            SummaryRow(kind=row["kind"], outcome=row["outcome"], count=row["n"]) for row in rows
        ),
        waiting=tuple(
            WaitingRow(service=row["service"], command=row["command"], count=row["n"])
            for row in await call.read(COUNTS)
        ),
    )
