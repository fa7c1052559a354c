"""What `make fault` found, each small and sure: see `tests/fault`."""

from __future__ import annotations

import asyncio

from kernel.envelope import Envelope
from kernel.projection import upsert
from kernel.store.schema import CHECKPOINT
from kernel.turn import Turn, Unit
from tests.kernel import demo_services as demo
from tests.kernel.house import House, heard_beds, living
from tests.kernel.ward_log import NOON

_SET_CHECKPOINT = upsert(CHECKPOINT)


def told(*positions: int) -> list[Envelope]:
    """What ward would say at these positions."""
    return [
        Envelope(
            id=f"event-{n}",
            name="BedTaken",
            source="ward",
            incarnation="life",
            topic="bed",
            position=n,
            previous=n - 1,
            at=NOON,
            patient=f"patient-of-b{n}",
            data={"bed": f"b{n}", "patient": f"patient-of-b{n}", "diet": "soft"},
        )
        for n in positions
    ]


async def test_the_first_write_after_a_start_does_not_set_the_head_back(house: House) -> None:
    async def only_a_checkpoint(turn: Turn) -> None:
        turn.write(_SET_CHECKPOINT(name="test", position=1))

    async with living(demo.kitchen, house.settings("kitchen")) as kitchen:
        await kitchen.inbox.take("ward", "bed", told(1, 2, 3))
        head = kitchen.log.head
        assert head >= 3
    again = demo.kitchen(house.settings("kitchen"))
    await again.open()
    assert await again.take_over()
    writing = asyncio.create_task(again.committer.run())
    await again.committer.submit(Unit(only_a_checkpoint, actor="test"))
    assert again.log.head >= head
    await again.log.reload()
    assert again.log.head >= head
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    await again.close()


async def test_old_news_beside_new_news_does_not_set_the_mark_back(house: House) -> None:
    async with living(demo.kitchen, house.settings("kitchen")) as kitchen:
        inbox = kitchen.inbox
        await inbox.take("ward", "bed", told(1, 2))
        await asyncio.gather(
            inbox.take("ward", "bed", told(3, 4)), inbox.take("ward", "bed", told(1, 2))
        )
        assert (await inbox.mark("ward", "bed")).position == 4
        await inbox.take("ward", "bed", told(5))
        assert await heard_beds(kitchen) == ["b1", "b2", "b3", "b4", "b5"]


async def test_news_about_somebody_whose_key_was_destroyed_stops_nobody(house: House) -> None:
    async with living(demo.kitchen, house.settings("kitchen")) as kitchen:
        await kitchen.inbox.take("ward", "bed", told(1, 2))
        await kitchen.keys.destroy("patient-of-b1")
        again = told(3)[0].model_copy(update={"patient": "patient-of-b1"})
        await kitchen.inbox.take("ward", "bed", [again, *told(4)])
        assert (await kitchen.inbox.mark("ward", "bed")).position == 4


async def test_an_event_that_breaks_its_contract_is_kept_and_stops_nobody(house: House) -> None:
    async with living(demo.kitchen, house.settings("kitchen")) as kitchen:
        broken = told(1)[0].model_copy(update={"data": {"bed": 7}})
        await kitchen.inbox.take("ward", "bed", [broken, *told(2)])
        assert (await kitchen.inbox.mark("ward", "bed")).position == 2
        kept = [r for r in await kitchen.log.after(0) if r.origin == "ward"]
        assert [type(r.event).__name__ for r in kept] == ["Unknown", "BedTaken"]
