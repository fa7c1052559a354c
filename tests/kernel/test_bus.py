"""Published events on a real nats-server: all of them, in order, once (DESIGN §3.6, §3.7)."""

from __future__ import annotations

import asyncio

import pytest
from nats.aio.msg import Msg

from kernel.bus import subscribe
from kernel.bus.requests import Unavailable
from kernel.codec import Erased
from kernel.outbox import LAST_SEQUENCE
from kernel.testing.waiting import until
from tests.kernel import demo_services as demo
from tests.kernel.house import (
    STREAM,
    House,
    both,
    heard,
    heard_beds,
    living,
    until_heard,
    until_heard_many,
)
from tests.kernel.ward_log import NOON

BEDS = [f"b{n:03d}" for n in range(150)]


async def test_what_one_service_commits_the_other_logs(house: House) -> None:
    async with both(house) as (_, kitchen):
        await house.take("b1")
        await until_heard(kitchen, "b1")
        [record] = await heard(kitchen)
        assert record.event == demo.BedTaken(bed="b1", patient="patient-of-b1", diet="soft")
        assert (record.name, record.origin, record.owner) == (
            "ward.BedTaken",
            "ward",
            "patient-of-b1",
        )
        assert (record.stream, record.version, record.at) == ("heard:ward:bed", 1, NOON)


async def test_many_events_keep_their_order(house: House) -> None:
    async with both(house) as (_, kitchen):
        await asyncio.gather(*(house.take(bed) for bed in BEDS))
        await until_heard_many(kitchen, len(BEDS))
        told = [m async for m in messages(house)]
        assert await heard_beds(kitchen) == [bed_of(message) for message in told]
        assert sorted(await heard_beds(kitchen)) == BEDS


async def messages(house: House):  # type: ignore[no-untyped-def]
    """The messages of ward's stream, oldest first."""
    for sequence in range(1, (await house.js.stream_info(STREAM)).state.last_seq + 1):
        yield await house.js.get_msg(STREAM, seq=sequence)


def bed_of(message: object) -> str:
    """Which bed a message is about."""
    from kernel.envelope import Envelope

    data = Envelope.model_validate_json(getattr(message, "data", b"")).data
    assert data is not None
    return str(data["bed"])


async def test_the_same_message_twice_changes_nothing(house: House) -> None:
    async with both(house) as (_, kitchen):
        await house.take("b1", "b2")
        await until_heard(kitchen, "b1", "b2")
        for sequence in (1, 2, 1):
            old = await house.js.get_msg(STREAM, seq=sequence)
            assert old.subject is not None
            assert old.headers is not None
            del old.headers[LAST_SEQUENCE]
            await house.js.publish(old.subject, old.data or b"", headers=old.headers)
        await house.take("b3")
        await until_heard(kitchen, "b1", "b2", "b3")


async def test_a_message_whose_acknowledgement_got_lost_changes_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscribe, "ACK_SECONDS", 1)
    acknowledge = Msg.ack
    lost: list[int] = []

    async def lose_the_first_ones(message: Msg) -> None:
        if len(lost) < 3:
            lost.append(message.metadata.sequence.stream)
        else:
            await acknowledge(message)

    monkeypatch.setattr(Msg, "ack", lose_the_first_ones)
    async with both(house) as (_, kitchen):
        await house.take("b1", "b2", "b3")

        async def all_acknowledged() -> bool:
            info = await house.js.consumer_info(STREAM, "kitchen-ward-bed")
            assert info.ack_floor is not None
            return bool(info.ack_floor.stream_seq == 3)

        await until(all_acknowledged)
        assert len(lost) == 3
        await until_heard(kitchen, "b1", "b2", "b3")


async def test_a_hearer_that_was_away_hears_everything_in_order(house: House) -> None:
    async with living(demo.ward, house.settings("ward")):
        async with living(demo.kitchen, house.settings("kitchen")) as kitchen:
            await house.take("b1")
            await until_heard(kitchen, "b1")
        await house.take("b2", "b3")
        async with living(demo.kitchen, house.settings("kitchen")) as kitchen:
            await until_heard(kitchen, "b1", "b2", "b3")


async def test_a_hearer_stopped_in_the_middle_goes_on_where_it_was(
    house: House, eager_idle_check: None
) -> None:
    async with living(demo.ward, house.settings("ward")):
        await asyncio.gather(*(house.take(bed) for bed in BEDS))
        for goal in (1, 101, len(BEDS)):
            async with living(demo.kitchen, house.settings("kitchen")) as kitchen:
                await until_heard_many(kitchen, goal)
        async with living(demo.kitchen, house.settings("kitchen")) as kitchen:
            assert sorted(await heard_beds(kitchen)) == BEDS


async def test_a_new_hearer_gets_what_the_bus_no_longer_has(
    house: House, eager_idle_check: None
) -> None:
    await house.loose_stream()
    async with living(demo.ward, house.settings("ward")):
        await house.take("b1", "b2", "b3")
        await until(lambda: _has(house, 3))
        await house.js.purge_stream(STREAM)
        async with living(demo.kitchen, house.settings("kitchen")) as kitchen:
            await until_heard(kitchen, "b1", "b2", "b3")
            assert kitchen.inbox.repaired == 3


async def _has(house: House, count: int) -> bool:
    return await house.on_the_bus() >= count


async def test_a_message_that_the_bus_lost_is_found_by_the_next_one(house: House) -> None:
    await house.loose_stream()
    async with living(demo.ward, house.settings("ward")):
        await house.take("b1", "b2", "b3")
        await until(lambda: _has(house, 3))
        await house.js.delete_msg(STREAM, 2)
        async with living(demo.kitchen, house.settings("kitchen")) as kitchen:
            await until_heard(kitchen, "b1", "b2", "b3")
            assert kitchen.inbox.repaired > 0


async def test_a_message_that_the_bus_lost_is_found_by_asking_when_idle(
    house: House, eager_idle_check: None
) -> None:
    await house.loose_stream()
    async with living(demo.ward, house.settings("ward")):
        await house.take("b1", "b2")
        await until(lambda: _has(house, 2))
        await house.js.delete_msg(STREAM, 2)
        async with living(demo.kitchen, house.settings("kitchen")) as kitchen:
            await until_heard(kitchen, "b1", "b2")


async def test_a_hole_waits_for_a_source_that_does_not_answer(house: House) -> None:
    await house.loose_stream()
    async with living(demo.ward, house.settings("ward")):
        await house.take("b1", "b2")
        await until(lambda: _has(house, 2))
        await house.js.delete_msg(STREAM, 1)
    async with living(demo.kitchen, house.settings("kitchen")) as kitchen:
        asked = []
        inbox_asks = kitchen.inbox._ask

        async def nobody(source: str, topic: str, after: int):  # type: ignore[no-untyped-def]
            asked.append(after)
            raise Unavailable("nobody answers")

        kitchen.inbox._ask = nobody
        await until(lambda: len(asked) >= 3)
        assert await heard(kitchen) == []
        async with living(demo.ward, house.settings("ward")):
            kitchen.inbox._ask = inbox_asks
            await until_heard(kitchen, "b1", "b2")


@pytest.mark.parametrize(
    "rubbish", [b"\xff\xfe garbage", b"[]", b'{"id": "half an envelope"}', b""]
)
async def test_rubbish_on_the_subject_stops_nothing(house: House, rubbish: bytes) -> None:
    async with both(house) as (_, kitchen):
        await house.take("b1")
        await until_heard(kitchen, "b1")
        await house.js.publish("evt.ward.bed.BedTaken.07", rubbish)
        await house.take("b2", "b3")
        await until_heard(kitchen, "b1", "b2", "b3")


async def test_a_type_that_the_hearer_does_not_know_is_logged_and_skipped(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with both(house) as (_, kitchen):
        monkeypatch.delitem(kitchen.inbox._contracts, ("ward", "BedTaken"))
        await house.take("b1")
        await until_heard_many(kitchen, 1)
        assert await kitchen.fetch(demo.ALL_MEALS) == []
        assert [r.name for r in await heard(kitchen)] == ["ward.BedTaken"]


async def test_what_was_erased_at_the_source_is_heard_as_a_tombstone(house: House) -> None:
    async with living(demo.ward, house.settings("ward")) as ward:
        await house.take("b1", "b2")
        await until(lambda: _has(house, 2))
        await ward.keys.destroy("patient-of-b1")
    await house.back(house.server.wipe)
    async with both(house) as (_, kitchen):
        await until_heard_many(kitchen, 2)
        erased, kept = await heard(kitchen)
        assert erased.event == Erased("ward.BedTaken")
        assert kept.event.bed == "b2"
        assert [row["bed"] for row in await kitchen.fetch(demo.ALL_MEALS)] == ["b2"]


async def test_a_wiped_bus_is_refilled_and_nothing_is_heard_twice(house: House) -> None:
    async with both(house) as (_, kitchen):
        await house.take("b1", "b2")
        await until_heard(kitchen, "b1", "b2")
        await house.back(house.server.wipe)
        await house.take("b3")
        await until_heard(kitchen, "b1", "b2", "b3")
        await until(lambda: _has(house, 3))
        assert [bed_of(message) async for message in messages(house)] == ["b1", "b2", "b3"]


async def test_both_go_on_after_the_server_was_killed(house: House) -> None:
    async with both(house) as (_, kitchen):
        await house.take("b1")
        await until_heard(kitchen, "b1")
        await house.back(house.server.restart)
        await house.take("b2")
        await until_heard(kitchen, "b1", "b2")


async def test_what_was_committed_while_the_bus_was_away_is_told_when_it_is_back(
    house: House,
) -> None:
    async with both(house) as (ward, kitchen):
        await house.take("b1")
        await until_heard(kitchen, "b1")
        house.server.kill()

        async def decide(turn):  # type: ignore[no-untyped-def]
            state = await turn.load(demo.BED, "b2")
            turn.append(demo.BED, "b2", demo.take(state, "b2", "p2", "soft"))

        await ward.execute(decide, actor="nurse")
        house.server.start()
        await until_heard(kitchen, "b1", "b2")
