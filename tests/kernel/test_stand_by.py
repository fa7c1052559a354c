"""Two processes of one service: one writes, the other answers queries and stands ready (DESIGN §3.9).

Only on PostgreSQL: a SQLite file belongs to one process.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kernel.bus.requests import Unavailable, send, subject_of
from kernel.committer import Committer, Fenced
from kernel.lease import Lease
from kernel.projection import View
from kernel.refold import DROP_MARK
from kernel.service import Service
from kernel.store.port import Ask
from kernel.testing.waiting import until
from tests.kernel import demo_services as demo
from tests.kernel.house import House, living

pytestmark = pytest.mark.postgres
HOUR = timedelta(hours=1)
LEASE_SECONDS = 0.3


@pytest.fixture
def place(postgres_url: str) -> dict[str, Any]:
    """Settings of a ward in PostgreSQL."""
    return {"database": postgres_url, "lease_seconds": LEASE_SECONDS}


def another(
    house: House, place: dict[str, Any], views: Sequence[View] = (demo.OCCUPIED,)
) -> Service[Any]:
    """A second process of ward, as far as its lease and its code can tell."""
    service = demo.ward(house.settings("ward", **place))
    life = timedelta(seconds=LEASE_SECONDS)
    service.lease = Lease(service.db, service.clock, "another process", life)
    service.views = views
    service.committer = Committer(service.log, views, service.clock)
    return service


async def ended(task: asyncio.Task[None]) -> None:
    """Stop a service that runs as this task."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def writing_until_killed(house: House, place: dict[str, Any]) -> AsyncIterator[None]:
    """The writer, which at the end of the block is gone and has not given its lease back."""
    async with living(demo.ward, house.settings("ward", **place)) as writer:
        yield
        writer.lease.release = _not  # type: ignore[method-assign]


async def _not() -> None:
    """A process that is killed does nothing any more."""


async def test_who_stands_by_answers_queries_and_takes_over_when_the_writer_is_gone(
    house: House, place: dict[str, Any]
) -> None:
    other = another(house, place)
    async with writing_until_killed(house, place):
        await house.take("b1")
        task = asyncio.create_task(other.run())
        await until(lambda: other.stage == "standing by")
    try:
        answer = await house.ask(demo.GetBed(bed="b1"), demo.BedAnswer)
        assert answer.patient == "patient-of-b1"
        with pytest.raises(Unavailable):  # a command has nobody to decide it
            await send(house.client, subject_of(demo.TakeBed), b"{}", timeout=0.2)
        house.clock.move(HOUR)  # the lease of the dead one runs out
        await until(other.ready.is_set)
        await house.take("b2")
        assert (await house.ask(demo.GetBed(bed="b2"), demo.BedAnswer)).bed == "b2"
    finally:
        await ended(task)


async def test_a_new_version_folds_ahead_and_does_not_answer_before_it_writes(
    house: House, place: dict[str, Any]
) -> None:
    newer, table = demo.occupied(version=2)
    other = another(house, place, (newer,))
    async with living(demo.ward, house.settings("ward", **place)):
        await house.take("b1", "b2")
        task = asyncio.create_task(other.run())
        await until(lambda: other.folded == (2, 2))
        await house.take("b3")
        assert other.stage == "starting"
    try:
        await until(other.ready.is_set)
        rows = await other.fetch(Ask(table.select().order_by(table.c.bed).limit(9)))
        assert [row["bed"] for row in rows] == ["b1", "b2", "b3"]
    finally:
        await ended(task)


async def test_who_stands_by_leaves_when_the_writer_has_another_version(
    house: House, place: dict[str, Any]
) -> None:
    async with living(demo.ward, house.settings("ward", **place)) as writer:
        other = another(house, place)
        task = asyncio.create_task(other.run())
        await until(lambda: other.stage == "standing by")
        await writer.db.commit([DROP_MARK(which=demo.OCCUPIED.key)])
        with pytest.raises(Fenced):
            await task


OPEN = """
import asyncio, sys
from kernel.settings import Settings
from tests.kernel import demo_services as demo

async def main():
    service = demo.ward(Settings(service="ward", data=sys.argv[1], database=sys.argv[2], keys=sys.argv[2]))
    print("ready", flush=True)
    sys.stdin.readline()
    await service.open()
    await service.close()

asyncio.run(main())
"""


async def test_processes_that_start_at_once_on_an_empty_database_make_its_tables_once(
    postgres_url: str, tmp_path: Path
) -> None:
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", OPEN, str(tmp_path), postgres_url,
            env={**os.environ, "PYTHONPATH": "."}, stdin=PIPE, stdout=PIPE, stderr=PIPE,
        )
        for _ in range(4)
    ]  # fmt: skip
    for process in started:
        assert process.stdout is not None
        await process.stdout.readline()
    ended = await asyncio.gather(*(process.communicate(b"go\n") for process in started))
    assert [process.returncode for process in started] == [0] * 4, ended
