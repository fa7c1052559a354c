"""Who may write a log, and in which order a reader sees it (DESIGN §3.1, §3.9)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from kernel.clock import TestClock
from kernel.committer import Fenced
from kernel.event_log import ADVANCE, AFTER, INSERT, STATE
from kernel.lease import Lease
from kernel.projection import upsert
from kernel.store.port import Ask, Conflict, Database, open_database
from kernel.store.schema import CHECKPOINT, EVENT
from kernel.turn import Turn
from tests.kernel import demo_services as demo
from tests.kernel.ward_log import LIFE, NOON, Place, WardLog, opened, prepared, running

WRITERS = 6
EACH = 20
SET = upsert(CHECKPOINT)


async def read_along(db: Database, last: int) -> list[int]:
    """What a reader that polls sees, until it has seen the position `last`."""
    seen: list[int] = []
    while not seen or seen[-1] < last:
        rows = await db.scan(AFTER, above=seen[-1] if seen else 0, count=7)
        seen += [row["position"] for row in rows]
        await asyncio.sleep(0)
    return seen


async def test_a_polling_reader_skips_nothing_of_six_tasks_that_write(ward: WardLog) -> None:
    async def write(n: int) -> None:
        for _ in range(EACH):
            await ward.ring(f"bell {n}")

    everything = WRITERS * EACH
    seen, *_ = await asyncio.gather(
        read_along(ward.db, everything), *(write(n) for n in range(WRITERS))
    )
    assert seen == list(range(1, everything + 1))


def rung(position: int, writer: int) -> dict[str, Any]:
    """A bare row."""
    nothing = ("owner", "trace", "origin", "topic", "previous", "published", "payload")
    return {
        **dict.fromkeys(nothing),
        "position": position,
        "id": f"e{position}-{writer}",
        "stream": f"bell-{writer}",
        "version": position,
        "name": "Rung",
        "data": b'{"bell": "a", "n": 1}',
        "at": 0,
        "actor": f"{writer}",
    }


async def race(db: Database, writer: int, head_first: bool) -> int:
    """Append until `EACH` have been taken; gives how often another one was first."""
    taken = lost = 0
    while taken < EACH:
        head = (await db.fetch(STATE))[0]["head"]
        moved = ADVANCE.one(old=head, new=head + 1, term=0)
        event = INSERT(**rung(head + 1, writer))
        try:
            await db.commit([moved, event] if head_first else [event, moved])
            taken += 1
        except Conflict:
            assert head_first
            lost += 1
        except asyncpg.UniqueViolationError:
            assert not head_first
            lost += 1
    return lost


@pytest.mark.postgres
@pytest.mark.parametrize("head_first", [True, False])
async def test_six_connections_that_race_for_the_log_row_lose_or_win_but_never_skip(
    postgres_url: str, head_first: bool
) -> None:
    writers = [open_database(postgres_url) for _ in range(WRITERS)]
    for n, db in enumerate(writers):
        await db.open(migrate=n == 0)
    everything = WRITERS * EACH
    reading = asyncio.create_task(read_along(writers[0], everything))
    lost = await asyncio.gather(*(race(db, n, head_first) for n, db in enumerate(writers)))
    assert await reading == list(range(1, everything + 1))
    assert sum(lost) > 0
    for db in writers:
        await db.close()


@pytest.mark.postgres
async def test_of_six_processes_only_the_one_with_the_newest_lease_writes(
    postgres_url: str, tmp_path: Path
) -> None:
    place = Place(postgres_url, f"sqlite:///{tmp_path}/keys.db", tmp_path)
    logs = [WardLog(place) for _ in range(WRITERS)]
    for n, log in enumerate(logs):
        await prepared(log)
        log.clock.move(n * 2 * LIFE)
        assert await log.take_over(f"process {n}")
    tasks = [asyncio.create_task(log.committer.run()) for log in logs]
    answers = await asyncio.gather(*(log.ring("a") for log in logs), return_exceptions=True)
    ended = await asyncio.gather(*tasks[:-1], return_exceptions=True)
    tasks[-1].cancel()
    assert [type(a) for a in answers[:-1]] == [Fenced] * (WRITERS - 1)
    assert [type(e) for e in ended] == [Fenced] * (WRITERS - 1)
    assert [r.event for r in await logs[-1].stored()] == [demo.Rung("a", 1)]
    for log in logs:
        await log.db.close()
        await log.key_db.close()


async def test_a_lease_that_runs_is_not_given_to_another(place: Place) -> None:
    async with opened(place) as first:
        second = WardLog(place)
        await prepared(second)
        assert not await second.take_over("another")
        second.clock.move(LIFE + timedelta(seconds=1))
        assert await second.take_over("another")
        assert first.committer.term + 1 == second.committer.term
        await second.db.close()
        await second.key_db.close()


async def test_a_released_lease_is_free_at_once(ward: WardLog) -> None:
    clock = TestClock(NOON + 2 * LIFE)
    first, second = (Lease(ward.db, clock, name, LIFE) for name in ("first", "second"))
    assert await first.take("")
    assert not await second.take("")
    await first.release()
    assert await second.take("")


async def test_a_lease_that_was_taken_away_cannot_be_renewed(ward: WardLog) -> None:
    clock = TestClock(NOON + 2 * LIFE)
    first, second = (Lease(ward.db, clock, name, LIFE) for name in ("first", "second"))
    assert await first.take("")
    await first.renew()
    clock.move(2 * LIFE)
    assert await second.take("")
    with pytest.raises(Fenced):
        await first.renew()


async def test_a_log_keeps_its_first_incarnation(ward: WardLog) -> None:
    clock = TestClock(NOON + 2 * LIFE)
    await Lease(ward.db, clock, "another", LIFE).take("second-life")
    await ward.log.reload()
    assert ward.log.incarnation == "first-life"


async def test_who_was_the_writer_before_is_fenced_off(place: Place) -> None:
    async with opened(place) as first:
        await first.ring("a")
        second = WardLog(place)
        await prepared(second)
        second.clock.move(2 * LIFE)
        assert await second.take_over("another")
        async with running(second):
            await second.ring("a")
        with pytest.raises(Fenced):
            await first.ring("a")
        with pytest.raises(Fenced):
            await first.ring("b")
        assert [r.event.n for r in await second.stored()] == [1, 2]
        await second.db.close()
        await second.key_db.close()


async def test_who_was_the_writer_before_may_not_even_move_a_checkpoint(place: Place) -> None:
    async with opened(place) as first:
        clock = TestClock(NOON + 2 * LIFE)
        assert await Lease(first.db, clock, "another", LIFE).take("")

        async def save(turn: Turn) -> None:
            turn.write(SET(name="reaction:cook", position=7))

        with pytest.raises(Fenced):
            await first.submit(save)
        marks = await first.db.fetch(Ask(CHECKPOINT.select().limit(10)))
        assert "reaction:cook" not in {row["name"] for row in marks}


async def test_a_read_of_the_log_is_in_order_of_position(ward: WardLog) -> None:
    await asyncio.gather(*(ward.ring(f"bell {n}", times=3) for n in range(10)))
    rows = await ward.db.fetch(Ask(EVENT.select().order_by(EVENT.c.position).limit(100)))
    assert [row["position"] for row in rows] == list(range(1, 31))
    assert (await ward.db.fetch(STATE))[0]["head"] == 30
