"""The orders of a patient, with or without a result (S12)."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from pydantic import TypeAdapter

from contracts.identity import PatientMerged
from kernel.clock import micros
from kernel.projection import Ask, Op, Record, View, Write, upsert
from services.labs.events.order import OrderPosted

ORDERS = View("orders", version=1)
ORDER = TypeAdapter(OrderPosted)
MOST_ORDERS = 500

order = ORDERS.table(
    "order",
    sa.Column("order", sa.Text, primary_key=True),
    sa.Column("patient", sa.Text, nullable=False, index=True),
    sa.Column("received", sa.Integer, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
)
_put_order = upsert(order)
_move = Op(
    sa.update(order)
    .where(order.c.patient == sa.bindparam("gone"))
    .values(patient=sa.bindparam("stays"))
)

ORDERS_OF = Ask(
    sa.select(order.c.received, order.c.body)
    .where(order.c.patient == sa.bindparam("patient"))
    .order_by(order.c.received.desc(), order.c.order)
    .limit(MOST_ORDERS)
)


@ORDERS.on(OrderPosted)
def posted(event: OrderPosted, record: Record) -> Iterator[Write]:
    """The newest version, whole."""
    yield _put_order(
        order=event.order,
        patient=event.patient,
        received=micros(record.at),
        body=ORDER.dump_json(event).decode(),
    )


@ORDERS.on(PatientMerged)
def merged(event: PatientMerged, record: Record) -> Iterator[Write]:
    """What is on record for the one that gave way is the other's (ADT A40)."""
    yield _move(gone=event.patient, stays=event.into)
