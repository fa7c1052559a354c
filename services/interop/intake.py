"""The way of every message: keep it, translate it, hand it over, settle it.

1. the bytes are appended (durable); 2. they are translated; 3. identity says who the patient is
and labs takes each report, with keys made of the message's id, so that doing it again changes
nothing; 4. the outcome is appended. Whoever comes second (a resend, the policy after a crash)
joins the work in progress or continues where it stopped.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

from contracts.identity import PatientAnswer
from contracts.labs import PostAnswer, PostReport
from kernel.bus.requests import Unavailable
from kernel.decider import Refused
from kernel.envelope import Answer
from kernel.projection import Record
from kernel.store.port import Ask
from kernel.turn import Turn
from services.interop.decider import message as decider
from services.interop.decider.message import MESSAGE, Message
from services.interop.events.message import (
    Format,
    MessageReceived,
    PartReceived,
    Source,
)
from services.interop.fhir.resources import sender_in
from services.interop.fhir.translate import translate as translate_fhir
from services.interop.hl7v2.translate import header_of
from services.interop.hl7v2.translate import translate as translate_hl7v2
from services.interop.parcel import Parcel, Translated
from services.interop.reading import Reading, reading_of
from services.interop.tally import (
    Tally,
    about_the_message,
    kind_of,
    reason_of,
    settled,
    short_reasons,
)
from services.interop.views.messages import CHUNKS
from services.interop.views.practice import ZONE
from services.interop.views.senders import PROFILE

A = TypeVar("A", bound=Answer)

SMALL = 32 * 1024
"""HL7 messages up to this size are translated at once (some ms); larger ones in a thread."""

MOST_COMMAND = 900_000
"""Bytes of one report as a command: the bus takes messages of 1 MB."""


class Host(Protocol):
    """What this module uses of the service that it runs in."""

    def now(self) -> datetime:
        """The service's clock."""

    async def execute(self, handler: Callable[[Any], Awaitable[Any]], actor: str) -> Any:
        """Decide something in the own log; durable when it returns."""

    async def fetch(self, ask: Ask, **params: Any) -> Sequence[Any]:
        """Read a view."""

    async def history(self, stream: str) -> Sequence[Record]:
        """Every event of a stream of the own log."""

    async def request(self, message: Any, answer: type[A], key: str = "") -> A:
        """Ask another service. Raises Refused or Unavailable."""


def message_id(raw: bytes) -> str:
    """The id of a message: 40 hex digits of the SHA-256 of its bytes."""
    return hashlib.sha256(raw).hexdigest()[:40]


class Intake:
    """Takes messages from every source, each id once at a time."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._running: dict[str, asyncio.Task[Message]] = {}
        self._bundles = asyncio.Semaphore(1)
        self.progress: dict[str, tuple[int, int]] = {}

    async def take(self, raw: bytes, format: Format, source: Source) -> Message:
        """Keep these bytes and settle them. The same bytes again: the outcome they had.

        Raises Unavailable when identity or labs cannot answer: the bytes are kept, and the same
        bytes again (or the policy) continue.
        """
        id = message_id(raw)
        state = await self.receive(id, raw, format, source)
        return state if state.outcome else await self.settle(id, raw)

    async def receive(self, id: str, raw: bytes, format: Format, source: Source) -> Message:
        """Append the bytes unless they are there already."""
        whole = self._whole(id, raw, format, source)
        return await self._decide(id, lambda state: decider.receive(state, whole))

    def _whole(self, id: str, raw: bytes, format: Format, source: Source) -> MessageReceived:
        return MessageReceived(
            message=id,
            format=format,
            source=source,
            size=len(raw),
            received=self._host.now(),
            raw=base64.b64encode(raw).decode("ascii"),
        )

    async def take_part(self, part: PartReceived) -> Message:
        """Keep a part; when it was the last one, check the whole and mark it received.

        Refused `hash-mismatch` when the parts are not the bytes promised: they are forgotten.
        """
        id = part.message
        state = await self._decide(id, lambda state: decider.take_part(state, part))
        if state.received is not None or not state.whole:
            return state
        raw = await self.bytes_of(id)
        if raw is None or hashlib.sha256(raw).hexdigest() != part.sha256:
            await self._decide(id, lambda state: decider.discard_parts(state, id))
            raise Refused("hash-mismatch", "The parts are not the file that was promised.", 422)
        whole = MessageReceived(
            message=id,
            format=part.format,
            source="file",
            size=len(raw),
            received=self._host.now(),
        )
        return await self._decide(id, lambda state: decider.receive(state, whole))

    async def keep(self, raw: bytes, reason: str) -> Message:
        """Keep bytes that are no whole message (a truncated or oversized frame) as refused."""
        id = message_id(raw)
        whole = self._whole(id, raw, "hl7v2", "mllp")
        seen = Tally(outcome="refused", reason=reason, code="207")
        done = settled(id, seen, decider.FRAME, "unknown")
        return await self._decide(id, lambda state: decider.keep(state, whole, done))

    async def settle(self, id: str, raw: bytes | None = None) -> Message:
        """Translate and hand over a kept message, or join whoever is at it already."""
        task = self._running.get(id)
        if task is None:
            task = asyncio.create_task(self._settle(id, raw), name=f"settle {id}")
            self._running[id] = task
            task.add_done_callback(lambda _: self._running.pop(id, None))
        return await asyncio.shield(task)

    async def history(self, id: str) -> Sequence[Record]:
        """Everything that happened to a message, in order; nothing when there is none."""
        return await self._host.history(MESSAGE.stream(id))

    async def bytes_of(self, id: str) -> bytes | None:
        """The bytes of a message that is not applied yet; None when they are not there."""
        rows = await self._host.fetch(CHUNKS, message=id)
        try:
            return b"".join(base64.b64decode(row["body"], validate=True) for row in rows)
        except binascii.Error:
            return None

    async def _settle(self, id: str, raw: bytes | None) -> Message:
        state = await self._decide(id, lambda _: [])
        if state.outcome or state.received is None or state.format is None:
            return state
        raw = raw if raw is not None else await self.bytes_of(id)
        seen = Tally()
        if not raw:
            seen.worse("refused", "The message is empty or its bytes are gone", "207")
            return await self._append_outcome(id, state.attempt, seen, "unknown", "unknown")
        sender = await self._sender_in(raw, state.format)
        reading = await self.reading(sender)
        translated = await self._translate(raw, state.format, state.received, reading)
        ordinal = 0
        total = sum(len(one.parcel.commands) + 1 for one in translated if one.parcel)
        try:
            for one in translated:
                if one.parcel is None:
                    self._note_problem(one, seen)
                    continue
                prefix = f"{id}-{state.attempt}" if state.attempt else id
                ordinal = await self._hand_over(one.parcel, prefix, ordinal, seen, (id, total))
        finally:
            self.progress.pop(id, None)
        first = translated[0].header
        kind = "batch" if len(translated) > 1 else kind_of(translated[0])
        return await self._append_outcome(id, state.attempt, seen, kind, first.sender or sender)

    async def _sender_in(self, raw: bytes, format: Format) -> str:
        """Who sent it, as far as that can be told before it is translated; else `unknown`."""
        if format == "fhir":
            return await asyncio.to_thread(sender_in, raw)
        return header_of(raw).sender or "unknown"

    async def reading(self, sender: str) -> Reading:
        """How a sender's messages are read, as of now: a retry knows what staff have mended."""
        practice = await self._practice_zone()
        rows = await self._host.fetch(PROFILE, sender=sender)
        return reading_of(rows[0]["body"], practice) if rows else Reading(practice)

    async def _practice_zone(self) -> ZoneInfo:
        """Where dates without an offset are read; nothing is translated before it is known."""
        rows = await self._host.fetch(ZONE)
        if not rows:
            raise Unavailable("the practice's profile has not been heard yet")
        return ZoneInfo(rows[0]["zone"])

    async def _translate(
        self, raw: bytes, format: Format, received: datetime, reading: Reading
    ) -> list[Translated]:
        """In a thread where it takes long; one bundle at a time, for the memory it needs."""
        if format == "fhir":
            async with self._bundles:
                return await asyncio.to_thread(translate_fhir, raw, received, reading)
        if len(raw) <= SMALL:
            return translate_hl7v2(raw, received, reading)
        return await asyncio.to_thread(translate_hl7v2, raw, received, reading)

    def _note_problem(self, one: Translated, seen: Tally) -> None:
        if one.problem is None:
            return
        seen.counts[f"message {one.problem.verdict}"] += 1
        seen.worse(one.problem.verdict, one.problem.reason, one.problem.code, one.problem.where)

    async def _hand_over(
        self, parcel: Parcel, prefix: str, ordinal: int, seen: Tally, of: tuple[str, int]
    ) -> int:
        """The patient to identity, then each report to labs. Answers the next free ordinal."""
        for kind, count in parcel.left.items():
            seen.counts[f"{kind} kept for later"] += count
        if parcel.about is None:
            seen.reason = seen.reason or "Kept for later: directories are not handled yet"
            return ordinal
        try:
            found = await self._host.request(parcel.about, PatientAnswer, key=f"{prefix}-{ordinal}")
        except Refused as refusal:
            about_the_message(refusal)
            seen.counts["patient quarantined"] += 1
            seen.worse("quarantined", reason_of(refusal, "identity"), "204", "PID")
            return ordinal + 1 + len(parcel.commands)
        seen.counts["patient applied"] += 1
        ordinal += 1
        for report in parcel.commands:
            self.progress[of[0]] = (ordinal, of[1])
            named = report.model_copy(update={"patient": found.patient})
            assert isinstance(named, PostReport)
            await self._post(named, f"{prefix}-{ordinal}", seen)
            ordinal += 1
        return ordinal

    async def _post(self, report: PostReport, key: str, seen: Tally) -> None:
        """One report to labs, and what became of it."""
        if len(report.model_dump_json()) > MOST_COMMAND:
            seen.counts["report quarantined"] += 1
            seen.worse("quarantined", "A report is larger than can be handed over", "207", "OBX")
            return
        try:
            answer = await self._host.request(report, PostAnswer, key=key)
        except Refused as refusal:
            about_the_message(refusal)
            seen.counts["report quarantined"] += 1
            seen.worse("quarantined", reason_of(refusal, "labs"), "204", "OBR")
            return
        seen.counts[f"report {answer.outcome}"] += 1
        if answer.outcome == "held":
            seen.worse("held", short_reasons(answer.reasons))

    async def _append_outcome(
        self, id: str, attempt: int, seen: Tally, kind: str, sender: str
    ) -> Message:
        done = settled(id, seen, kind, sender, attempt)
        return await self._decide(id, lambda state: decider.settle(state, done, attempt))

    async def _decide(self, id: str, decide: Callable[[Message], list[decider.Event]]) -> Message:
        """One decision on one message in a turn of its own; the state after it."""

        async def run(turn: Turn) -> Message:
            state: Message = await turn.load(MESSAGE, id)
            events = decide(state)
            turn.append(MESSAGE, id, events)
            for event in events:
                state = decider.evolve(state, event)
            return state

        state: Message = await self._host.execute(run, "interop")
        return state
