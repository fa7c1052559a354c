"""SQLAlchemy's engines, for a moment's schema work; the hot path goes beneath them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine


@asynccontextmanager
async def connection_to(url: str) -> AsyncIterator[AsyncConnection]:
    """A transaction on an engine that is gone afterwards. `url` names an async driver."""
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            yield connection
    finally:
        await engine.dispose()


async def create_tables(url: str, metadata: sa.MetaData) -> None:
    """Create the tables that are missing."""
    async with connection_to(url) as connection:
        await connection.run_sync(metadata.create_all)


async def drop_tables(url: str, prefix: str) -> None:
    """Drop the tables whose names begin so."""
    async with connection_to(url) as connection:
        found = await connection.run_sync(lambda c: sa.inspect(c).get_table_names())
        for name in [name for name in found if name.startswith(prefix)]:
            await connection.execute(sa.text(f'DROP TABLE "{name}"'))
