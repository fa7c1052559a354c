"""Access: who looked at a record, and what providers may see beyond their own panel today."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from contracts.labs import ChartAccessed, ChartExplained
from kernel.clock import micros
from kernel.projection import Ask, Record, View, Write, delete, upsert
from services.identity.events import access as events
from services.identity.views.common import is_

SHOWN = 200
MOST = 100

ACCESS = View("access", version=1)
look = ACCESS.table(
    "look",
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("patient", sa.Text, index=True),
    sa.Column("account", sa.Text),
    sa.Column("what", sa.Text),
    sa.Column("how", sa.Text),
    sa.Column("at", sa.Integer),
    sa.Column("why", sa.Text),
)
glass = ACCESS.table(
    "glass",
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("patient", sa.Text, primary_key=True),
    sa.Column("until", sa.Integer),
)
cover = ACCESS.table(
    "cover",
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("provider", sa.Text, primary_key=True),
    sa.Column("until", sa.Text),
    sa.Column("reason", sa.Text),
)
_put_look, _put_glass, _put_cover = upsert(look), upsert(glass), upsert(cover)
_drop_cover = delete(cover, "account", "provider")


@ACCESS.on(events.RecordOpened)
def opened(event: events.RecordOpened, record: Record) -> Iterator[Write]:
    """Here: a proxy, or support."""
    yield _put_look(
        position=record.position, patient=event.patient, account=event.account, what=event.what,
        how=event.how, at=micros(event.at), why="",
    )  # fmt: skip


@ACCESS.on(ChartAccessed)
def accessed(event: ChartAccessed, record: Record) -> Iterator[Write]:
    """Elsewhere: a provider looked at results. The emergency itself is told with its reason."""
    if event.how != "break-glass":
        yield _put_look(
            position=record.position, patient=event.patient, account=event.account, what="chart",
            how=event.how, at=micros(event.at), why="",
        )  # fmt: skip


@ACCESS.on(ChartExplained)
def explained(event: ChartExplained, record: Record) -> Iterator[Write]:
    """Elsewhere: who keeps the release policy looked at what is shown, and at no value."""
    yield _put_look(
        position=record.position, patient=event.patient, account=event.account, what="chart",
        how="support", at=micros(event.at), why="",
    )  # fmt: skip


@ACCESS.on(events.GlassBroken)
def glass_broken(event: events.GlassBroken, record: Record) -> Iterator[Write]:
    """With the reason, and open for a while."""
    yield _put_look(
        position=record.position, patient=event.patient, account=event.account, what="chart",
        how="break-glass", at=micros(event.at), why=event.reason,
    )  # fmt: skip
    yield _put_glass(account=event.account, patient=event.patient, until=micros(event.until))


@ACCESS.on(events.CoverBegan)
def cover_began(event: events.CoverBegan, record: Record) -> Iterator[Write]:
    """One colleague more."""
    yield _put_cover(
        account=event.account, provider=event.provider, until=event.until.isoformat(),
        reason=event.reason,
    )  # fmt: skip


@ACCESS.on(events.CoverEnded)
def cover_ended(event: events.CoverEnded, record: Record) -> Iterator[Write]:
    """One less."""
    yield _drop_cover(account=event.account, provider=event.provider)


LOOKS_AT = Ask(
    sa.select(look)
    .where(is_(look.c.patient))
    .order_by(look.c.at.desc(), look.c.position.desc())
    .limit(SHOWN)
)
GLASS_OF = Ask(
    sa.select(glass)
    .where(is_(glass.c.account), glass.c.until > sa.bindparam("now", type_=sa.BigInteger))
    .order_by(glass.c.patient)
    .limit(MOST)
)
COVERS_OF = Ask(
    sa.select(cover)
    .where(is_(cover.c.account), cover.c.until >= sa.bindparam("today"))
    .order_by(cover.c.provider)
    .limit(MOST)
)
