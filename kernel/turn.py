"""A unit of work, and what it may do in its turn of the group commit."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from kernel.clock import Clock
from kernel.decider import Decider
from kernel.envelope import Envelope
from kernel.event_log import Draft, EventLog
from kernel.ids import new_id
from kernel.store.port import Ask, Row, Write

Handler = Callable[["Turn"], Awaitable[Any]]


class Writer(Protocol):
    """What a turn needs of the committer."""

    log: EventLog
    clock: Clock

    async def state(self, stream: str, decider: Decider[Any]) -> tuple[int, Any]:
        """Version and state of a stream."""

    async def flush(self) -> None:
        """Commit what was decided before, so that a read sees it."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer as stored with the events that it answers for."""

    status: int
    body: bytes


@dataclass(slots=True)
class Unit:
    """One piece of work. With a `key` its answer (a `Stored`) is kept and given again."""

    handler: Handler
    actor: str
    trace: str | None = None
    key: str | None = None
    digest: bytes = b""
    done: asyncio.Future[Any] = field(default_factory=lambda: asyncio.Future())


class Turn:
    """What a unit may do while it is decided: load streams, append to them, read facts."""

    def __init__(self, writer: Writer, unit: Unit, now: datetime) -> None:
        self._writer = writer
        self.actor = unit.actor
        self.now = now
        self._trace = unit.trace
        self.drafts: list[Draft] = []
        self.writes: list[Write] = []
        self.states: dict[str, tuple[int, Any]] = {}
        self._deciders: dict[str, Decider[Any]] = {}

    @property
    def finished(self) -> list[str]:
        """The streams whose states need not be remembered."""
        return [s for s, d in self._deciders.items() if d.finished(self.states[s][1])]

    async def load(self, decider: Decider[Any], id: str) -> Any:
        """The aggregate's state, with everything decided before this moment."""
        stream = decider.stream(id)
        if stream not in self.states:
            self.states[stream] = await self._writer.state(stream, decider)
            self._deciders[stream] = decider
        return self.states[stream][1]

    def append(self, decider: Decider[Any], id: str, events: Iterable[Any]) -> None:
        """Add events to a stream that was loaded; they take effect when the whole unit does."""
        stream = decider.stream(id)
        version, state = self.states[stream]
        for event in events:
            version += 1
            state = decider.evolve(state, event)
            self.drafts.append(Draft(stream, version, event, self.new_id(), trace=self._trace))
        self.states[stream] = (version, state)

    def hear(self, stream: str, envelope: Envelope, event: Any) -> None:
        """Log a published event of another service; its version is the source's position."""
        self.drafts.append(
            Draft(
                stream,
                envelope.position,
                event,
                envelope.id,
                origin=envelope.source,
                heard=envelope,
                trace=envelope.trace,
            )
        )

    def write(self, *writes: Write) -> None:
        """The kernel's own rows (checkpoints, parked work) beside the events."""
        self.writes.extend(writes)

    async def read(self, ask: Ask, **params: Any) -> Sequence[Row]:
        """Facts from a view, fresh: all that was decided before this unit is in them."""
        await self._writer.flush()
        return await self._writer.log.db.fetch(ask, **params)

    async def glance(self, ask: Ask, **params: Any) -> Sequence[Row]:
        """Committed rows, without what this batch has decided: for what only the caller writes."""
        return await self._writer.log.db.fetch(ask, **params)

    def new_id(self) -> str:
        """A new opaque id."""
        return new_id(self._writer.clock)


def command_id(actor: str, command: str, key: str) -> str:
    """The stored id of a command: who, which, and the caller's key, hashed."""
    return hashlib.blake2b(f"{actor}|{command}|{key}".encode(), digest_size=20).hexdigest()


def digest_of(body: bytes) -> bytes:
    """What tells one body from another under the same key."""
    return hashlib.blake2b(body, digest_size=16).digest()
