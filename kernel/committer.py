"""Group commit: one task takes units of work from a queue, decides a batch of them against cached
state, writes everything in one transaction, commits once, and only then answers (DESIGN §3.2).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from kernel.clock import Clock, micros
from kernel.decider import Decider, Refused
from kernel.event_log import ADVANCE, EventLog
from kernel.projection import Record, View
from kernel.store.port import Ask, Conflict, Op, Write
from kernel.store.schema import COMMAND
from kernel.turn import Stored, Turn, Unit

MAX_BATCH = 128
REMEMBERED_STREAMS = 20_000

_ANSWERED = Ask(sa.select(COMMAND).where(COMMAND.c.id == sa.bindparam("which")))
_ANSWER = Op(sa.insert(COMMAND))


class Fenced(Exception):
    """Another process has become the writer of this log: this one must stop writing."""


class Stopping(Exception):
    """The writer was stopped. Whether the work was done is not known to who asked for it."""


class Committer:
    """The one writer of a log. `submit` returns when the unit is durable."""

    def __init__(self, log: EventLog, views: Sequence[View], clock: Clock) -> None:
        self.log = log
        self.clock = clock
        self.term = 0
        self.after_commit: list[Callable[[Sequence[Record]], None]] = []
        self._views = tuple(views)
        self._queue: asyncio.Queue[Unit] = asyncio.Queue()
        self._cache: OrderedDict[str, tuple[int, Any]] = OrderedDict()
        self._pending = _Batch(log)
        self._failed: Exception | None = None

    async def submit(self, unit: Unit) -> Any:
        """Queue a unit and wait for its answer. Raises what the unit raised."""
        if self._failed is not None:
            raise self._failed
        self._queue.put_nowait(unit)
        return await unit.done

    async def run(self) -> None:
        """Take batches for ever; ends by raising Fenced when another writer has taken over."""
        self._pending = _Batch(self.log)  # the log has been read since this object was made
        units: list[Unit] = []
        try:
            while True:
                units = [await self._queue.get()]
                while len(units) < MAX_BATCH and not self._queue.empty():
                    units.append(self._queue.get_nowait())
                await self._batch(units)
        except Fenced as fenced:
            self._stop(units, fenced)
            raise
        except asyncio.CancelledError:
            self._stop(units, Stopping("this process writes no more"))
            raise

    async def state(self, stream: str, decider: Decider[Any]) -> tuple[int, Any]:
        """Version and state of a stream: from the cache, else folded from the log."""
        known = self._cache.get(stream)
        if known is not None:
            self._cache.move_to_end(stream)
            return known
        version, state = 0, decider.initial
        for record in await self.log.read_stream(stream, 0):
            version, state = record.version, decider.evolve(state, record.event)
        self._remember(stream, (version, state))
        return version, state

    async def flush(self) -> None:
        """Commit what this batch has decided so far, so that a read sees it."""
        if not self._pending.empty:
            await self._commit()

    async def _batch(self, units: list[Unit]) -> None:
        try:
            for unit in units:
                await self._decide(unit)
            await self._commit()
        except (Fenced, asyncio.CancelledError):
            raise
        except Exception:  # noqa: BLE001  # one bad unit must not fail its neighbours
            await self._one_by_one([u for u in units if not u.done.done()])

    async def _one_by_one(self, units: list[Unit]) -> None:
        """After a failed or unknown commit: forget all beliefs, and redo each unit alone."""
        for unit in units:
            try:
                await self._forget()
                await self._decide(unit)
                await self._commit()
            except (Fenced, asyncio.CancelledError):
                raise
            except Exception as error:  # noqa: BLE001  # it goes to the one who asked
                await self._forget()
                _fail(unit, error)

    async def _decide(self, unit: Unit) -> None:
        """Decide one unit into the pending batch. A refusal answers at once: nothing is written."""
        if unit.key is not None:
            again = await self._answered(unit.key, unit.digest)
            if again is not None:
                self._pending.answers.append((unit, again))
                return
        turn = Turn(self, unit, self.clock.now())
        try:
            answer = await unit.handler(turn)
        except Refused as refused:
            # Refused against what earlier units decided: answer only once that is durable.
            self._pending.refusals.append((unit, refused))
            return
        await self._pending.add(turn, unit, answer, self._views)
        for stream, state in turn.states.items():
            self._remember(stream, state)
        self._pending.finished += turn.finished

    async def _answered(self, key: str, digest: bytes) -> Stored | None:
        known = self._pending.keys.get(key)
        if known is None:
            rows = await self.log.db.fetch(_ANSWERED, which=key)
            if not rows:
                return None
            known = (rows[0]["digest"], Stored(rows[0]["status"], rows[0]["answer"]))
        if known[0] != digest:
            raise Refused("key-reused", "This key was used for another request.", 422)
        return known[1]

    async def _commit(self) -> None:
        batch = self._pending
        if batch.records or batch.writes:
            # The last write is the fence: also what appends nothing must come from the one writer.
            moved = ADVANCE.one(old=self.log.head, new=batch.head, term=self.term)
            writes = [*batch.writes, moved]
            await self.log.keys.save()  # before anything sealed with them
            try:
                await self.log.db.commit(writes)
            except Conflict as conflict:
                await self._check_term(conflict)
                raise
            self.log.head, self.log.topics = batch.head, batch.topics
            self.log.committed(batch.records)
        self._pending = _Batch(self.log)
        for stream in batch.finished:  # only now: until here the log did not say it
            self._cache.pop(stream, None)
        for notify in self.after_commit if batch.records else ():
            notify(batch.records)
        batch.answer()

    async def _check_term(self, conflict: Conflict) -> None:
        from kernel.event_log import STATE

        state = (await self.log.db.fetch(STATE))[0]
        if state["fence"] != self.term:
            raise Fenced("another writer holds this log") from conflict

    async def _forget(self) -> None:
        """Drop every belief, and tell of what a commit of unknown outcome did after all."""
        self._cache.clear()
        known = self.log.head
        await self.log.reload()
        self._pending = _Batch(self.log)
        if self.log.head > known:
            records = await self.log.after(known, self.log.head - known)
            for notify in self.after_commit:
                notify(records)

    def _remember(self, stream: str, state: tuple[int, Any]) -> None:
        self._cache[stream] = state
        self._cache.move_to_end(stream)
        while len(self._cache) > REMEMBERED_STREAMS:
            self._cache.popitem(last=False)

    def _stop(self, units: list[Unit], error: Exception) -> None:
        self._failed = error
        while not self._queue.empty():
            units.append(self._queue.get_nowait())
        for unit in units:
            _fail(unit, error)


class _Batch:
    """What has been decided and not yet committed."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self.head = log.head
        self.topics = dict(log.topics)
        self.records: list[Record] = []
        self.writes: list[Write] = []
        self.answers: list[tuple[Unit, Any]] = []
        self.refusals: list[tuple[Unit, Refused]] = []
        self.keys: dict[str, tuple[bytes, Stored]] = {}
        self.finished: list[str] = []

    @property
    def empty(self) -> bool:
        return not (self.records or self.writes)

    async def add(self, turn: Turn, unit: Unit, answer: Any, views: Sequence[View]) -> None:
        """Place a unit's events, and make the rows that they change. All of it, or none of it."""
        topics = dict(self.topics) if turn.drafts else self.topics
        records, writes = await self._log.place(
            turn.drafts, turn.actor, turn.now, self.head, topics
        )
        for view in views:
            for record in records:
                writes.extend(view.project(record))
        writes.extend(turn.writes)
        if unit.key is not None:
            writes.append(
                _ANSWER(
                    id=unit.key,
                    digest=unit.digest,
                    status=answer.status,
                    answer=answer.body,
                    at=micros(turn.now),
                )
            )
            self.keys[unit.key] = (unit.digest, answer)
        self.records += records
        self.writes += writes
        self.head += len(records)
        self.topics = topics
        self.answers.append((unit, answer))

    def answer(self) -> None:
        for unit, answer in self.answers:
            if not unit.done.done():
                unit.done.set_result(answer)
        for unit, refused in self.refusals:
            _fail(unit, refused)


def _fail(unit: Unit, error: Exception) -> None:
    if not unit.done.done():
        unit.done.set_exception(error)
