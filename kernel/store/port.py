"""What the kernel asks of a database: commit a batch of writes at once, read a few rows, scan many.

Statements are SQLAlchemy Core, compiled once per dialect: on the hot path a write is a tuple of
values, not a query being built. Bind parameters are the only way to pass values.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final, NamedTuple, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.sql.base import Executable

Row = Mapping[str, Any]
Put = Callable[[Sequence["Write"]], Awaitable[None]]

DIALECTS: Final[dict[str, Any]] = {
    "sqlite": sqlite.dialect(paramstyle="qmark"),
    "postgresql": asyncpg.dialect(),  # type: ignore[no-untyped-call]
}


class Conflict(Exception):
    """A write expected to change one row changed none: another writer, or a stale belief."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """SQL text of one dialect, and the parameter names in the order that it wants them."""

    sql: str
    names: tuple[str, ...]
    fixed: Mapping[str, Any]
    pick: Callable[[Mapping[str, Any]], tuple[Any, ...]]

    def values(self, params: Mapping[str, Any]) -> tuple[Any, ...]:
        """This call's values in the engine's order; `fixed` are those written in the statement."""
        given = {**self.fixed, **params} if self.fixed else params
        return self.pick(given)


class _Statement:
    """A Core statement, or one per dialect where they differ (upserts)."""

    def __init__(self, statement: Executable | Mapping[str, Executable]) -> None:
        self._by_dialect = statement
        self._prepared: dict[str, Prepared] = {}

    def prepared(self, dialect: str) -> Prepared:
        """The compiled form; compiled on first use."""
        known = self._prepared.get(dialect)
        if known is None:
            chosen = self._by_dialect
            statement = chosen[dialect] if isinstance(chosen, Mapping) else chosen
            known = self._prepared[dialect] = _prepare(statement, dialect)
        return known


def _prepare(statement: Any, dialect: str) -> Prepared:
    compiled = statement.compile(
        dialect=DIALECTS[dialect], compile_kwargs={"render_postcompile": True}
    )
    names = tuple(compiled.positiontup or ())
    # Not "those that are not None": a statement may well say `SET wrapped = NULL`.
    asked = {name for name, bind in compiled.binds.items() if bind.required}
    fixed = {name: value for name, value in compiled.params.items() if name not in asked}
    return Prepared(str(compiled), names, fixed, _picker(names))


def _picker(names: tuple[str, ...]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """From values by name to a tuple; itemgetter does it in C, but gives one value bare."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda given: tuple([given[name] for name in names])


class Write(NamedTuple):
    """One statement with its values. `expect_one` makes anything but one changed row a Conflict."""

    op: Op
    params: Mapping[str, Any]
    expect_one: bool = False


class Op(_Statement):
    """A prepared insert, update or delete: call it with its values to get a `Write`."""

    def __call__(self, **params: Any) -> Write:
        return Write(self, params)

    def one(self, **params: Any) -> Write:
        """A write that must change exactly one row."""
        return Write(self, params, expect_one=True)


class Ask(_Statement):
    """A prepared, bounded select."""


class Database(Protocol):
    """One database. `commit` is durable when it returns; nothing of it happened when it raises."""

    dialect: str

    async def open(self, migrate: bool) -> None:
        """Connect; with `migrate`, bring the kernel's own tables to the newest form."""

    async def close(self) -> None:
        """Finish the running write and disconnect."""

    async def create(self, metadata: sa.MetaData) -> None:
        """Create the tables that are missing."""

    async def drop(self, prefix: str) -> None:
        """Drop the tables whose names begin so."""

    async def commit(self, writes: Sequence[Write]) -> None:
        """All writes in one transaction, in order. Raises Conflict, or the driver's error."""

    async def fetch(self, ask: Ask, /, **params: Any) -> Sequence[Row]:
        """A bounded read of what is committed."""

    async def scan(self, ask: Ask, /, **params: Any) -> Sequence[Row]:
        """A read that may be long: it never blocks the event loop."""

    def bulk(self) -> AbstractAsyncContextManager[Put]:
        """For many batches in a row that are durable only with the next `commit`. A put may return
        before its batch is written; errors come with a later one, at the latest with the end.
        """

    def only_one(self) -> AbstractAsyncContextManager[None]:
        """One process at a time: others wait here, and need no lease for it."""

    async def scrub(self) -> None:
        """Make deleted bytes unreadable on disk, as far as the engine can."""


def runs(writes: Iterable[Write]) -> list[tuple[Op, bool, list[Mapping[str, Any]]]]:
    """Neighbouring writes of one statement, gathered so that they go to the engine together."""
    gathered: list[tuple[Op, bool, list[Mapping[str, Any]]]] = []
    for write in writes:
        alone = write.expect_one or not gathered or gathered[-1][1]
        if not alone and gathered[-1][0] is write.op:
            gathered[-1][2].append(write.params)
        else:
            gathered.append((write.op, write.expect_one, [write.params]))
    return gathered


def open_database(url: str) -> Database:
    """The database behind a SQLAlchemy URL: `sqlite:///path` or `postgresql://...`."""
    if url.startswith("sqlite"):
        from kernel.store.sqlite import SqliteDatabase

        return SqliteDatabase(url.split("///", 1)[1])
    from kernel.store.postgres import PostgresDatabase

    return PostgresDatabase(url)
