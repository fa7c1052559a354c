"""SQLite: one writer thread that takes a whole batch in one hop, point reads in the event loop.

WAL with synchronous=FULL and BEGIN IMMEDIATE (`docs/decisions/0003-sqlite-hot-path.md`).
"""

from __future__ import annotations

import asyncio
import marshal
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from kernel.store import second as second_writer
from kernel.store.engine import create_tables, drop_tables
from kernel.store.migrate import migrate as migrate_schema
from kernel.store.port import Ask, Conflict, Put, Row, Write, runs

T = TypeVar("T")
BUSY_MS = 5000
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    f"PRAGMA busy_timeout={BUSY_MS}",
    "PRAGMA secure_delete=ON",
    "PRAGMA cache_size=-4000",
)


class SqliteDatabase:
    """One SQLite file."""

    dialect = "sqlite"

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self._engine_url = f"sqlite+aiosqlite:///{path}"
        self._writer = ThreadPoolExecutor(1, "sqlite-writer")
        self._scanner = ThreadPoolExecutor(1, "sqlite-scanner")
        self._write: sqlite3.Connection
        self._read: sqlite3.Connection
        self._long_read: sqlite3.Connection

    async def open(self, migrate: bool) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._write = await self._in(self._writer, self._connect)
        if migrate:
            await migrate_schema(self._engine_url)
        self._read = self._connect_readonly()
        self._long_read = await self._in(self._scanner, self._connect_readonly)

    async def close(self) -> None:
        await self._in(self._writer, self._write.close)
        await self._in(self._scanner, self._long_read.close)
        self._read.close()
        self._writer.shutdown()
        self._scanner.shutdown()

    async def create(self, metadata: sa.MetaData) -> None:
        await create_tables(self._engine_url, metadata)

    async def drop(self, prefix: str) -> None:
        await drop_tables(self._engine_url, prefix)

    async def commit(self, writes: Sequence[Write]) -> None:
        await self._in(self._writer, lambda: self._commit(writes))

    async def fetch(self, ask: Ask, /, **params: Any) -> Sequence[Row]:
        prepared = ask.prepared(self.dialect)
        rows: list[Row] = self._read.execute(prepared.sql, prepared.values(params)).fetchall()
        return rows

    async def scan(self, ask: Ask, /, **params: Any) -> Sequence[Row]:
        prepared = ask.prepared(self.dialect)
        return await self._in(
            self._scanner,
            lambda: self._long_read.execute(prepared.sql, prepared.values(params)).fetchall(),
        )

    @asynccontextmanager
    async def bulk(self) -> AsyncIterator[Put]:
        second = await asyncio.create_subprocess_exec(
            sys.executable, "-I", second_writer.__file__, str(self.path),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        sink, answers, behind = second.stdin, second.stdout, 0
        if sink is None or answers is None:
            raise TypeError("a process with pipes has both of them")

        async def written() -> None:
            if await answers.read(1) != second_writer.DONE:
                raise sqlite3.OperationalError("the second writer has ended")

        async def put(writes: Sequence[Write]) -> None:
            nonlocal behind
            prepared = ((op.prepared(self.dialect), rows) for op, _, rows in runs(writes))
            batch = [(p.sql, [p.values(row) for row in rows]) for p, rows in prepared]
            content = marshal.dumps(batch)
            sink.write(len(content).to_bytes(second_writer.LENGTH_BYTES) + content)
            await sink.drain()
            behind += 1
            if behind > 1:  # one batch is being written while the next one is made
                await written()
                behind -= 1

        try:
            yield put
            for _ in range(behind):
                await written()
        finally:
            sink.close()
            await second.wait()

    @asynccontextmanager
    async def only_one(self) -> AsyncIterator[None]:
        yield  # a SQLite file belongs to one process

    async def scrub(self) -> None:
        await self._in(
            self._writer, lambda: self._write.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        )

    def _commit(self, writes: Sequence[Write]) -> None:
        connection = self._write
        cursor = connection.cursor()  # one for all: each execute of a connection makes another
        cursor.execute("BEGIN IMMEDIATE")
        try:
            for op, expect_one, rows in runs(writes):
                prepared = op.prepared(self.dialect)
                if len(rows) == 1:
                    cursor.execute(prepared.sql, prepared.values(rows[0]))
                    if expect_one and cursor.rowcount != 1:
                        raise Conflict(prepared.sql.split(" ", 3)[1])
                else:
                    cursor.executemany(prepared.sql, [prepared.values(row) for row in rows])
            cursor.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        return connection

    def _connect_readonly(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{self.path}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        connection.execute("PRAGMA cache_size=-4000")
        return connection

    @staticmethod
    async def _in(pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, work)
