"""Which bytes a message still needs, which messages wait for a person, how many of each kind came."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from kernel.clock import micros
from kernel.projection import Ask, Op, Record, View, Write, delete, patch, upsert
from services.interop.events.message import (
    MessageReceived,
    MessageReopened,
    MessageSettled,
    PartReceived,
    PartsDiscarded,
)

# -- which bytes does a message still need? --------------------------------------------------------

BYTES = View("bytes", version=1)
chunk = BYTES.table(
    "chunk",
    sa.Column("message", sa.Text, primary_key=True),
    sa.Column("ordinal", sa.Integer, primary_key=True),
    sa.Column("body", sa.Text),
)
put_chunk = upsert(chunk)
drop_chunks = delete(chunk, "message")


@BYTES.on(PartReceived)
def part_kept(event: PartReceived, record: Record) -> Iterator[Write]:
    """Keep a part at its place; the same place again takes the newer one."""
    yield put_chunk(message=event.message, ordinal=event.index, body=event.part)


@BYTES.on(PartsDiscarded)
def parts_dropped(event: PartsDiscarded, record: Record) -> Iterator[Write]:
    """Forget parts that did not add up."""
    yield drop_chunks(message=event.message)


@BYTES.on(MessageReceived)
def whole_kept(event: MessageReceived, record: Record) -> Iterator[Write]:
    """Keep a message that came in one piece."""
    if event.raw:
        yield put_chunk(message=event.message, ordinal=0, body=event.raw)


@BYTES.on(MessageSettled)
def bytes_done(event: MessageSettled, record: Record) -> Iterator[Write]:
    """Applied and held messages are never taken again: the log keeps their bytes, not the view."""
    if event.outcome in ("applied", "held"):
        yield drop_chunks(message=event.message)


CHUNKS = Ask(
    sa.select(chunk)
    .where(chunk.c.message == sa.bindparam("message"))
    .order_by(chunk.c.ordinal)
    .limit(1000)
)

# -- which messages wait for a person? -------------------------------------------------------------

MESSAGES = View("messages", version=1)
message = MESSAGES.table(
    "message",
    sa.Column("message", sa.Text, primary_key=True),
    sa.Column("format", sa.Text),
    sa.Column("source", sa.Text),
    sa.Column("received", sa.Integer, index=True),
    sa.Column("outcome", sa.Text, index=True),
    sa.Column("kind", sa.Text),
    sa.Column("sender", sa.Text),
    sa.Column("reason", sa.Text),
)
put_message = upsert(message)
settle_message = patch(message, "outcome", "kind", "sender", "reason")
reopen_message = patch(message, "outcome")


@MESSAGES.on(MessageReceived)
def came(event: MessageReceived, record: Record) -> Iterator[Write]:
    """A message without an outcome yet."""
    yield put_message(
        message=event.message,
        format=event.format,
        source=event.source,
        received=micros(event.received),
        outcome="",
        kind="",
        sender="",
        reason="",
    )


@MESSAGES.on(MessageSettled)
def settled(event: MessageSettled, record: Record) -> Iterator[Write]:
    """Its outcome."""
    yield settle_message(
        message=event.message,
        outcome=event.outcome,
        kind=event.kind,
        sender=event.sender,
        reason=event.reason,
    )


@MESSAGES.on(MessageReopened)
def reopened(event: MessageReopened, record: Record) -> Iterator[Write]:
    """Being taken again."""
    yield reopen_message(message=event.message, outcome="")


QUARANTINE = Ask(
    sa.select(message)
    .where(message.c.outcome.in_(("quarantined", "refused")))
    .order_by(message.c.received.desc())
    .limit(200)
)

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


TALLY = Ask(
    sa.select(tally).where(tally.c.n > 0).order_by(tally.c.kind, tally.c.outcome).limit(500)
)
