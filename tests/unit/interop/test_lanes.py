"""Work about one person in its order; other work at once."""

from __future__ import annotations

import asyncio

from services.interop.lanes import Lanes, Place


async def work(place: Place, name: str, done: list[str], seconds: float = 0.0) -> None:
    """Wait for the turn, take some time, leave."""
    await place.turn()
    await asyncio.sleep(seconds)
    done.append(name)
    place.leave()


async def test_what_shares_a_name_goes_in_order_and_the_rest_does_not_wait() -> None:
    lanes, done = Lanes(), list[str]()
    await asyncio.gather(
        work(lanes.enter({b"a"}), "a1", done, 0.02),
        work(lanes.enter({b"a", b"b"}), "ab", done, 0.01),
        work(lanes.enter({b"b"}), "b1", done),
        work(lanes.enter({b"c"}), "c1", done),
        work(lanes.enter(()), "nobody", done),
    )
    assert done == ["c1", "nobody", "a1", "ab", "b1"]


async def test_one_that_gives_up_makes_room_and_nothing_is_remembered() -> None:
    lanes, done = Lanes(), list[str]()
    first, second = lanes.enter({b"a"}), lanes.enter({b"a"})
    waiting = asyncio.create_task(work(second, "second", done))
    await asyncio.sleep(0)
    first.leave()
    first.leave()
    await waiting
    assert done == ["second"]
    assert lanes.names == frozenset()
