"""The way of every message: keep it, translate it, hand it over, settle it.

1. the bytes are appended (durable); 2. they are translated; 3. identity says who the patient is and
each service takes what it owns, with keys made of the message's id, so that doing it again changes
nothing; 4. the outcome is appended, with the acknowledgement that is given. Whoever comes second (a
resend, the policy after a crash) joins the work in progress or continues where it stopped. What is
about one person goes in the order in which it came.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Coroutine, Sequence
from functools import partial
from typing import Any

from contracts.catalog import SERVICES
from kernel.decider import Refused
from kernel.projection import Record
from services.interop.decider.message import Message
from services.interop.events.message import PartReceived, Source
from services.interop.handing import Handing, size_of
from services.interop.hl7v2.normalise import normalised
from services.interop.hl7v2.numbers import numbers_in
from services.interop.hl7v2.splitting import split
from services.interop.hl7v2.translate import header_of
from services.interop.keeping import Host, Keeping
from services.interop.lanes import Lanes, Place
from services.interop.parcel import Header, Translated
from services.interop.reading import Reading
from services.interop.tally import Tally, kind_of
from services.interop.translating import Translating

TOGETHER = 500
"""Messages of one frame or file that are kept in one unit of work."""

MOST_IN_ONE = 10_000
"""Messages in one frame, or in one file in parts."""

AT_ONCE = 32
"""Messages being translated and handed over together."""


def message_id(raw: bytes) -> str:
    """The id of a whole HL7 message: 40 hex digits of the SHA-256 of its normalised bytes, so that
    one message is one however it came. Its sender and MSH-10 are in it.
    """
    return _id(normalised(raw))


def frame_id(raw: bytes) -> str:
    """The id of bytes that are no whole message. The whole message may still come, as another."""
    return hashlib.sha256(b"frame\x00" + raw).hexdigest()[:40]


class Intake:
    """Takes messages from every source, each id once at a time."""

    def __init__(self, host: Host, served: frozenset[str] = frozenset(SERVICES)) -> None:
        self.keeping = Keeping(host)
        self.translating = Translating(host)
        self.handing = Handing(host, served)
        self.progress: dict[str, tuple[int, int]] = {}
        self._running: dict[str, asyncio.Task[Message]] = {}
        self._lanes = Lanes()
        self._gate = asyncio.Lock()
        self._places = asyncio.Semaphore(AT_ONCE)

    async def take(
        self, raws: Sequence[bytes], source: Source, patience: float | None = None
    ) -> list[Message | BaseException]:
        """Keep these HL7 messages, all in one commit, then settle each; answers in their order.

        One that was taken before has the outcome that it had. Unavailable stands for one whose
        neighbour did not answer, TimeoutError for one that takes longer than `patience`: its bytes
        are kept, and the same again (or the policy) continue.
        """
        ids: list[str] = []
        fresh: dict[str, tuple[bytes, Place]] = {}
        for raw in raws:
            plain = normalised(raw)
            id = _id(plain)
            ids.append(id)
            if id not in self._running and id not in fresh:
                fresh[id] = (raw, self._lanes.enter(numbers_in(plain)))
        if fresh:
            wholes = [
                self.keeping.whole(id, raw, "hl7v2", source) for id, (raw, _) in fresh.items()
            ]
            kept = asyncio.create_task(self.keeping.keep(wholes))
            for id, (raw, place) in fresh.items():
                self._start(id, self._taken(id, raw, place, kept))
        tasks = [self._running[id] for id in ids]
        await asyncio.wait(set(tasks), timeout=patience)
        return [_result(task) for task in tasks]

    async def take_all(
        self, raws: Sequence[bytes], source: Source
    ) -> list[Message | BaseException]:
        """`take` for any number of messages, some at a time for the memory that they need."""
        taken: list[Message | BaseException] = []
        for start in range(0, len(raws), TOGETHER):
            taken += await self.take(raws[start : start + TOGETHER], source)
        return taken

    async def keep_frame(self, raw: bytes, reason: str) -> Message:
        """Keep bytes that are no whole message (a truncated or oversized frame) as refused."""
        return await self.keeping.keep_frame(frame_id(raw), raw, header_of(raw), reason)

    async def take_file(self, part: PartReceived) -> list[Message]:
        """Take a file all of whose parts are in. A FHIR file is one message; of HL7 messages each
        stands for itself. Raises Unavailable, `too-many`, and `hash-mismatch` when the parts are not
        the bytes promised: they are forgotten.
        """
        id = part.message
        state = await self.keeping.state(id)
        if state.received is None:
            raw = await self.bytes_of(id) or b""
            if hashlib.sha256(raw).hexdigest() != part.sha256:
                await self.keeping.discard_parts(id)
                raise Refused("hash-mismatch", "The parts are not the file that was promised.", 422)
            if part.format == "hl7v2":
                raws = split(raw) or [raw]
                if len(raws) > MOST_IN_ONE:
                    raise Refused("too-many", "More messages in one than can be taken.", 422)
                return [_raised(state) for state in await self.take_all(raws, "file")]
            await self.keeping.keep_parts(id, part.format, len(raw))
        return [await self.settle(id)]

    async def settle(self, id: str) -> Message:
        """Settle a kept message, or join whoever is at it already; a settled one changes nothing."""
        if id not in self._running:
            self._start(id, self._resumed(id))
        return await asyncio.shield(self._running[id])

    async def resume(self, id: str) -> None:
        """Settle a kept message if nobody has."""
        if id in self._running or not await self.keeping.has_outcome(id):
            await self.settle(id)

    async def _taken(
        self,
        id: str,
        raw: bytes,
        place: Place,
        kept: asyncio.Task[dict[str, Message | BaseException]],
    ) -> Message:
        try:
            state = _raised((await asyncio.shield(kept))[id])
            return state if state.outcome else await self._in_turn(id, raw, state, place)
        finally:
            place.leave()

    async def _resumed(self, id: str) -> Message:
        async with self._gate:  # one after the other, so that they enter in the order of the log
            state = await self.keeping.state(id)
            if state.outcome or state.received is None:
                return state
            raw = await self.bytes_of(id) or b""
            hl7 = state.format == "hl7v2"
            place = self._lanes.enter(numbers_in(normalised(raw)) if hl7 else ())
        try:
            return await self._in_turn(id, raw, state, place)
        finally:
            place.leave()

    async def _in_turn(self, id: str, raw: bytes, state: Message, place: Place) -> Message:
        await place.turn()
        async with self._places:
            return await self._settle(id, raw, state)

    async def _settle(self, id: str, raw: bytes, state: Message) -> Message:
        seen = Tally()
        if not raw:
            seen.worse("refused", "The message is empty or its bytes are gone", "207")
            return await self.keeping.settle(id, state, seen, "unknown", Header(), "unknown")
        sender, translated = await self.translated(raw, state)
        prefix, ordinal = key_prefix(id, state.attempt), 0
        of = sum(size_of(one.parcel) for one in translated)
        try:
            for one in translated:
                if one.parcel is None:
                    _note_problem(one, seen)
                    continue
                moved = partial(self._moved, id, of)
                await self.handing.hand_over(one.parcel, prefix, ordinal, seen, moved)
                ordinal += size_of(one.parcel)
        finally:
            self.progress.pop(id, None)
        kind, header = kind_of(translated), translated[0].header
        return await self.keeping.settle(id, state, seen, kind, header, sender)

    def _moved(self, id: str, of: int, ordinal: int) -> None:
        self.progress[id] = (ordinal, of)

    async def history(self, id: str) -> Sequence[Record]:
        """Everything that happened to a message, in order; nothing when there is none."""
        return await self.keeping.history(id)

    async def bytes_of(self, id: str) -> bytes | None:
        """The bytes of a message, from the log; None when they are not there (any more)."""
        return await self.keeping.bytes_of(id)

    async def reading(self, sender: str) -> Reading:
        """How a sender's messages are read, as of now: a retry knows what staff have mended."""
        return await self.translating.reading(sender)

    async def translated(self, raw: bytes, state: Message) -> tuple[str, list[Translated]]:
        """Who sent these bytes, and what they say; always the same, but for the sender's profile."""
        if state.format is None or state.received is None:
            raise ValueError("a message that was never received")
        sender = await self.translating.sender_in(raw, state.format)
        reading = await self.reading(sender)
        return sender, await self.translating.translate(raw, state.format, state.received, reading)

    def _start(self, id: str, work: Coroutine[Any, Any, Message]) -> None:
        self._running[id] = asyncio.create_task(work, name=f"settle {id}")
        self._running[id].add_done_callback(partial(self._ended, id))

    def _ended(self, id: str, task: asyncio.Task[Message]) -> None:
        del self._running[id]
        if not task.cancelled():
            task.exception()  # whoever waits has it; perhaps nobody waits any more


def key_prefix(id: str, attempt: int) -> str:
    """What the keys of a message's requests begin with: another try is another request."""
    return f"{id}-{attempt}" if attempt else id


def _id(plain: bytes) -> str:
    return hashlib.sha256(plain).hexdigest()[:40]


def _result(task: asyncio.Task[Message]) -> Message | BaseException:
    if not task.done():
        return TimeoutError()
    return task.exception() or task.result()


def _raised(state: Message | BaseException) -> Message:
    if isinstance(state, BaseException):
        raise state
    return state


def _note_problem(one: Translated, seen: Tally) -> None:
    if one.problem is not None:
        seen.counts[f"message {one.problem.verdict}"] += 1
        seen.worse(one.problem.verdict, one.problem.reason, one.problem.code, one.problem.where)
