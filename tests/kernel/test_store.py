"""The store's conformance suite: what every engine must promise (DESIGN §3.1, §3.2, §3.8)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from kernel import event_log
from kernel.decider import Refused
from kernel.event_log import INSERT
from kernel.store.port import Ask
from kernel.store.schema import EVENT
from kernel.turn import Stored, Turn
from tests.kernel import demo_services as demo
from tests.kernel.ward_log import NOON, WardLog, ringing, taking


async def test_an_acknowledged_event_is_in_the_log_as_it_was_decided(ward: WardLog) -> None:
    answer = await ward.take("b1", "p1", "soft")
    [record] = await ward.stored()
    assert answer == Stored(201, b"b1 is taken")
    assert record.event == demo.Taken("b1", "p1", "soft")
    assert (record.position, record.stream, record.version) == (1, "bed-b1", 1)
    assert (record.at, record.actor, record.owner, record.origin) == (NOON, "nurse", "p1", None)


async def test_a_streams_versions_go_on_where_they_were(ward: WardLog) -> None:
    for _ in range(3):
        await ward.ring("a", times=2)
    await ward.ring("b")
    records = await ward.stored()
    assert [(r.stream, r.version) for r in records if r.stream == "bell-a"] == [
        ("bell-a", n) for n in range(1, 7)
    ]
    assert records[-1].version == 1
    assert [r.event.n for r in records] == [1, 2, 3, 4, 5, 6, 1]


async def test_a_version_is_given_once(ward: WardLog) -> None:
    await ward.ring("a")
    row = dict((await ward.db.fetch(Ask(EVENT.select().limit(1))))[0])
    with pytest.raises(Exception, match=r"(?i)unique"):
        await ward.db.commit([INSERT(**row | {"position": 2, "id": "another"})])
    assert len(await ward.stored()) == 1


async def test_an_event_id_is_given_once(ward: WardLog) -> None:
    await ward.ring("a")
    row = dict((await ward.db.fetch(Ask(EVENT.select().limit(1))))[0])
    with pytest.raises(Exception, match=r"(?i)unique"):
        await ward.db.commit([INSERT(**row | {"position": 2, "version": 2})])
    assert len(await ward.stored()) == 1


async def test_a_transaction_that_fails_in_the_middle_leaves_nothing(ward: WardLog) -> None:
    await ward.ring("a")
    row = dict((await ward.db.fetch(Ask(EVENT.select().limit(1))))[0])
    fits = INSERT(**row | {"position": 2, "version": 2, "id": "fits"})
    with pytest.raises(Exception, match=r"(?i)unique"):
        await ward.db.commit([fits, INSERT(**row | {"position": 3, "version": 3})])
    assert len(await ward.stored()) == 1


async def test_two_streams_change_together(ward: WardLog) -> None:
    async def move(turn: Turn) -> None:
        await turn.load(demo.BED, "b2")
        await turn.load(demo.BELL, "a")
        turn.append(demo.BELL, "a", [demo.Rung("a", 1)])
        turn.append(demo.BED, "b2", [demo.Taken("b2", "p1", "soft")])

    await ward.submit(move)
    assert [r.stream for r in await ward.stored()] == ["bell-a", "bed-b2"]


async def test_two_streams_change_together_or_not_at_all(ward: WardLog) -> None:
    await ward.take("b2", "p1")

    async def move(turn: Turn) -> None:
        await turn.load(demo.BELL, "a")
        turn.append(demo.BELL, "a", [demo.Rung("a", 1)])
        await taking("b2", "p2", "soft")(turn)

    with pytest.raises(Refused):
        await ward.submit(move)
    assert await ward.ring("a") == Stored(200, b"1")
    assert [r.stream for r in await ward.stored()] == ["bed-b2", "bell-a"]


async def test_units_that_come_together_are_committed_at_once(ward: WardLog) -> None:
    before = ward.db.commits
    await asyncio.gather(*(ward.ring(f"bell {n}") for n in range(50)))
    assert ward.db.commits == before + 1
    assert [r.position for r in await ward.stored()] == list(range(1, 51))


async def test_what_a_user_wrote_is_in_the_view_when_the_answer_comes(ward: WardLog) -> None:
    await ward.take("b1", "p1")
    assert await ward.beds() == [("b1", "p1")]


async def test_a_turn_reads_what_earlier_units_of_the_batch_decided(ward: WardLog) -> None:
    seen: list[str] = []

    async def look(turn: Turn) -> None:
        rows = await turn.read(demo.BY_BED, bed="b1")
        seen.extend(row["patient"] for row in rows)

    await asyncio.gather(ward.take("b1", "p7"), ward.submit(look))
    assert seen == ["p7"]


async def test_a_turn_that_read_goes_on_writing(ward: WardLog) -> None:
    async def ring_after_reading(turn: Turn) -> Stored:
        answer = await ringing("a")(turn)
        await turn.read(demo.BY_BED, bed="b1")
        return answer

    answers = await asyncio.gather(*(ward.submit(ring_after_reading) for _ in range(5)))
    assert [a.body for a in answers] == [b"1", b"2", b"3", b"4", b"5"]
    assert [r.version for r in await ward.stored()] == [1, 2, 3, 4, 5]


async def test_the_same_command_again_gets_the_same_answer_and_is_done_once(ward: WardLog) -> None:
    first = await ward.ring("a", key="k")
    again = await ward.ring("a", key="k")
    assert first == again == Stored(200, b"1")
    assert len(await ward.stored()) == 1


async def test_the_same_command_twice_in_one_batch_is_done_once(ward: WardLog) -> None:
    answers = await asyncio.gather(*(ward.ring("a", key="k") for _ in range(3)))
    assert answers == [Stored(200, b"1")] * 3
    assert len(await ward.stored()) == 1


async def test_a_key_with_another_body_is_refused(ward: WardLog) -> None:
    await ward.ring("a", key="k")
    with pytest.raises(Refused) as refusal:
        await ward.ring("b", key="k")
    assert (refusal.value.status, refusal.value.code) == (422, "key-reused")
    assert len(await ward.stored()) == 1


async def test_a_key_with_another_body_in_one_batch_is_refused(ward: WardLog) -> None:
    answers = await asyncio.gather(
        ward.ring("a", key="k"), ward.ring("b", key="k"), ward.ring("c"), return_exceptions=True
    )
    assert [type(a) for a in answers] == [Stored, Refused, Stored]
    assert [r.stream for r in await ward.stored()] == ["bell-a", "bell-c"]


async def test_a_refused_command_is_not_remembered(ward: WardLog) -> None:
    await ward.take("b1", "p1")
    with pytest.raises(Refused):
        await ward.take("b1", "p2", key="k")

    async def free(turn: Turn) -> None:
        await turn.load(demo.BED, "b1")
        turn.append(demo.BED, "b1", [demo.Freed("b1")])

    await ward.submit(free)
    assert await ward.take("b1", "p2", key="k") == Stored(201, b"b1 is taken")
    assert await ward.beds() == [("b1", "p2")]


async def test_a_finished_state_is_not_kept_in_memory_and_still_counts(ward: WardLog) -> None:
    """Also within a batch: until the commit only the memory knows it."""
    bell = replace(demo.BELL, finished=lambda rung: rung >= 2)

    async def ring(turn: Turn) -> int:
        rung: int = await turn.load(bell, "a")
        turn.append(bell, "a", [demo.Rung("a", rung + 1)])
        return rung + 1

    assert await ward.submit(ring) == 1
    assert await asyncio.gather(*(ward.submit(ring) for _ in range(3))) == [2, 3, 4]
    reads = ward.db.fetches
    assert await ward.submit(ring) == 5
    assert ward.db.fetches > reads
    assert [r.version for r in await ward.stored()] == [1, 2, 3, 4, 5]


async def test_large_events_are_read_from_the_store_and_the_others_around_them_not_missed(
    ward: WardLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_log, "LARGE", 100)
    diets = ["soup", "x" * 200, "rice", "y" * 200, "z" * 200, "tea"]
    await asyncio.gather(*(ward.take(f"b{n}", "p1", diet) for n, diet in enumerate(diets[:4])))
    for number, diet in enumerate(diets[4:], 4):
        await ward.take(f"b{number}", "p1", diet)
    for position in range(len(diets)):
        found = [record.event.diet for record in await ward.log.after(position)]
        assert found == diets[position:]


async def test_one_bad_unit_does_not_fail_its_neighbours(ward: WardLog) -> None:
    async def bug(turn: Turn) -> None:
        await turn.load(demo.BELL, "a")
        turn.append(demo.BELL, "a", [demo.Rung("a", 99)])
        raise ZeroDivisionError

    answers = await asyncio.gather(
        ward.ring("a"), ward.submit(bug), ward.ring("a"), return_exceptions=True
    )
    assert [type(a) for a in answers] == [Stored, ZeroDivisionError, Stored]
    assert [r.event.n for r in await ward.stored()] == [1, 2]


async def test_an_event_that_the_database_does_not_take_fails_its_own_unit(ward: WardLog) -> None:
    async def nothing_fits(turn: Turn) -> None:
        await turn.load(demo.BELL, "a")
        turn.append(demo.BELL, "a", [demo.Rung("a", 1)])
        turn.drafts[-1] = replace(turn.drafts[-1], version=1)

    await ward.ring("a")
    answers = await asyncio.gather(
        ward.ring("b"), ward.submit(nothing_fits), ward.ring("b"), return_exceptions=True
    )
    assert isinstance(answers[1], Exception)
    assert [r.stream for r in await ward.stored()] == ["bell-a", "bell-b", "bell-b"]


async def test_a_refusal_stands_on_what_an_earlier_unit_of_the_batch_decided(ward: WardLog) -> None:
    answers = await asyncio.gather(
        ward.take("b1", "p1"), ward.take("b1", "p2"), return_exceptions=True
    )
    assert answers[0] == Stored(201, b"b1 is taken")
    assert isinstance(answers[1], Refused)
    assert await ward.beds() == [("b1", "p1")]


async def test_a_refusal_falls_with_the_unit_that_it_stood_on(ward: WardLog) -> None:
    async def taken_by_a_bug(turn: Turn) -> None:
        await taking("b1", "p1", "soft")(turn)
        turn.drafts[-1] = replace(turn.drafts[-1], stream="bell-a")

    await ward.ring("a")
    answers = await asyncio.gather(
        ward.submit(taken_by_a_bug), ward.take("b1", "p2"), return_exceptions=True
    )
    assert not isinstance(answers[0], Stored | Refused)
    assert answers[1] == Stored(201, b"b1 is taken")
    assert await ward.beds() == [("b1", "p2")]


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_commit_that_fails_is_done_again_but_never_twice(
    ward: WardLog, moment: str
) -> None:
    await ward.ring("a", key="k0")
    ward.db.fail = moment
    answers: list[Any] = await asyncio.gather(*(ward.ring("a", key=f"k{n}") for n in (1, 2, 3)))
    assert [a.body for a in answers] == [b"2", b"3", b"4"]
    assert [(r.position, r.event.n) for r in await ward.stored()] == [
        (1, 1),
        (2, 2),
        (3, 3),
        (4, 4),
    ]


async def test_a_commit_of_unknown_outcome_still_wakes_those_who_follow_the_log(
    ward: WardLog,
) -> None:
    await ward.ring("a", key="k1")
    ward.db.fail = "after"
    await ward.ring("a", key="k2")
    await ward.ring("a", key="k3")
    assert ward.notified == [1, 2, 3]
    assert [r.position for r in await ward.log.after(1)] == [2, 3]


async def test_the_newest_events_are_the_same_from_memory_and_from_the_store(
    ward: WardLog,
) -> None:
    await asyncio.gather(*(ward.take(f"b{n}", f"p{n}") for n in range(5)))
    assert await ward.log.after(0) == await ward.stored()
    assert [r.position for r in await ward.log.after(2, count=2)] == [3, 4]
    assert await ward.log.after(5) == []


async def test_each_event_names_the_one_before_it_in_its_topic(ward: WardLog) -> None:
    await ward.take("b1")
    await ward.ring("a")
    await asyncio.gather(ward.take("b2"), ward.ring("a"), ward.take("b3"))
    rows = await ward.db.fetch(Ask(EVENT.select().order_by(EVENT.c.position).limit(10)))
    chain = [(r["position"], r["topic"], r["previous"]) for r in rows]
    bell = (None, None)
    assert chain == [(1, "bed", 0), (2, *bell), (3, "bed", 1), (4, *bell), (5, "bed", 3)]
    await ward.log.reload()
    assert ward.log.topics == {"bed": 5}
