"""The relay: sends the log's published events to JetStream, in order, and keeps no cursor.

The stream's own tail is the cursor: its last message names the position that was sent last, and
each publish expects the last sequence, so that a second relay is refused (DESIGN §3.6).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta

import nats.errors
from nats.js import JetStreamContext
from nats.js.errors import APIError, NotFoundError
from nats.js.errors import Error as JetStreamError
from opentelemetry.trace import SpanKind

from kernel.clock import Clock, micros
from kernel.envelope import Envelope, event_subject
from kernel.event_log import TO_PUBLISH, YOUNGER, EventLog
from kernel.telemetry import HEADER, current, meter, span

WINDOW = 64
RETRY_SECONDS = 0.25
LOOK_SECONDS = 2
POSITION, INCARNATION = "Portal-Position", "Portal-Incarnation"
LAST_SEQUENCE = "Nats-Expected-Last-Sequence"
log = logging.getLogger(__name__)


class TailAhead(Exception):
    """The stream holds positions that this log never gave: somebody else's, or a lost log."""


class Refenced(Exception):
    """The stream's tail is not where we thought: read it again."""


class Relay:
    """Publishes one service's events. Woken by each commit; started again after any failure."""

    def __init__(
        self, events: EventLog, js: JetStreamContext, stream: str, clock: Clock, keep: timedelta
    ) -> None:
        self._events = events
        self._js = js
        self._stream = stream
        self._clock = clock
        self._keep = keep
        self._wake = asyncio.Event()
        self._sent = -1
        self.sent_total = meter(__name__).create_counter("portal_outbox_published_total")

    def wake(self, *_: object) -> None:
        """There is something new in the log."""
        self._wake.set()

    @property
    def sent(self) -> int:
        """The last position known to be on the bus (-1 until the tail has been read)."""
        return self._sent

    async def run(self) -> None:
        """Follow the log for ever."""
        while True:
            try:
                position, sequence = await self._tail()
                self._sent = position
                await self._follow(position, sequence)
            except (TimeoutError, Refenced, nats.errors.Error, JetStreamError) as error:
                log.warning("relay %s: %s, reading the tail again", self._stream, error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _tail(self) -> tuple[int, int]:
        """The last position on the stream, and the stream's last sequence."""
        info = await self._js.stream_info(self._stream)
        sequence = info.state.last_seq
        if info.state.messages == 0:
            return await self._before_young(), sequence
        try:
            message = await self._js.get_msg(self._stream, seq=sequence)
        except NotFoundError:  # aged out between the two questions
            return await self._before_young(), sequence
        headers = message.headers or {}
        position = int(headers.get(POSITION, "0"))
        if headers.get(INCARNATION) == self._events.incarnation and position > self._events.head:
            raise TailAhead(f"{self._stream} is at {position}, the log at {self._events.head}")
        return position, sequence

    async def _before_young(self) -> int:
        """Nothing on the stream: begin with the first event younger than what the bus keeps."""
        head = self._events.head  # before looking: what is committed meanwhile comes after it
        since = micros(self._clock.now() - self._keep)
        rows = await self._events.db.scan(YOUNGER, since=since)
        first: int | None = rows[0]["position"]
        return head if first is None else first - 1

    async def _follow(self, position: int, sequence: int) -> None:
        while True:
            self._wake.clear()
            # Most commits publish nothing: a long tail of such events is not looked through again.
            news = self._events.published > position
            rows = await self._events.db.fetch(TO_PUBLISH, above=position) if news else []
            envelopes = await self._events.envelopes(rows)
            for start in range(0, len(envelopes), WINDOW):
                window = envelopes[start : start + WINDOW]
                await self._send(window, sequence)
                sequence += len(window)
                position = self._sent = window[-1].position
                self.sent_total.add(len(window), {"stream": self._stream})
            if not rows:
                await self._rest(sequence)

    async def _rest(self, sequence: int) -> None:
        """Wait for news, and see now and then that the stream still ends where we left it: after a
        wipe of the bus it is filled again without waiting for the next event.
        """
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            info = await self._js.stream_info(self._stream)
            if info.state.last_seq != sequence:
                raise Refenced("the stream is not what it was") from None

    async def _send(self, envelopes: Sequence[Envelope], sequence: int) -> None:
        """Publish a window; every acknowledgement must be the very next sequence."""
        results = await asyncio.gather(
            *(self._publish(e, sequence + i) for i, e in enumerate(envelopes)),
            return_exceptions=True,
        )
        for result in results:
            if isinstance(result, APIError) and result.err_code == 10071:
                raise Refenced("the stream moved without us")
            if isinstance(result, BaseException):
                raise result

    async def _publish(self, envelope: Envelope, last: int) -> None:
        subject = event_subject(envelope.source, envelope.topic, envelope.name, envelope.patient)
        with span(f"publish {self._stream}", SpanKind.PRODUCER, envelope.trace):
            headers = {
                LAST_SEQUENCE: str(last),
                POSITION: str(envelope.position),
                INCARNATION: envelope.incarnation,
            }
            if (trace := current() or envelope.trace) is not None:
                headers[HEADER] = trace
                envelope = envelope.model_copy(update={"trace": trace})
            body = envelope.model_dump_json().encode()
            ack = await self._js.publish(subject, body, headers=headers, timeout=5)
        if ack.seq != last + 1:
            raise Refenced(f"expected sequence {last + 1}, the stream gave {ack.seq}")
