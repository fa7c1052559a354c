"""Messages into interop, in batches, some on their way at once; and what became of them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeVar

from contracts.interop import MessageAnswer, TakeMessages, TakenAnswer, TakenMessage, TakePart
from kernel.bus.requests import Unavailable
from kernel.envelope import Answer, Command
from services.interop.hl7v2.splitting import Splitter

A = TypeVar("A", bound=Answer)

PART_BYTES = 120_000
BATCH_BYTES = 128 * 1024
BATCH = 50
AT_ONCE = 4
TRIES = 30
PAUSE_SECONDS = 1.0
MOST_NOTES = 50


class Ask(Protocol):
    """How interop is asked. Raises Refused or Unavailable."""

    async def __call__(self, message: Command, answer: type[A], /) -> A:
        """One command, one answer."""


@dataclass(slots=True)
class Report:
    """What became of all files: counts, and the first notes on what was not applied."""

    outcomes: Counter[str] = field(default_factory=Counter)
    parts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    noted: int = 0
    failed: int = 0
    miscounted: int = 0

    def add(self, where: str, one: TakenMessage | MessageAnswer) -> None:
        """One message and its outcome."""
        self.outcomes[f"{one.kind} {one.outcome or 'kept, and settled later'}"] += 1
        self.parts.update(one.counts)
        if isinstance(one, TakenMessage) and one.repeated:
            self.parts["taken before"] += 1
        if one.outcome not in ("applied", "kept"):
            self.note(f"{where}: {one.outcome or 'not settled yet'}, {one.reason}".rstrip(", "))

    def not_taken(self, where: str, why: str) -> None:
        """Something never reached interop."""
        self.failed += 1
        self.note(f"{where}: not taken, {why}")

    def note(self, text: str) -> None:
        """Something to read; only the first ones are kept."""
        self.noted += 1
        if len(self.notes) < MOST_NOTES:
            self.notes.append(text)

    def summary(self, files: int) -> str:
        """What is printed at the end."""
        lines = [f"{files} files, {self.outcomes.total()} messages."]
        lines += [f"  {count:6d}  {what}" for what, count in sorted(self.outcomes.items())]
        lines += ["What was in them:"] if self.parts else []
        lines += [f"  {count:6d}  {what}" for what, count in sorted(self.parts.items())]
        if self.miscounted:
            lines.append(f"  {self.miscounted:6d}  batches say another number than came")
        if self.failed:
            lines.append(f"  {self.failed:6d}  not taken")
        lines += ["What was not applied, and why:"] if self.notes else []
        lines += [f"  {note}" for note in self.notes]
        if self.noted > len(self.notes):
            lines.append(f"  ... and {self.noted - len(self.notes)} more")
        return "\n".join(lines)


class Feeder:
    """Takes the messages of one file in their order. Call `flush` at its end."""

    def __init__(self, ask: Ask, report: Report, name: str) -> None:
        self._ask = ask
        self._report = report
        self._name = name
        self._batch: list[bytes] = []
        self._size = 0
        self._count = 0
        self._on_the_way: deque[asyncio.Task[None]] = deque()

    async def message(self, raw: bytes) -> None:
        """One HL7 message. Waits when enough is on its way."""
        if len(raw) > BATCH_BYTES:
            await self.flush()
            self._count += 1
            await self.file(raw, "hl7v2", f"{self._name}, message {self._count}")
            return
        if len(self._batch) == BATCH or self._size + len(raw) > BATCH_BYTES:
            await self._send(AT_ONCE - 1)
        self._batch.append(raw)
        self._size += len(raw)

    async def flush(self) -> None:
        """Send what is left, and wait for all of it."""
        await self._send(0)

    async def _send(self, leave: int) -> None:
        """Put the batch on its way, once no more than `leave` others are; they end in their order."""
        if self._batch:
            batch, first = self._batch, self._count + 1
            self._count += len(batch)
            self._batch, self._size = [], 0
            self._on_the_way.append(asyncio.create_task(self._taken(batch, first)))
        while len(self._on_the_way) > leave:
            await self._on_the_way.popleft()

    def stop(self) -> None:
        """Give up: what is on its way is not waited for."""
        while self._on_the_way:
            self._on_the_way.popleft().cancel()

    async def _taken(self, batch: list[bytes], first: int) -> None:
        """One batch; what is not settled at once is asked for again, as often as makes sense."""
        lines: dict[int, TakenMessage] = {}
        left = dict(enumerate(batch, first))
        for attempt in range(TRIES):
            try:
                lines |= await self._asked(left)
            except Unavailable:
                if attempt == TRIES - 1:
                    raise
            left = {n: raw for n, raw in left.items() if n not in lines or not lines[n].outcome}
            if not left:
                break
            await asyncio.sleep(PAUSE_SECONDS)
        for number, one in sorted(lines.items()):
            self._report.add(f"{self._name}, message {number}", one)

    async def _asked(self, left: dict[int, bytes]) -> dict[int, TakenMessage]:
        messages = tuple(base64.b64encode(raw).decode("ascii") for raw in left.values())
        answer = await self._ask(TakeMessages(messages=messages), TakenAnswer)
        return dict(zip(left, answer.messages, strict=True))

    async def file(self, raw: bytes, format: Literal["hl7v2", "fhir"], where: str = "") -> None:
        """A whole file, or a large message, in parts."""
        digest, total = hashlib.sha256(raw).hexdigest(), max(1, -(-len(raw) // PART_BYTES))
        for index in range(total):
            part = raw[index * PART_BYTES : (index + 1) * PART_BYTES]
            command = TakePart(
                format=format,
                name=self._name[:200],
                sha256=digest,
                index=index,
                total=total,
                part=base64.b64encode(part).decode("ascii"),
            )
            answer = await self._told(command)
        while answer.outcome is None:  # a long one: asking again with any part tells how it stands
            if answer.kind == "parts":
                raise Unavailable("not all of its parts are there any more")
            answer = await self._told(command)
        self._report.add(where or self._name, answer)

    async def _told(self, part: TakePart) -> MessageAnswer:
        """One part; while interop or a neighbour does not answer, as often as makes sense."""
        for _ in range(TRIES - 1):
            try:
                return await self._ask(part, MessageAnswer)
            except Unavailable:
                await asyncio.sleep(PAUSE_SECONDS)
        return await self._ask(part, MessageAnswer)

    def checked(self, splitter: Splitter) -> None:
        """What the file said of itself that did not hold."""
        if splitter.miscounted:
            self._report.miscounted += splitter.miscounted
            self._report.note(f"{self._name}: a batch says another number of messages than came")
        for _ in range(splitter.too_large):
            self._report.not_taken(self._name, "a message is larger than 16 MB")
