"""The stores of a stopped portal, copied and read directly: never through the program under test."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.catalog import SERVICES
from kernel.event_log import AFTER
from kernel.projection import Record
from kernel.refold import fold_again
from kernel.service import Service
from kernel.settings import Settings
from portal.run import BUILDERS

PAGE = 5_000


@dataclass(frozen=True, slots=True)
class Published:
    """What a log says that it publishes: one row of it."""

    position: int
    id: str
    topic: str
    previous: int


@dataclass(frozen=True, slots=True)
class Store:
    """One service's log: every event decrypted, what it publishes, and what it answered."""

    name: str
    records: Sequence[Record]
    published: Sequence[Published]
    answers: dict[str, tuple[int, str]]
    views_apart: tuple[str, ...]


async def read_stores(data: Path, copy: Path) -> dict[str, Store]:
    """Copy everything that the portal kept, and read the copies."""
    shutil.copytree(data / "keys", copy / "keys")
    for name in SERVICES:
        for path in (f"{name}.db", f"keys/{name}.keys.db"):
            _copy(data / path, copy / path)
    return {name: await _read(name, copy) for name in SERVICES}


def _copy(source: Path, target: Path) -> None:
    """By SQLite's own backup: what a killed writer left in its journal is part of it."""
    target.unlink(missing_ok=True)
    with sqlite3.connect(source) as old, sqlite3.connect(target) as new:
        old.backup(new)


async def _read(name: str, copy: Path) -> Store:
    service = BUILDERS[name](Settings(service=name, data=copy, demo=True))
    await service.db.open(migrate=False)
    await service.key_db.open(migrate=False)
    try:
        await service.log.reload()
        records = await _records(service)
        apart = await _views_apart(service, copy / f"{name}.db")
        return Store(name, records, _published(copy, name), _answers(copy, name), tuple(apart))
    finally:
        await service.db.close()
        await service.key_db.close()


async def _records(service: Service[Any]) -> list[Record]:
    found: list[Record] = []
    while rows := await service.db.scan(AFTER, above=len(found), count=PAGE):
        found += await service.log.records(rows)
    return found


async def _views_apart(service: Service[Any], database: Path) -> list[str]:
    """The tables whose rows are not what a fold of the whole log makes them."""
    tables = [t.name for view in service.views for t in view.metadata.sorted_tables]
    before = {table: _rows(database, table) for table in tables}
    await fold_again(service.log, service.views, lambda name, done, of: None)
    return [
        f"{table} ({len(rows ^ after)} rows)"
        for table, rows in before.items()
        if rows != (after := _rows(database, table))
    ]


def _rows(database: Path, table: str) -> set[tuple[Any, ...]]:
    return set(_select(database, f'SELECT * FROM "{table}"'))  # noqa: S608  # our own names


def _published(copy: Path, name: str) -> list[Published]:
    asked = "SELECT position, id, topic, previous FROM event WHERE topic IS NOT NULL ORDER BY 1"
    return [Published(*row) for row in _select(copy / f"{name}.db", asked)]


def _answers(copy: Path, name: str) -> dict[str, tuple[int, str]]:
    rows = _select(copy / f"{name}.db", "SELECT id, status, answer FROM command")
    return {id: (status, answer.decode()) for id, status, answer in rows}


def _select(database: Path, statement: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(database)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def heads(data: Path) -> dict[tuple[str, str], int]:
    """While the portal runs: the last position that each (source, topic) has published."""
    asked = "SELECT topic, MAX(position) FROM event WHERE topic IS NOT NULL GROUP BY topic"
    return {
        (name, topic): position
        for name in SERVICES
        for topic, position in _select(data / f"{name}.db", asked)
    }


def marks(data: Path, name: str) -> dict[tuple[str, str], int]:
    """While the portal runs: how far a service has heard each (source, topic)."""
    rows = _select(data / f"{name}.db", "SELECT source, topic, position FROM heard")
    return {(source, topic): position for source, topic, position in rows}
