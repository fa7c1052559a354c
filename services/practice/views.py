"""Read models: the profile in force, and the directory."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from kernel.projection import Ask, Record, View, Write, upsert
from services.practice.events.profile import ProfileSet
from services.practice.events.provider import ProviderEntered

# -- who are we? ----------------------------------------------------------------------------------

PROFILES = View("profile", version=1)
profile = PROFILES.table(
    "profile",
    sa.Column("stream", sa.Text, primary_key=True),
    sa.Column("body", sa.Text, nullable=False),
)
put_profile = upsert(profile)


@PROFILES.on(ProfileSet)
def profile_set(event: ProfileSet, record: Record) -> Iterator[Write]:
    """There is one stream, so there is one row."""
    yield put_profile(stream=record.stream, body=event.profile.model_dump_json())


PROFILE_IN_FORCE = Ask(sa.select(profile.c.body).limit(1))

# -- who works here? ------------------------------------------------------------------------------

DIRECTORY = View("directory", version=1)
provider = DIRECTORY.table(
    "provider",
    sa.Column("provider", sa.Text, primary_key=True),
    sa.Column("npi", sa.Text, index=True),
    sa.Column("name", sa.Text, index=True),
    sa.Column("body", sa.Text, nullable=False),
)
put_provider = upsert(provider)


@DIRECTORY.on(ProviderEntered)
def provider_entered(event: ProviderEntered, record: Record) -> Iterator[Write]:
    """The newest entry replaces the one before."""
    entry = event.provider
    yield put_provider(
        provider=entry.id, npi=entry.npi, name=entry.name, body=entry.model_dump_json()
    )


# 2,000 entries of about 300 bytes stay below the bus's limit of 1 MB for an answer
BY_NAME = Ask(sa.select(provider.c.body).order_by(provider.c.name, provider.c.provider).limit(2000))
OTHERS_WITH_NPI = Ask(
    sa.select(provider.c.provider)
    .where(provider.c.npi == sa.bindparam("npi"))
    .where(provider.c.provider != sa.bindparam("provider"))
    .limit(1)
)

VIEWS = (PROFILES, DIRECTORY)
