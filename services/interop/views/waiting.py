"""Which messages ask for what of services that are not there yet?"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from kernel.projection import Ask, Record, View, Write, delete, upsert
from services.interop.events.message import MessageHandedOver, MessageReopened, MessageSettled

WAITING = View("waiting", version=1)
waiting = WAITING.table(
    "waiting",
    sa.Column("service", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("command", sa.Text, primary_key=True),
    sa.Column("message", sa.Text, index=True),
    sa.Column("n", sa.Integer),
)
"""`position` is where in the log the message was settled."""
put = upsert(waiting)
drop_message = delete(waiting, "message")
drop_service = delete(waiting, "message", "service")


@WAITING.on(MessageSettled)
def kept(event: MessageSettled, record: Record) -> Iterator[Write]:
    """A line per kind of command that waits."""
    for what, count in event.waits.items():
        service, _, command = what.partition(".")
        yield put(
            service=service,
            position=record.position,
            command=command,
            message=event.message,
            n=count,
        )


@WAITING.on(MessageReopened)
def reopened(event: MessageReopened, record: Record) -> Iterator[Write]:
    """It is taken from the start, and says again what waits."""
    yield drop_message(message=event.message)


@WAITING.on(MessageHandedOver)
def handed_over(event: MessageHandedOver, record: Record) -> Iterator[Write]:
    """Nothing waits for that service any more."""
    yield drop_service(message=event.message, service=event.service)


MESSAGES_FOR = Ask(
    sa.select(waiting.c.message, sa.func.min(waiting.c.position).label("position"))
    .where(waiting.c.service == sa.bindparam("service", type_=sa.Text))
    .group_by(waiting.c.message)
    .order_by(sa.text("position"))
    .limit(sa.bindparam("count", type_=sa.Integer))
)
COUNTS = Ask(
    sa.select(waiting.c.service, waiting.c.command, sa.func.sum(waiting.c.n).label("n"))
    .group_by(waiting.c.service, waiting.c.command)
    .order_by(waiting.c.service, waiting.c.command)
    .limit(100)
)
