"""Which messages wait for a person, and how many of each kind came with which outcome."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from kernel.clock import micros
from kernel.projection import Ask, Op, Record, View, Write, patch, upsert
from services.interop.decider.message import FRAME, WAITS
from services.interop.events.message import (
    MessageDiscarded,
    MessageHandedOver,
    MessageReceived,
    MessageReopened,
    MessageSettled,
)

# -- which messages wait for a person? -------------------------------------------------------------

MESSAGES = View("messages", version=2)
message = MESSAGES.table(
    "message",
    sa.Column("message", sa.Text, primary_key=True),
    sa.Column("format", sa.Text),
    sa.Column("source", sa.Text),
    sa.Column("size", sa.Integer),
    sa.Column("received", sa.Integer),
    sa.Column("outcome", sa.Text),
    sa.Column("kind", sa.Text),
    sa.Column("sender", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("code", sa.Text),
    sa.Column("place", sa.Text),
    sa.Column("attempts", sa.Integer),
    sa.Column("queued", sa.Integer, index=True),
)
"""`queued` is when it was received as long as it waits for a person, and null otherwise: the queue
is read from its index, newest or oldest first, however many messages there are.
"""
put_message = upsert(message)
settle_message = patch(message, "outcome", "kind", "sender", "reason", "code", "place", "attempts")
queue_message = Op(
    sa.update(message)
    .where(message.c.message == sa.bindparam("which", type_=sa.Text))
    .values(queued=message.c.received)
)
reopen_message = patch(message, "outcome", "queued")
turn_message = patch(message, "outcome")
explain = patch(message, "reason")
take_out = patch(message, "queued")


@MESSAGES.on(MessageReceived)
def came(event: MessageReceived, record: Record) -> Iterator[Write]:
    """A message without an outcome yet."""
    yield put_message(
        message=event.message,
        format=event.format,
        source=event.source,
        size=event.size,
        received=micros(event.received),
        outcome="",
        kind="",
        sender="",
        reason="",
        code="",
        place="",
        attempts=0,
        queued=None,
    )


@MESSAGES.on(MessageSettled)
def settled(event: MessageSettled, record: Record) -> Iterator[Write]:
    """Its outcome; some wait for a person."""
    yield settle_message(
        message=event.message,
        outcome=event.outcome,
        kind=event.kind,
        sender=event.sender,
        reason=event.reason,
        code=event.code,
        place=event.where,
        attempts=event.attempt + 1,
    )
    if event.outcome in WAITS:
        yield queue_message(which=event.message)


@MESSAGES.on(MessageHandedOver)
def handed_over(event: MessageHandedOver, record: Record) -> Iterator[Write]:
    """What waited for a service went there; what was refused waits for a person."""
    yield turn_message(message=event.message, outcome=event.outcome)
    if event.refused:
        yield explain(message=event.message, reason=f"Refused by {event.service}"[:200])
        yield queue_message(which=event.message)


@MESSAGES.on(MessageReopened)
def reopened(event: MessageReopened, record: Record) -> Iterator[Write]:
    """Being taken again."""
    yield reopen_message(message=event.message, outcome="", queued=None)


@MESSAGES.on(MessageDiscarded)
def discarded(event: MessageDiscarded, record: Record) -> Iterator[Write]:
    """Nothing will be done with it."""
    yield take_out(message=event.message, queued=None)


_waiting = sa.select(message).where(message.c.queued.is_not(None))
_of_sender = message.c.sender == sa.bindparam("sender", type_=sa.Text)
MOST_LISTED = 200
QUEUE = Ask(_waiting.order_by(message.c.queued.desc()).limit(MOST_LISTED))
QUEUE_OF = Ask(_waiting.where(_of_sender).order_by(message.c.queued.desc()).limit(MOST_LISTED))
OLDEST_OF = Ask(
    _waiting.where(_of_sender, message.c.kind != FRAME)
    .order_by(message.c.queued)
    .limit(sa.bindparam("count", type_=sa.Integer))
)
_count = sa.func.count().label("n")
WAITING = Ask(
    sa.select(message.c.sender, _count)
    .where(message.c.queued.is_not(None))
    .group_by(message.c.sender)
    .order_by(_count.desc(), message.c.sender)
    .limit(500)
)
QUEUED = Ask(sa.select(_count).where(message.c.queued.is_not(None)))
REPLAYABLE_OF = Ask(
    sa.select(_count).where(message.c.queued.is_not(None), _of_sender, message.c.kind != FRAME)
)
ONE = Ask(sa.select(message).where(message.c.message == sa.bindparam("message", type_=sa.Text)))

# -- how many of each kind, with which outcome? ----------------------------------------------------

SUMMARY = View("summary", version=1)
tally = SUMMARY.table(
    "tally",
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("outcome", sa.Text, primary_key=True),
    sa.Column("n", sa.Integer),
)
_kind, _outcome = sa.bindparam("k", type_=sa.Text), sa.bindparam("o", type_=sa.Text)
_there = sa.exists().where(tally.c.kind == _kind, tally.c.outcome == _outcome)
seed = Op(
    sa.insert(tally).from_select(
        ["kind", "outcome", "n"], sa.select(_kind, _outcome, sa.literal(0)).where(~_there)
    )
)
bump = Op(
    sa.update(tally)
    .where(tally.c.kind == _kind, tally.c.outcome == _outcome)
    .values(n=tally.c.n + sa.bindparam("by", type_=sa.Integer))
)


@SUMMARY.on(MessageSettled)
def counted(event: MessageSettled, record: Record) -> Iterator[Write]:
    """One more of this kind and outcome."""
    yield seed(k=event.kind, o=event.outcome)
    yield bump(k=event.kind, o=event.outcome, by=1)


@SUMMARY.on(MessageReopened)
def uncounted(event: MessageReopened, record: Record) -> Iterator[Write]:
    """One less: it will count again with its new outcome."""
    yield bump(k=event.kind, o=event.outcome, by=-1)


@SUMMARY.on(MessageHandedOver)
def counted_anew(event: MessageHandedOver, record: Record) -> Iterator[Write]:
    """It counts with the outcome that it has now."""
    if event.was != event.outcome:
        yield bump(k=event.kind, o=event.was, by=-1)
        yield seed(k=event.kind, o=event.outcome)
        yield bump(k=event.kind, o=event.outcome, by=1)


TALLY = Ask(
    sa.select(tally).where(tally.c.n > 0).order_by(tally.c.kind, tally.c.outcome).limit(500)
)
