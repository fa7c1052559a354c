"""Runs one reaction over the log: checkpoint, retries in order, parking, reminders."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from opentelemetry.trace import SpanKind

from kernel.clock import from_micros, micros
from kernel.event_log import EventLog
from kernel.policy import Host, React, Reaction
from kernel.projection import Record, delete, upsert
from kernel.store.port import Ask, Op, Row, Write
from kernel.store.schema import CHECKPOINT, PARKED, TIMER
from kernel.telemetry import meter, span
from kernel.turn import Turn, Unit

CHUNK = 200
AT_ONCE = 16
ATTEMPTS = 30
SLOWEST = timedelta(minutes=5)
TICK_SECONDS = 0.5
SAVE_SECONDS = 1
log = logging.getLogger(__name__)

_CHECKPOINT = Ask(sa.select(CHECKPOINT).where(CHECKPOINT.c.name == sa.bindparam("which")))
_SET_CHECKPOINT = upsert(CHECKPOINT)
_WAITING = Ask(
    sa.select(PARKED)
    .where(PARKED.c.reaction == sa.bindparam("which"))
    .order_by(PARKED.c.position)
    .limit(1000)
)
_PARK = upsert(PARKED)
_UNPARK = Op(
    sa.delete(PARKED).where(
        PARKED.c.reaction == sa.bindparam("which"), PARKED.c.position == sa.bindparam("exactly")
    )
)
_FAILED = sa.exists().where(
    PARKED.c.reaction == TIMER.c.reaction, PARKED.c.position == TIMER.c.position
)
_DUE = Ask(
    sa.select(TIMER)
    .where(TIMER.c.reaction == sa.bindparam("which"), TIMER.c.due <= sa.bindparam("moment"))
    .where(~_FAILED)  # that one is tried again with the other failed work
    .order_by(TIMER.c.due)
    .limit(CHUNK)
)
_DUE_OF = Ask(
    sa.select(TIMER)
    .where(TIMER.c.reaction == sa.bindparam("which"), TIMER.c.due <= sa.bindparam("moment"))
    .where(TIMER.c.position == sa.bindparam("exactly"))
    .order_by(TIMER.c.due)
    .limit(1)
)
_REMIND = upsert(TIMER)
_REMINDED = delete(TIMER, "reaction", "position", "due")


class Reactor:
    """One reaction's loop."""

    def __init__(self, reaction: Reaction, host: Host, events: EventLog) -> None:
        self._reaction = reaction
        self._host = host
        self._events = events
        self._wake = asyncio.Event()
        self._position = 0
        self._saved = 0
        self._saved_at = 0.0
        self._looked_at = 0.0
        self._idle = False
        self._held: dict[str, set[int]] = {}
        self._bound = asyncio.Semaphore(AT_ONCE)
        self._failures = meter(__name__).create_counter("portal_reaction_failures_total")

    @property
    def name(self) -> str:
        """The reaction's name."""
        return self._reaction.name

    @property
    def position(self) -> int:
        """How far it has come: every event up to here is handled, or waits in `parked`."""
        return self._position

    @property
    def held(self) -> int:
        """How many events wait for another try or for a person."""
        return sum(len(positions) for positions in self._held.values())

    def wake(self, records: Sequence[Record] = ()) -> None:
        """There is something new in the log. What does not concern us is passed over at once."""
        next_one = records[0].position == self._position + 1 if records else False
        if self._idle and next_one and not any(self._mine(record) for record in records):
            self._position = records[-1].position
        else:
            self._wake.set()

    async def run(self) -> None:
        """React for ever."""
        rows = await self._events.db.fetch(_CHECKPOINT, which=self._key)
        self._position = self._saved = rows[0]["position"] if rows else 0
        for row in await self._waiting():
            self._hold(row["stream"], row["position"])
        while True:
            self._wake.clear()
            while await self._advance():
                pass
            await self._look_after()
            self._idle = True
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_SECONDS):
                    await self._wake.wait()
            self._idle = False

    async def _look_after(self) -> None:
        """What time brings, twice a second at most: retries, reminders, the checkpoint."""
        moment = asyncio.get_running_loop().time()
        if moment - self._looked_at < TICK_SECONDS:
            return
        self._looked_at = moment
        await self._retry()
        await self._reminders()
        await self._save()

    def _mine(self, record: Record) -> bool:
        return type(record.event) in self._reaction.kinds

    @property
    def _key(self) -> str:
        return f"reaction:{self._reaction.name}"

    async def _advance(self) -> bool:
        """Handle the next chunk of the log; False when there was none."""
        records = await self._events.after(self._position, CHUNK)
        sequences: dict[str, list[Record]] = {}  # begun in the log's order, those at once too
        for record in records:
            if self._mine(record):
                sequences.setdefault(_sequence(record), []).append(record)
        await asyncio.gather(*map(self._sequence, sequences.values()))
        if records:
            self._position = records[-1].position
        return bool(records)

    async def _sequence(self, records: Sequence[Record]) -> None:
        """Events of one patient (or stream), in order; after a failure the rest waits behind it."""
        async with self._bound:
            for record in records:
                held = self._held.get(_sequence(record), ())
                if record.position in held:
                    continue  # read again after a restart: it waits already, as it was
                if held:
                    await self._park(record, attempts=0, error="behind a failed one")
                else:
                    await self._try(record, attempts=0)

    async def _try(self, record: Record, attempts: int, due: int | None = None) -> bool:
        """Run the reaction; `due` is the moment of the reminder when that is why."""
        react: React[object] = React(self._host, self._reaction, record, due is not None, due or 0)
        try:
            with span(f"react {self._reaction.name}", SpanKind.INTERNAL, record.trace):
                await self._reaction.handler(record.event, record, react)
        except Exception as error:  # noqa: BLE001  # whatever it is: kept, visible, retried
            self._failures.add(1, {"reaction": self._reaction.name})
            log.warning("%s failed (%s), try %d", self._key, type(error).__name__, attempts + 1)
            await self._park(record, attempts + 1, type(error).__name__)
            return False
        for at in react.reminders:
            await self._write(self._timer(_REMIND, record.position, micros(at)))
        return True

    async def _park(self, record: Record, attempts: int, error: str) -> None:
        delay = min(timedelta(seconds=2 ** min(attempts, 10) / 2), SLOWEST)
        state = "parked" if attempts >= ATTEMPTS else "waiting"
        await self._write(
            _PARK(
                reaction=self._reaction.name,
                position=record.position,
                stream=_sequence(record),
                state=state,
                attempts=attempts,
                due=micros(self._host.now() + delay),
                error=error,
            )
        )
        self._hold(_sequence(record), record.position)

    async def _retry(self) -> None:
        """Try again the first waiting event of each sequence whose time has come."""
        if not self._held:
            return
        rows = await self._waiting()
        self._held.clear()
        for row in rows:
            self._hold(row["stream"], row["position"])
        now = self._host.now()
        blocked: set[str] = set()
        for row in rows:
            due = row["state"] == "waiting" and from_micros(row["due"]) <= now
            if row["stream"] in blocked or not due:
                blocked.add(row["stream"])
                continue
            position = row["position"]
            reminder = await self._reminder(position, micros(now))
            if await self._try(await self._events.at(position), row["attempts"], reminder):
                done = [_UNPARK(which=self._reaction.name, exactly=position)]
                done += [] if reminder is None else [self._timer(_REMINDED, position, reminder)]
                await self._write(*done)
                self._held[row["stream"]].discard(position)
            else:
                blocked.add(row["stream"])

    async def _reminders(self) -> None:
        now = micros(self._host.now())
        for row in await self._events.db.fetch(_DUE, which=self._reaction.name, moment=now):
            position, due = row["position"], row["due"]
            if await self._try(await self._events.at(position), attempts=0, due=due):
                await self._write(self._timer(_REMINDED, position, due))

    async def _reminder(self, position: int, now: int) -> int | None:
        """The moment of the reminder of this event that has come; None when none has."""
        rows = await self._events.db.fetch(
            _DUE_OF, which=self._reaction.name, exactly=position, moment=now
        )
        return rows[0]["due"] if rows else None

    def _timer(self, op: Op, position: int, due: int) -> Write:
        return op(reaction=self._reaction.name, position=position, due=due)

    async def _waiting(self) -> Sequence[Row]:
        return await self._events.db.fetch(_WAITING, which=self._reaction.name)

    async def _save(self) -> None:
        """Store the checkpoint. Late is harmless: what is done twice has the same keys."""
        moment = asyncio.get_running_loop().time()
        if self._position != self._saved and moment - self._saved_at > SAVE_SECONDS:
            self._saved_at = moment
            await self._write(_SET_CHECKPOINT(name=self._key, position=self._position))
            self._saved = self._position

    async def _write(self, *writes: Write) -> None:
        async def written(turn: Turn) -> None:
            turn.write(*writes)

        await self._host.submit(Unit(written, actor=self._key))

    def _hold(self, sequence: str, position: int) -> None:
        self._held.setdefault(sequence, set()).add(position)


def _sequence(record: Record) -> str:
    """What must stay in order: the patient's events, else the stream's."""
    return record.owner or record.stream
