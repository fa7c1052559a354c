"""ward's event log with a running committer and no bus: what the store suite works on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from kernel.clock import TestClock
from kernel.codec import Codec, Upcast
from kernel.committer import Committer
from kernel.event_log import AFTER, EventLog
from kernel.keys import METADATA as KEY_TABLES
from kernel.keys import KeyRing
from kernel.lease import Lease
from kernel.projection import Record, View
from kernel.publishing import Publisher
from kernel.refold import fold_missing
from kernel.store.port import Ask, Database, Put, Row, Write, open_database
from kernel.turn import Stored, Turn, Unit, command_id, digest_of
from tests.kernel import demo_services as demo

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
LIFE = timedelta(seconds=10)
SECRET = bytes(range(32))


@dataclass(frozen=True)
class Place:
    """URLs of a log and of its keys, and the directory in which the log's bytes end up."""

    log: str
    keys: str
    files: Path


class Flaky:
    """A database whose next commit may fail, before it happens or after it happened."""

    def __init__(self, inner: Database) -> None:
        self.inner = inner
        self.dialect = inner.dialect
        self.fail = ""
        self.commits = 0
        self.fetches = 0

    async def open(self, migrate: bool) -> None:
        await self.inner.open(migrate)

    async def close(self) -> None:
        await self.inner.close()

    async def create(self, metadata: sa.MetaData) -> None:
        await self.inner.create(metadata)

    async def drop(self, prefix: str) -> None:
        await self.inner.drop(prefix)

    async def commit(self, writes: Sequence[Write]) -> None:
        fail, self.fail = self.fail, ""
        if fail == "before":
            raise OSError("the disk went away")
        self.commits += 1
        await self.inner.commit(writes)
        if fail == "after":
            raise OSError("the answer got lost")

    async def fetch(self, ask: Ask, /, **params: Any) -> Sequence[Row]:
        self.fetches += 1
        return await self.inner.fetch(ask, **params)

    async def scan(self, ask: Ask, /, **params: Any) -> Sequence[Row]:
        return await self.inner.scan(ask, **params)

    def bulk(self) -> AbstractAsyncContextManager[Put]:
        return self.inner.bulk()

    def only_one(self) -> AbstractAsyncContextManager[None]:
        return self.inner.only_one()

    async def scrub(self) -> None:
        await self.inner.scrub()


class WardLog:
    """One process's hold on the log."""

    def __init__(
        self,
        place: Place,
        views: Sequence[View] = (demo.OCCUPIED,),
        events: Mapping[str, type] = demo.EVENTS,
        upcasts: Mapping[str, tuple[str, Upcast]] | None = None,
        publisher: Publisher = demo.WARD_PUBLISHER,
    ) -> None:
        self.place, self.views = place, views
        self.clock = TestClock(NOON)
        self.db = Flaky(open_database(place.log))
        self.key_db = open_database(place.keys)
        self.keys = KeyRing(self.key_db, SECRET)
        codec = Codec(events, upcasts)
        codec.hear((demo.BedTaken, demo.BedFreed))
        self.log = EventLog(self.db, codec, publisher, self.keys)
        self.committer = Committer(self.log, views, self.clock)
        self.notified: list[int] = []
        self.committer.after_commit.append(lambda rs: self.notified.extend(r.position for r in rs))

    async def take_over(self, holder: str) -> bool:
        """Become the writer, if the lease is free."""
        lease = Lease(self.db, self.clock, holder, LIFE)
        if not await lease.take("first-life"):
            return False
        self.committer.term = lease.term
        await self.log.reload()
        return True

    async def submit(
        self, handler: Callable[[Turn], Awaitable[Any]], key: str = "", body: bytes = b""
    ) -> Any:
        """One unit of work; with a key it is a command that is done once."""
        if not key:
            return await self.committer.submit(Unit(handler, "nurse"))
        id = command_id("nurse", "test", key)
        return await self.committer.submit(Unit(handler, "nurse", None, id, digest_of(body)))

    async def take(self, bed: str, patient: str = "p1", diet: str = "soft", key: str = "") -> Any:
        """Put a patient in a bed."""
        return await self.submit(
            taking(bed, patient, diet), key, f"{bed} {patient} {diet}".encode()
        )

    async def ring(self, bell: str, times: int = 1, key: str = "") -> Any:
        """Ring a bell."""
        return await self.submit(ringing(bell, times), key, f"{bell} {times}".encode())

    async def stored(self) -> list[Record]:
        """Every event as it stands in the database."""
        rows = await self.db.scan(AFTER, above=0, count=100_000)
        return await self.log.records(rows)

    async def beds(self) -> list[tuple[str, str]]:
        """The view: bed and patient."""
        return [(row["bed"], row["patient"]) for row in await self.db.fetch(demo.ALL_BEDS)]


def taking(bed: str, patient: str, diet: str) -> Callable[[Turn], Awaitable[Stored]]:
    """A unit that takes a bed."""

    async def decide(turn: Turn) -> Stored:
        state = await turn.load(demo.BED, bed)
        turn.append(demo.BED, bed, demo.take(state, bed, patient, diet))
        return Stored(201, f"{bed} is taken".encode())

    return decide


def ringing(bell: str, times: int = 1) -> Callable[[Turn], Awaitable[Stored]]:
    """A unit that rings a bell."""

    async def decide(turn: Turn) -> Stored:
        rung = await turn.load(demo.BELL, bell)
        events = [demo.Rung(bell, rung + i) for i in range(1, times + 1)]
        turn.append(demo.BELL, bell, events)
        return Stored(200, str(rung + times).encode())

    return decide


async def prepared(log: WardLog) -> None:
    """Open the databases and fold what is missing, without becoming the writer."""
    await log.db.open(migrate=True)
    await log.key_db.open(migrate=False)
    await log.key_db.create(KEY_TABLES)
    await log.log.reload()
    await fold_missing(log.log, log.views)


@asynccontextmanager
async def opened(place: Place, **parts: Any) -> AsyncIterator[WardLog]:
    """A log whose committer runs, until the end of the block."""
    log = WardLog(place, **parts)
    await prepared(log)
    assert await log.take_over("test")
    async with running(log):
        yield log
    await log.db.close()
    await log.key_db.close()


@asynccontextmanager
async def running(log: WardLog) -> AsyncIterator[asyncio.Task[None]]:
    """Run the committer until the end of the block; what ended it earlier is in the task."""
    task = asyncio.create_task(log.committer.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
