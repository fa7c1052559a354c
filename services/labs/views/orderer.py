"""Who staff said that an orderer is, by what each sender's orders carry (S5)."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from kernel.projection import Ask, Record, View, Write, upsert
from services.labs.decider.orderer import sender_key
from services.labs.events.orderer import OrdererMapped

ORDERERS = View("orderers", version=1)
MOST_KEYS = 1000

orderer = ORDERERS.table(
    "orderer",
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("found", sa.Text, nullable=False),
    sa.Column("provider", sa.Text, nullable=False, index=True),
)
_put_orderer = upsert(orderer)

MAPPED_TO = Ask(sa.select(orderer.c.provider).where(orderer.c.key == sa.bindparam("key")).limit(1))
NAMES_OF = Ask(
    sa.select(orderer.c.found)
    .where(orderer.c.provider == sa.bindparam("provider"))
    .distinct()
    .limit(MOST_KEYS)
)


@ORDERERS.on(OrdererMapped)
def mapped(event: OrdererMapped, record: Record) -> Iterator[Write]:
    """The newest word counts. `found` is the key by which reports are found."""
    key = sender_key(event.sender, event.key)
    yield _put_orderer(key=key, found=event.key, provider=event.provider)
