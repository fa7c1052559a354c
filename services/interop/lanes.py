"""Work about one person goes one after the other, in the order in which it came; other work does not
wait for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection


class Lanes:
    """Places are taken at once, by name; their turns come when everything before them has left."""

    def __init__(self) -> None:
        self._last: dict[bytes, Place] = {}

    @property
    def names(self) -> frozenset[bytes]:
        """Whom work is about that has not left yet."""
        return frozenset(self._last)

    def enter(self, names: Collection[bytes]) -> Place:
        """A place behind all that has one of these names. Whoever takes it must leave it."""
        before = {self._last[name].left for name in names if name in self._last}
        place = Place(self, names, before)
        for name in names:
            self._last[name] = place
        return place

    def forget(self, place: Place) -> None:
        """Nobody came behind it: its names are free."""
        for name in place.names:
            if self._last.get(name) is place:
                del self._last[name]


class Place:
    """One piece of work in its lanes."""

    def __init__(
        self, lanes: Lanes, names: Collection[bytes], before: Collection[asyncio.Future[None]]
    ) -> None:
        self.names = names
        self._lanes = lanes
        self._before = before
        self.left: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def turn(self) -> None:
        """Wait until everything in front has left."""
        if self._before:
            await asyncio.wait(self._before)

    def leave(self) -> None:
        """Done, or given up: the next one may go on."""
        if not self.left.done():
            self.left.set_result(None)
            self._before = ()
            self._lanes.forget(self)
