"""Items: support's queue, and what an account asked."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from kernel.clock import micros
from kernel.projection import Ask, Record, View, Write, patch, upsert
from services.identity.events import item as events
from services.identity.views.common import is_

QUEUE = 200
MINE = 50

ITEMS = View("items", version=1)
item = ITEMS.table(
    "item",
    sa.Column("item", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text),
    sa.Column("state", sa.Text, index=True),
    sa.Column("account", sa.Text, index=True),
    sa.Column("patient", sa.Text),
    sa.Column("asked", sa.Text),
    sa.Column("received", sa.Integer),
    sa.Column("taken_by", sa.Text),
    sa.Column("taken_name", sa.Text),
    sa.Column("settled", sa.Integer),
    sa.Column("answer", sa.Text),
)
_put = upsert(item)
_take = patch(item, "state", "taken_by", "taken_name")
_settle = patch(item, "state", "settled", "answer")


@ITEMS.on(events.ItemOpened)
def opened(event: events.ItemOpened, record: Record) -> Iterator[Write]:
    """Somebody asks."""
    yield _put(
        item=event.item, kind=event.kind, state="open", account=event.account,
        patient=event.patient, asked=event.asked.model_dump_json(), received=micros(event.at),
        taken_by="", taken_name="", settled=None, answer="",
    )  # fmt: skip


@ITEMS.on(events.ItemTaken)
def taken(event: events.ItemTaken, record: Record) -> Iterator[Write]:
    """Somebody works on it."""
    yield _take(item=event.item, state="taken", taken_by=event.by, taken_name=event.name)


@ITEMS.on(events.ItemDone)
def done(event: events.ItemDone, record: Record) -> Iterator[Write]:
    """It is done."""
    yield _settle(item=event.item, state="done", settled=micros(event.at), answer="")


@ITEMS.on(events.ItemRejected)
def rejected(event: events.ItemRejected, record: Record) -> Iterator[Write]:
    """It was refused, with an answer."""
    yield _settle(item=event.item, state="rejected", settled=micros(event.at), answer=event.answer)


ITEMS_WAITING = Ask(
    sa.select(item)
    .where(sa.or_(item.c.state == "open", item.c.state == "taken"))
    .order_by(item.c.received, item.c.item)
    .limit(QUEUE)
)
ITEM_BY_ID = Ask(sa.select(item).where(is_(item.c.item)).limit(1))
ITEMS_OF_ACCOUNT = Ask(
    sa.select(item)
    .where(is_(item.c.account), item.c.kind != "notice")
    .order_by(item.c.received.desc(), item.c.item.desc())
    .limit(MINE)
)
