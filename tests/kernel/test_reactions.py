"""Reactions: in order, again and again but bounded, never twice, never too late (DESIGN §3.4)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from kernel import reactor
from kernel.decider import Refused
from kernel.envelope import Envelope
from kernel.events import ParkedWorkSettled
from kernel.operations import (
    GetParked,
    HealthAnswer,
    ParkedAnswer,
    RetryParked,
    SkipParked,
)
from kernel.policy import React
from kernel.projection import Record
from kernel.service import Service
from kernel.store.port import Ask, Op
from kernel.store.schema import CHECKPOINT, EVENT, PARKED, TIMER
from kernel.testing.waiting import until
from kernel.turn import Turn
from tests.kernel import demo_services as demo
from tests.kernel.house import House, living, parked, until_cooked
from tests.kernel.ward_log import NOON

Kitchen = Service[demo.KitchenDeps]
HOUR = timedelta(hours=1)


@pytest.fixture
async def kitchen(house: House) -> AsyncIterator[Kitchen]:
    """The hearer; what it hears, the test puts into its inbox."""
    async with living(demo.kitchen, house.settings("kitchen")) as service:
        yield service


async def hear(kitchen: Kitchen, *beds: str, patient: str = "", at: datetime = NOON) -> None:
    """These beds were taken."""
    last = (await kitchen.inbox.mark("ward", "bed")).position
    envelopes = [
        Envelope(
            id=f"event-{last + n}",
            name="BedTaken",
            source="ward",
            incarnation="life",
            topic="bed",
            position=last + n,
            previous=last + n - 1,
            at=at,
            patient=patient or f"patient-of-{bed}",
            data={"bed": bed, "patient": patient or f"patient-of-{bed}", "diet": "soft"},
        )
        for n, bed in enumerate(beds, 1)
    ]
    await kitchen.inbox.take("ward", "bed", envelopes)


class Poison:
    """Fails for these beds as long as they are in the set."""

    def __init__(self, *beds: str) -> None:
        self.beds = set(beds)
        self.tries: list[str] = []

    async def __call__(
        self, event: demo.BedTaken, record: Record, react: React[demo.KitchenDeps]
    ) -> None:
        self.tries.append(event.bed)
        if event.bed in self.beds:
            raise ZeroDivisionError("p1 has a secret")
        await demo.cook_once(event, record, react)


async def cooked_in_log(kitchen: Kitchen) -> list[str]:
    """The beds for which the log says that something was cooked."""
    records = await kitchen.log.records(
        await kitchen.db.scan(Ask(sa.select(EVENT).order_by("position")))
    )
    return [r.event.bed for r in records if isinstance(r.event, demo.Cooked)]


async def test_what_fails_holds_up_its_own_patient_and_nobody_else(kitchen: Kitchen) -> None:
    kitchen.deps.cook = Poison("b1")
    await hear(kitchen, "b1", "b2", "b3", patient="p1")
    await hear(kitchen, "c1", "c2", patient="p2")
    await until_cooked(kitchen, "c1", "c2")
    await until(lambda: kitchen.reactors[0].held == 3)
    assert [(state, tries) for _, state, tries in await parked(kitchen)] == [
        ("waiting", 1),
        ("waiting", 0),
        ("waiting", 0),
    ]


async def test_what_may_go_at_once_is_begun_in_the_order_of_the_log(kitchen: Kitchen) -> None:
    poison = kitchen.deps.cook = Poison()
    beds = ["b9", "b1", "b5", "b3"]
    await hear(kitchen, *beds)
    await until(lambda: len(poison.tries) == len(beds))
    assert poison.tries == beds


async def test_what_waits_is_done_in_order_when_its_time_comes(
    house: House, kitchen: Kitchen
) -> None:
    poison = kitchen.deps.cook = Poison("b1")
    await hear(kitchen, "b1", "b2", "b3", patient="p1")
    await until(lambda: kitchen.reactors[0].held == 3)
    poison.beds.clear()
    house.clock.move(HOUR)
    await until(lambda: kitchen.deps.cooked == ["b1", "b2", "b3"])
    await until(lambda: kitchen.reactors[0].held == 0)
    assert await parked(kitchen) == []


async def test_later_events_of_the_patient_wait_behind_the_failed_one(
    house: House, kitchen: Kitchen
) -> None:
    poison = kitchen.deps.cook = Poison("b1")
    await hear(kitchen, "b1", patient="p1")
    await until(lambda: kitchen.reactors[0].held == 1)
    await hear(kitchen, "b2", patient="p1")
    await until(lambda: kitchen.reactors[0].held == 2)
    assert poison.tries == ["b1"]
    poison.beds.clear()
    house.clock.move(HOUR)
    await until(lambda: kitchen.deps.cooked == ["b1", "b2"])


async def test_nothing_is_tried_again_before_its_time(house: House, kitchen: Kitchen) -> None:
    poison = kitchen.deps.cook = Poison("b1")
    await hear(kitchen, "b1")
    await until(lambda: kitchen.reactors[0].held == 1)
    await hear(kitchen, "b2", "b3")
    await until_cooked(kitchen, "b2", "b3")
    house.clock.move(timedelta(milliseconds=900))
    await hear(kitchen, "b4")
    await until_cooked(kitchen, "b2", "b3", "b4")
    assert poison.tries.count("b1") == 1
    house.clock.move(timedelta(milliseconds=200))
    await until(lambda: poison.tries.count("b1") == 2)


async def test_after_many_tries_it_is_parked_until_a_person_retries_it(
    house: House, kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reactor, "ATTEMPTS", 3)
    poison = kitchen.deps.cook = Poison("b1")
    await hear(kitchen, "b1", "b2", patient="p1")
    for tries in (1, 2, 3):
        await until(lambda n=tries: poison.tries.count("b1") == n)  # type: ignore[misc]
        await until(lambda n=tries: _tried(kitchen, n))  # type: ignore[misc]
        house.clock.move(HOUR)
    [first, behind] = (await house.ask(GetParked(), ParkedAnswer, service="kitchen")).items
    assert (first.reaction, first.position, first.state, first.attempts) == ("cook", 1, "parked", 3)
    assert (first.event, first.error) == ("ward.BedTaken", "ZeroDivisionError")
    assert (behind.state, behind.error) == ("waiting", "behind a failed one")
    poison.beds.clear()
    retry = RetryParked(reaction="cook", position=1, reason="the oven works again")
    await house.ask(retry, HealthAnswer, service="kitchen", key="retry-1")
    await until(lambda: kitchen.deps.cooked == ["b1", "b2"])
    await until(lambda: kitchen.reactors[0].held == 0)


async def _tried(kitchen: Kitchen, count: int) -> bool:
    return [tries for _, _, tries in await parked(kitchen)][:1] == [count]


async def test_what_a_person_gives_up_is_left_out_and_the_rest_goes_on(
    house: House, kitchen: Kitchen
) -> None:
    kitchen.deps.cook = Poison("b1")
    await hear(kitchen, "b1", "b2", patient="p1")
    await until(lambda: kitchen.reactors[0].held == 2)
    skip = SkipParked(reaction="cook", position=1, reason="the patient has left")
    await house.ask(skip, HealthAnswer, service="kitchen", key="skip-1")
    house.clock.move(HOUR)
    await until_cooked(kitchen, "b2")
    await until(lambda: kitchen.reactors[0].held == 0)
    assert await parked(kitchen) == []
    [kept] = await kitchen.log.read_stream("parked-work-cook-1", above=0)
    assert kept.event == ParkedWorkSettled("cook", 1, "skipped", "the patient has left")
    assert kept.actor == "operator"


async def test_what_is_not_parked_cannot_be_retried(house: House, kitchen: Kitchen) -> None:
    retry = RetryParked(reaction="cook", position=7, reason="just in case")
    with pytest.raises(Refused) as refusal:
        await house.ask(retry, HealthAnswer, service="kitchen", key="retry-1")
    assert refusal.value.status == 404


async def test_an_errors_text_is_kept_nowhere(
    kitchen: Kitchen, caplog: pytest.LogCaptureFixture
) -> None:
    kitchen.deps.cook = Poison("b1")
    await hear(kitchen, "b1")
    await until(lambda: kitchen.reactors[0].held == 1)
    rows = await kitchen.fetch(Ask(PARKED.select().limit(10)))
    assert "secret" not in str([dict(row) for row in rows]) + caplog.text


async def test_a_reaction_whose_checkpoint_was_lost_does_nothing_twice(house: House) -> None:
    for _ in range(2):
        async with living(demo.kitchen, house.settings("kitchen")) as kitchen:
            if not kitchen.log.head:
                await hear(kitchen, "b1", "b2")
            await until_cooked(kitchen, "b1", "b2")
            assert sorted(await cooked_in_log(kitchen)) == ["b1", "b2"]
            drop = Op(CHECKPOINT.delete())
            await kitchen.db.commit([drop()])


async def test_a_reaction_goes_on_behind_its_checkpoint(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reactor, "SAVE_SECONDS", 0)
    async with living(demo.kitchen, house.settings("kitchen")) as kitchen:
        await hear(kitchen, "b1")
        await until_cooked(kitchen, "b1")
        await until(lambda: _saved(kitchen, 2))
    async with living(demo.kitchen, house.settings("kitchen")) as kitchen:
        await hear(kitchen, "b2")
        await until_cooked(kitchen, "b2")


async def _saved(kitchen: Kitchen, position: int) -> bool:
    rows = await kitchen.fetch(Ask(CHECKPOINT.select().limit(10)))
    return any(r["name"] == "reaction:cook" and r["position"] == position for r in rows)


async def test_work_that_waits_survives_a_restart(house: House) -> None:
    async with living(demo.kitchen, house.settings("kitchen")) as kitchen:
        kitchen.deps.cook = Poison("b1")
        await hear(kitchen, "b1", "b2", patient="p1")
        await until(lambda: kitchen.reactors[0].held == 2)
    house.clock.move(HOUR)
    async with living(demo.kitchen, house.settings("kitchen")) as kitchen:
        # The checkpoint may not have been saved: what waits already is not made to wait anew.
        await until(lambda: kitchen.deps.cooked == ["b1", "b2"])


async def test_what_is_too_old_is_said_to_be_stale(house: House, kitchen: Kitchen) -> None:
    seen: dict[str, bool] = {}

    async def look(event: demo.BedTaken, record: Record, react: React[Any]) -> None:
        seen[event.bed] = react.stale

    kitchen.deps.cook = look
    house.clock.move(timedelta(days=2))
    await hear(kitchen, "just young enough", at=NOON)
    await hear(kitchen, "too old", at=NOON - timedelta(microseconds=1))
    await until(lambda: len(seen) == 2)
    assert seen == {"just young enough": False, "too old": True}


class Reminding:
    """Asks for reminders when it first sees an event; notes each time it is called."""

    def __init__(self, *after: timedelta, again: timedelta | None = None) -> None:
        self.after, self.again = after, again
        self.calls: list[tuple[bool, timedelta]] = []
        self.fails = False

    async def __call__(
        self, event: demo.BedTaken, record: Record, react: React[demo.KitchenDeps]
    ) -> None:
        self.calls.append((react.reminded, react.now - NOON))
        if react.reminded and self.fails:
            raise ZeroDivisionError
        if not react.reminded:
            for each in self.after:
                react.remind(record.at + each)
        elif self.again is not None:
            react.remind(react.now + self.again)

        async def note(turn: Turn) -> None:
            await turn.load(demo.COOKED, event.bed)
            turn.append(demo.COOKED, event.bed, [demo.Cooked(event.bed, record.id)])

        await react.execute(note)


async def until_called(kitchen: Kitchen, reminding: Reminding, *calls: tuple[bool, int]) -> None:
    """Wait for these calls (reminded, hours after noon), each of which noted something once."""
    await until(lambda: len(reminding.calls) >= len(calls))
    assert reminding.calls == [(reminded, hours * HOUR) for reminded, hours in calls]

    async def noted() -> bool:
        return len(await cooked_in_log(kitchen)) == len(calls)

    await until(noted)


async def test_a_reaction_is_reminded_at_its_moment_and_once(
    house: House, kitchen: Kitchen
) -> None:
    reminding = kitchen.deps.cook = Reminding(60 * 24 * HOUR)
    await hear(kitchen, "b1")
    await until_called(kitchen, reminding, (False, 0))
    house.clock.move(60 * 24 * HOUR)
    await until_called(kitchen, reminding, (False, 0), (True, 60 * 24))
    await until(lambda: _no_timer(kitchen))
    house.clock.move(60 * 24 * HOUR)
    await hear(kitchen, "b2")
    await until_called(
        kitchen, reminding, (False, 0), (True, 60 * 24), (False, 120 * 24), (True, 120 * 24)
    )


async def _no_timer(kitchen: Kitchen) -> bool:
    return not await kitchen.fetch(Ask(TIMER.select().limit(10)))


async def test_a_reaction_may_ask_for_several_reminders(house: House, kitchen: Kitchen) -> None:
    reminding = kitchen.deps.cook = Reminding(1 * HOUR, 3 * HOUR, 2 * HOUR)
    await hear(kitchen, "b1")
    await until_called(kitchen, reminding, (False, 0))
    calls = [(False, 0)]
    for hours in (1, 2, 3):
        house.clock.move(HOUR)
        calls.append((True, hours))
        await until_called(kitchen, reminding, *calls)


async def test_a_reminded_reaction_may_ask_to_be_reminded_again(
    house: House, kitchen: Kitchen
) -> None:
    reminding = kitchen.deps.cook = Reminding(1 * HOUR, again=HOUR)
    await hear(kitchen, "b1")
    await until_called(kitchen, reminding, (False, 0))
    calls = [(False, 0)]
    for hours in (1, 2, 3):
        house.clock.move(HOUR)
        calls.append((True, hours))
        await until_called(kitchen, reminding, *calls)


async def test_a_reminder_that_fails_is_tried_again_as_a_reminder_and_not_at_once(
    house: House, kitchen: Kitchen
) -> None:
    reminding = kitchen.deps.cook = Reminding(1 * HOUR)
    await hear(kitchen, "b1")
    await until_called(kitchen, reminding, (False, 0))
    reminding.fails = True
    house.clock.move(HOUR)
    await until(lambda: _tried_reminder(kitchen))
    reminding.after = ()
    await hear(kitchen, "b2")
    await until(lambda: reminding.calls.count((False, HOUR)) == 1)
    assert reminding.calls[1:] == [(True, HOUR), (False, HOUR)]
    reminding.fails = False
    house.clock.move(HOUR)
    await until(lambda: len(reminding.calls) >= 4)
    assert reminding.calls[3] == (True, 2 * HOUR)
    await until(lambda: kitchen.reactors[0].held == 0)
    assert await parked(kitchen) == []


async def _tried_reminder(kitchen: Kitchen) -> bool:
    return [(state, tries) for _, state, tries in await parked(kitchen)] == [("waiting", 1)]


async def test_a_reminder_that_is_given_up_does_not_come_again(
    house: House, kitchen: Kitchen
) -> None:
    reminding = kitchen.deps.cook = Reminding(HOUR)
    await hear(kitchen, "b1")
    await until_called(kitchen, reminding, (False, 0))
    reminding.fails = True
    house.clock.move(HOUR)
    await until(lambda: _tried_reminder(kitchen))
    reminding.after = ()
    skip = SkipParked(reaction="cook", position=1, reason="not needed any more")
    await house.ask(skip, HealthAnswer, service="kitchen", key="skip-1")
    house.clock.move(HOUR)
    await hear(kitchen, "b2")
    await until(lambda: (False, 2 * HOUR) in reminding.calls)
    assert reminding.calls.count((True, HOUR)) == 1
    assert await _no_timer(kitchen)


async def test_a_reminder_survives_a_restart(house: House) -> None:
    async with living(demo.kitchen, house.settings("kitchen")) as kitchen:
        first = kitchen.deps.cook = Reminding(HOUR)
        await hear(kitchen, "b1")
        await until_called(kitchen, first, (False, 0))
        await until(lambda: _timed(kitchen))
    house.clock.move(HOUR)
    async with living(demo.kitchen, house.settings("kitchen")) as kitchen:
        await until(lambda: _no_timer(kitchen))
        assert "b1" in kitchen.deps.cooked


async def _timed(kitchen: Kitchen) -> bool:
    return not await _no_timer(kitchen)
