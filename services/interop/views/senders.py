"""Who sends to us, and what is different about each?"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from contracts.interop import SenderProfile
from kernel.clock import micros
from kernel.projection import Ask, Op, Record, View, Write, upsert
from services.interop.events.message import MessageSettled
from services.interop.events.sender import SenderMapped

SENDERS = View("senders", version=1)
profile = SENDERS.table(
    "profile",
    sa.Column("sender", sa.Text, primary_key=True),
    sa.Column("body", sa.Text),
)
heard = SENDERS.table(
    "heard",
    sa.Column("sender", sa.Text, primary_key=True),
    sa.Column("messages", sa.Integer),
    sa.Column("last", sa.Integer),
)
put_profile = upsert(profile)
_who = sa.bindparam("who", type_=sa.Text)
_there = sa.exists().where(heard.c.sender == _who)
seed = Op(
    sa.insert(heard).from_select(
        ["sender", "messages", "last"],
        sa.select(_who, sa.literal(0), sa.literal(0)).where(~_there),
    )
)
bump = Op(
    sa.update(heard)
    .where(heard.c.sender == _who)
    .values(messages=heard.c.messages + 1, last=sa.bindparam("at", type_=sa.BigInteger))
)


@SENDERS.on(SenderMapped)
def mapped(event: SenderMapped, record: Record) -> Iterator[Write]:
    """Its profile, whole."""
    whole = SenderProfile(
        sender=event.sender,
        authorities=event.authorities,
        kinds=event.kinds,
        zone=event.zone,
        charset=event.charset,
    )
    yield put_profile(sender=event.sender, body=whole.model_dump_json())


@SENDERS.on(MessageSettled)
def came(event: MessageSettled, record: Record) -> Iterator[Write]:
    """One more from it; a message that is taken again came only once."""
    if event.attempt == 0:
        yield seed(who=event.sender)
        yield bump(who=event.sender, at=micros(record.at))


PROFILE = Ask(sa.select(profile.c.body).where(profile.c.sender == sa.bindparam("sender")))
PROFILES = Ask(sa.select(profile).order_by(profile.c.sender).limit(500))
HEARD = Ask(sa.select(heard).order_by(heard.c.sender).limit(500))
