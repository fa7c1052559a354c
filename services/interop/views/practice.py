"""Where is a date without an offset read?"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from contracts.practice import PracticeConfigured
from kernel.projection import Ask, Record, View, Write, upsert

PRACTICE = View("practice", version=1)
practice = PRACTICE.table(
    "practice",
    sa.Column("origin", sa.Text, primary_key=True),
    sa.Column("zone", sa.Text, nullable=False),
)
put_practice = upsert(practice)


@PRACTICE.on(PracticeConfigured)
def configured(event: PracticeConfigured, record: Record) -> Iterator[Write]:
    """The practice's zone; the event is always whole, so the last one is enough."""
    yield put_practice(origin="practice", zone=event.profile.zone)


ZONE = Ask(sa.select(practice.c.zone).limit(1))
