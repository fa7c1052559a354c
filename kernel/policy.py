"""Reactions: what a service does because of an event in its own log (DESIGN §3.4).

Each reaction has its own checkpoint. What it commands carries a key made of the event's id, its
own name and an ordinal, so that doing it twice does it once. Failed work is retried with growing
delay, in order per patient (or stream) while all others go on; after `ATTEMPTS` it is parked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from kernel.envelope import Answer, Command, Query
from kernel.projection import Record
from kernel.store.port import Ask, Row
from kernel.turn import Stored, Turn, Unit, command_id, digest_of

D = TypeVar("D")
E = TypeVar("E")
A = TypeVar("A", bound=Answer)


class Host(Protocol):
    """What a reaction needs of the service that it runs in."""

    deps: Any

    def now(self) -> datetime:
        """The service's clock."""

    async def submit(self, unit: Unit) -> Any:
        """Commit a unit of work."""

    async def fetch(self, ask: Ask, **params: Any) -> Sequence[Row]:
        """Read a view."""

    async def request(self, message: Command | Query, answer: type[A], key: str = "") -> A:
        """Ask another service, signed as this one."""


class React(Generic[D]):
    """What a reaction may do about one event."""

    def __init__(
        self, host: Host, reaction: Reaction, record: Record, reminded: bool = False, due: int = 0
    ) -> None:
        self._host = host
        self._reaction = reaction
        self._record = record
        self._ordinal = 0
        self.deps: D = host.deps
        self.now = host.now()
        self.reminded = reminded
        self._again = f":reminded:{due}" if reminded else ""
        age = reaction.max_age
        self.stale = age is not None and self.now - record.at > age
        self.reminders: list[datetime] = []

    async def request(self, message: Command | Query, answer: type[A]) -> A:
        """Ask another service. Raises Refused or Unavailable; unhandled, the event is retried."""
        return await self._host.request(message, answer, key=self._key())

    async def read(self, ask: Ask, **params: Any) -> Sequence[Row]:
        """Rows of a view."""
        return await self._host.fetch(ask, **params)

    async def execute(self, handler: Callable[[Turn], Awaitable[Any]], about: str = "") -> None:
        """Decide something in the own log, once. `about` tells one step from another where a retry
        may find other steps to do than the first try did: a page of a question that shrinks.
        """

        async def stored(turn: Turn) -> Stored:
            await handler(turn)
            return Stored(200, b"null")

        actor = f"reaction:{self._reaction.name}"
        await self._host.submit(
            Unit(
                stored,
                actor=actor,
                trace=self._record.trace,
                key=command_id(actor, self._reaction.name, f"{self._key()}{about}"),
                digest=digest_of(b""),
            )
        )

    def remind(self, at: datetime) -> None:
        """Run this reaction again for the same event at that moment (`reminded` is then true)."""
        self.reminders.append(at)

    def _key(self) -> str:
        self._ordinal += 1
        return f"{self._record.id}:{self._reaction.name}:{self._ordinal}{self._again}"


Handler = Callable[[Any, Record, React[Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Reaction:
    """One registered reaction. `max_age` is set when it has an effect outside the portal."""

    name: str
    kinds: frozenset[type]
    handler: Handler
    max_age: timedelta | None


class Policies(Generic[D]):
    """The reactions of one service."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.reactions: list[Reaction] = []

    def on(
        self, *kinds: type, name: str, max_age: timedelta | None
    ) -> Callable[
        [Callable[[E, Record, React[D]], Awaitable[None]]],
        Callable[[E, Record, React[D]], Awaitable[None]],
    ]:
        """Register a reaction to events of these types."""

        def register(
            handler: Callable[[E, Record, React[D]], Awaitable[None]],
        ) -> Callable[[E, Record, React[D]], Awaitable[None]]:
            self.reactions.append(Reaction(name, frozenset(kinds), handler, max_age))
            return handler

        return register
