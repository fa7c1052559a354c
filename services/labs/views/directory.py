"""What the gates look up: directory entries by what orders carry (R20), and staff's mappings (S5)."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from contracts.practice import ProviderListed
from kernel.projection import Ask, Record, View, Write, delete, upsert
from services.labs.events.code import CodeMapped
from services.labs.release.orderer import entry_keys

DIRECTORY = View("directory", version=1)
MOST_MAPPINGS = 5000

key = DIRECTORY.table(
    "key",
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("provider", sa.Text, primary_key=True, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
)
mapping = DIRECTORY.table(
    "mapping",
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("sender", sa.Text, nullable=False, index=True),
    sa.Column("category", sa.Text, nullable=False),
)
_put_key, _drop_keys = upsert(key), delete(key, "provider")
_put_mapping = upsert(mapping)

BY_KEY = Ask(sa.select(key).where(key.c.key == sa.bindparam("key")).limit(10))
BY_PROVIDER = Ask(sa.select(key).where(key.c.provider == sa.bindparam("provider")).limit(1))
MAPPED = Ask(
    sa.select(mapping.c.key, mapping.c.category)
    .where(mapping.c.sender == sa.bindparam("sender"))
    .limit(MOST_MAPPINGS)
)


@DIRECTORY.on(ProviderListed)
def listed(event: ProviderListed, record: Record) -> Iterator[Write]:
    """The entry whole, under each key that finds it."""
    yield _drop_keys(provider=event.provider.id)
    body = event.provider.model_dump_json()
    for found in sorted(entry_keys(event.provider)):
        yield _put_key(key=found, provider=event.provider.id, name=event.provider.name, body=body)


@DIRECTORY.on(CodeMapped)
def mapped(event: CodeMapped, record: Record) -> Iterator[Write]:
    """The newest word on a code counts."""
    yield _put_mapping(key=event.key, sender=event.sender, category=event.category)
