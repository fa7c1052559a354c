"""Messages in the log: their bytes, which are sealed there and nowhere else, and what became of them."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Protocol, TypeVar

from kernel.envelope import Answer
from kernel.projection import Record
from kernel.store.port import Ask
from kernel.turn import Turn
from services.interop.decider import message as decider
from services.interop.decider.message import FRAME, MESSAGE, Message
from services.interop.events.message import (
    Format,
    MessageReceived,
    MessageSettled,
    PartReceived,
    PartsDiscarded,
    Source,
)
from services.interop.hl7v2.ack import Fault, acknowledgement
from services.interop.parcel import Header
from services.interop.tally import Tally
from services.interop.views.messages import ONE

A = TypeVar("A", bound=Answer)


class Host(Protocol):
    """What the intake uses of the service that it runs in."""

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


class Keeping:
    """What the intake appends to the log, and reads back from it."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def whole(self, id: str, raw: bytes, format: Format, source: Source) -> MessageReceived:
        """The event that keeps these bytes."""
        return MessageReceived(
            message=id,
            format=format,
            source=source,
            size=len(raw),
            received=self._host.now(),
            raw=base64.b64encode(raw).decode("ascii"),
        )

    async def keep(self, wholes: Sequence[MessageReceived]) -> dict[str, Message | BaseException]:
        """Append them all, those left out that are there already. They are asked for together, and so
        committed together; what is wrong with one of them fails nobody else's.
        """
        ids = [whole.message for whole in wholes]
        receive = (partial(decider.receive, whole=whole) for whole in wholes)
        states = await asyncio.gather(*map(self._decide, ids, receive), return_exceptions=True)
        return dict(zip(ids, states, strict=True))

    async def keep_frame(self, id: str, raw: bytes, header: Header, reason: str) -> Message:
        """Keep bytes that are no whole message as refused."""
        whole = self.whole(id, raw, "hl7v2", "mllp")
        seen = Tally(outcome="refused", reason=reason, code="207")
        done = self._settled(id, Message(source="mllp"), seen, FRAME, header, "unknown")
        return await self._decide(id, lambda state: decider.keep(state, whole, done))

    async def keep_part(self, part: PartReceived) -> Message:
        """Append a part of a file, unless it is there already."""
        return await self._decide(part.message, lambda state: decider.take_part(state, part))

    async def discard_parts(self, id: str) -> None:
        """Forget parts that do not add up."""
        await self._decide(id, lambda state: decider.discard_parts(state, id))

    async def keep_parts(self, id: str, format: Format, size: int) -> Message:
        """All parts together are one message."""
        whole = MessageReceived(
            message=id, format=format, source="file", size=size, received=self._host.now()
        )
        return await self._decide(id, lambda state: decider.receive(state, whole))

    async def settle(
        self, id: str, state: Message, seen: Tally, kind: str, header: Header, sender: str
    ) -> Message:
        """Append the outcome of this attempt, once."""
        done = self._settled(id, state, seen, kind, header, sender)
        return await self._decide(id, lambda now: decider.settle(now, done, state.attempt))

    async def handed_over(
        self, id: str, service: str, counts: dict[str, int], refused: tuple[str, ...]
    ) -> None:
        """Append that what waited for a service went to it."""
        await self._decide(id, lambda state: decider.hand_over(state, id, service, counts, refused))

    def _settled(
        self, id: str, state: Message, seen: Tally, kind: str, header: Header, sender: str
    ) -> MessageSettled:
        now = self._host.now()
        fault = Fault(seen.code or "207", seen.where, seen.reason)
        ack = (
            acknowledgement(header, seen.outcome, fault, id, now) if state.source == "mllp" else b""
        )
        return MessageSettled(
            message=id,
            outcome=seen.outcome,
            kind=kind,
            sender=header.sender or sender,
            reason=seen.reason[:200],
            code=seen.code,
            where=seen.where,
            counts=dict(sorted(seen.counts.items())),
            attempt=state.attempt,
            control=header.control,
            ack=ack.decode("ascii"),
            at=now,
            waits=dict(sorted(seen.waits.items())),
        )

    async def state(self, id: str) -> Message:
        """What is known of a message by now."""
        return await self._decide(id, lambda _: [])

    async def has_outcome(self, id: str) -> bool:
        """Whether a message is settled, without reading its stream."""
        rows = await self._host.fetch(ONE, message=id)
        return bool(rows and rows[0]["outcome"])

    async def history(self, id: str) -> Sequence[Record]:
        """Everything that happened to a message, in order; nothing when there is none."""
        return await self._host.history(MESSAGE.stream(id))

    async def bytes_of(self, id: str) -> bytes | None:
        """The bytes of a message; None when they are not there, or their key was destroyed."""
        parts: dict[int, str] = {}
        total = 0
        for record in await self.history(id):
            match record.event:
                case PartReceived() as part:
                    parts = parts if part.total == total else {}
                    parts[part.index], total = part.part, part.total
                case PartsDiscarded():
                    parts = {}
                case MessageReceived(raw=raw) if raw:
                    parts = {0: raw}
        return b"".join(base64.b64decode(parts[n]) for n in sorted(parts)) if parts else None

    async def _decide(self, id: str, decide: Callable[[Message], list[decider.Event]]) -> Message:
        """One decision on one message in a turn of its own; the state after it."""

        async def run(turn: Turn) -> Message:
            turn.append(MESSAGE, id, decide(await turn.load(MESSAGE, id)))
            after: Message = await turn.load(MESSAGE, id)
            return after

        state: Message = await self._host.execute(run, "interop")
        return state
