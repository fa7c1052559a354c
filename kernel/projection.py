"""Views: read models folded from one local log, written in the append's own transaction.

A view declares tables, and per event type a pure function from (event, record) to writes. Its
version stands in its tables' names: a new version is a new set of tables, folded from the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from kernel.store.port import Ask, Op, Row, Write

__all__ = ["Ask", "Op", "Record", "Row", "View", "Write", "delete", "patch", "upsert"]

E = TypeVar("E")
_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class Record(NamedTuple):
    """An event with what the log knows of it. `origin` is None for the service's own events."""

    position: int
    id: str
    stream: str
    version: int
    name: str
    event: Any
    at: datetime
    actor: str
    trace: str | None = None
    origin: str | None = None
    owner: str | None = None


Project = Callable[[Any, Record], Iterable[Write]]


def table_prefix(view: str, version: int) -> str:
    """The beginning of the names of one version's tables."""
    return f"{view}_v{version}_"


class View:
    """One question that somebody asks, and the tables that answer it."""

    def __init__(self, name: str, version: int) -> None:
        self.name = name
        self.version = version
        self.metadata = sa.MetaData()
        self._projects: dict[type, Project] = {}

    @property
    def key(self) -> str:
        """The view's checkpoint name; it changes with the version."""
        return f"view:{self.name}:{self.version}"

    @property
    def prefix(self) -> str:
        """What the names of its tables begin with."""
        return table_prefix(self.name, self.version)

    def table(self, name: str, *columns: sa.Column[Any]) -> sa.Table:
        """Declare a table: `<view>_v<version>_<name>`. Integers are 64 bits on every engine."""
        for column in columns:
            if isinstance(column.type, sa.Integer):
                column.type = _BIG
            if column.primary_key:
                column.autoincrement = False
        return sa.Table(self.prefix + name, self.metadata, *columns)

    def on(self, *kinds: type) -> Callable[[Callable[[E, Record], Iterator[Write]]], Project]:
        """Register how events of these types change the view."""

        def register(project: Callable[[E, Record], Iterator[Write]]) -> Project:
            for kind in kinds:
                self._projects[kind] = project
            return project

        return register

    @property
    def projects(self) -> Mapping[type, Project]:
        """What it does with events, by their type."""
        return self._projects

    def project(self, record: Record) -> Iterable[Write]:
        """The writes that one event makes; none for events it does not know or may not read."""
        found = self._projects.get(type(record.event))
        return () if found is None else found(record.event, record)


def upsert(table: sa.Table) -> Op:
    """Insert a row, or replace all columns of the one with its primary key."""
    keys = [column.name for column in table.primary_key]
    rest = [column.name for column in table.columns if column.name not in keys]

    def statement(insert: Any) -> Any:
        start = insert(table).values({c.name: sa.bindparam(c.name, type_=c.type) for c in table.c})
        if not rest:
            return start.on_conflict_do_nothing(index_elements=keys)
        return start.on_conflict_do_update(
            index_elements=keys, set_={name: start.excluded[name] for name in rest}
        )

    return Op({"sqlite": statement(sqlite.insert), "postgresql": statement(postgresql.insert)})


def patch(table: sa.Table, *columns: str) -> Op:
    """Set some columns of the row with this primary key; no row, no change.

    Call it with the primary key's and the columns' own names.
    """
    where = [c == sa.bindparam(c.name, type_=c.type) for c in table.primary_key]
    # Core keeps a bare parameter named as its column for itself; inside type_coerce it is ours.
    changes = {name: _own_name(table.c[name]) for name in columns}
    return Op(sa.update(table).where(*where).values(changes))


def _own_name(column: sa.Column[Any]) -> Any:
    return sa.type_coerce(sa.bindparam(column.name, type_=column.type), column.type)


def delete(table: sa.Table, *columns: str) -> Op:
    """Delete the rows that match on these columns."""
    where = [table.c[name] == sa.bindparam(name, type_=table.c[name].type) for name in columns]
    return Op(sa.delete(table).where(*where))
