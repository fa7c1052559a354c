"""The practice's profile as heard: zone, documents, days, hours."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from contracts.practice import PracticeConfigured
from kernel.projection import Ask, Record, View, Write, upsert

PROFILE_KEY = "practice"

PRACTICE = View("practice", version=1)
profile = PRACTICE.table(
    "profile",
    sa.Column("profile", sa.Text, primary_key=True),
    sa.Column("body", sa.Text),
)
_put_profile = upsert(profile)


@PRACTICE.on(PracticeConfigured)
def configured(event: PracticeConfigured, record: Record) -> Iterator[Write]:
    """The newest profile, whole."""
    yield _put_profile(profile=PROFILE_KEY, body=event.profile.model_dump_json())


PROFILE = Ask(sa.select(profile).limit(1))
