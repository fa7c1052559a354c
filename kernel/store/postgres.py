"""PostgreSQL by asyncpg: one writing connection (synchronous_commit=on), a small pool to read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import sqlalchemy as sa

from kernel.store.engine import create_tables, drop_tables
from kernel.store.migrate import migrate as migrate_schema
from kernel.store.port import Ask, Conflict, Put, Row, Write, runs

READERS = 4
ONLY_ONE = 7_203_001
"""The advisory lock of `only_one`; locks are per database, so any number does."""


class PostgresDatabase:
    """One PostgreSQL database."""

    dialect = "postgresql"

    def __init__(self, url: str) -> None:
        self._url = url.replace("postgresql+asyncpg://", "postgresql://")
        self._engine_url = self._url.replace("postgresql://", "postgresql+asyncpg://", 1)
        self._pool: Any = None
        self._write: Any = None
        self._turn = asyncio.Lock()

    async def open(self, migrate: bool) -> None:
        if migrate:
            async with self.only_one():
                await migrate_schema(self._engine_url)
        self._pool = await asyncpg.create_pool(self._url, min_size=1, max_size=READERS)
        self._write = await self._connect()

    async def close(self) -> None:
        async with self._turn:
            await self._write.close()
        await self._pool.close()

    async def create(self, metadata: sa.MetaData) -> None:
        await create_tables(self._engine_url, metadata)

    async def drop(self, prefix: str) -> None:
        await drop_tables(self._engine_url, prefix)

    async def commit(self, writes: Sequence[Write]) -> None:
        async with self._turn:
            if self._write.is_closed():
                self._write = await self._connect()
            async with self._write.transaction():
                for op, expect_one, rows in runs(writes):
                    prepared = op.prepared(self.dialect)
                    if len(rows) == 1:
                        done = await self._write.execute(prepared.sql, *prepared.values(rows[0]))
                        if expect_one and not done.endswith(" 1"):
                            raise Conflict(prepared.sql.split(" ", 3)[1])
                    else:
                        values = [prepared.values(row) for row in rows]
                        await self._write.executemany(prepared.sql, values)

    async def fetch(self, ask: Ask, /, **params: Any) -> Sequence[Row]:
        prepared = ask.prepared(self.dialect)
        rows: Sequence[Row] = await self._pool.fetch(prepared.sql, *prepared.values(params))
        return rows

    async def scan(self, ask: Ask, /, **params: Any) -> Sequence[Row]:
        return await self.fetch(ask, **params)

    @asynccontextmanager
    async def bulk(self) -> AsyncIterator[Put]:
        yield self.commit

    @asynccontextmanager
    async def only_one(self) -> AsyncIterator[None]:
        connection = await self._connect()  # the lock is this connection's, and ends with it
        try:
            await connection.execute(f"SELECT pg_advisory_lock({ONLY_ONE})")
            yield
        finally:
            await connection.close()

    async def scrub(self) -> None:
        """Nothing to do: PostgreSQL's vacuum reclaims the row, the key store's backups expire."""

    async def _connect(self) -> Any:
        return await asyncpg.connect(self._url, server_settings={"synchronous_commit": "on"})
