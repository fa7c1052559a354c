"""The load: ready-made HTTP/1.1 requests over kept connections, from a process of its own.

It parses as little as it can (status, length), so that it is not what is measured.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

import uvloop

END = b"\r\n\r\n"
LENGTH = b"content-length:"
LONGEST_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send where: `count` requests in turn, over so many connections.

    `rate` (requests/s over all connections) paces them; without it each connection sends its next
    request when the last one is answered.
    """

    port: int
    requests: Sequence[bytes]
    count: int
    connections: int
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back: answers per status, seconds from first to last, and each wait in ms."""

    statuses: dict[int, int]
    seconds: float
    waits: list[float]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.waits) / self.seconds

    def wait(self, share: float) -> float:
        """The wait in ms that this share of the requests did not exceed."""
        return quantile(self.waits, share)


def quantile(values: Sequence[float], share: float) -> float:
    """The value that this share does not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """A request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if method == "POST":
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


class Wire(asyncio.Protocol):
    """One connection: a request at a time, `answered` for each response."""

    def __init__(self, answered: Callable[[Wire, int, bytes], None]) -> None:
        self._answered = answered
        self._transport: Any = None
        self._buffer = b""
        self.sent = 0.0
        self.head = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        if error is not None:
            self._answered(self, 0, b"")

    def send(self, content: bytes) -> None:
        """Send a request; the last one must have been answered."""
        self.sent = time.perf_counter()
        self._transport.write(content)

    def close(self) -> None:
        """Hang up."""
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(END)
        if end < 0:
            return
        self.head = self._buffer[:end]
        head = self.head.lower()
        start = head.find(LENGTH) + len(LENGTH)
        stop = head.find(b"\r\n", start)
        total = end + len(END) + int(head[start : stop if stop > 0 else None])
        if len(self._buffer) < total:
            return
        body, self._buffer = self._buffer[end + len(END) : total], b""
        self._answered(self, int(head[9:12]), body)


class Asker:
    """One connection on which a coroutine asks and waits."""

    def __init__(self) -> None:
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._wire = Wire(self._take)

    async def connect(self, port: int) -> Asker:
        """Connect to a port of this machine."""
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self._wire, "127.0.0.1", port)
        return self

    async def ask(self, content: bytes) -> tuple[int, bytes]:
        """Send a request; its status and body."""
        self._answer = asyncio.get_running_loop().create_future()
        self._wire.send(content)
        return await self._answer

    async def opened(self, path: str, body: dict[str, str]) -> str:
        """The cookie that this command sets (`sid`)."""
        status, _ = await self.ask(request("POST", path, {}, json.dumps(body).encode()))
        found = re.search(rb"(?i)set-cookie: sid=([^;]+)", self._wire.head)
        if found is None:
            raise SystemExit(f"no session: {path} answered {status}")
        return found.group(1).decode()

    def close(self) -> None:
        """Hang up."""
        self._wire.close()

    def _take(self, wire: Wire, status: int, body: bytes) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((status, body))


class _Drive:
    """One plan being carried out."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._next: Iterator[bytes] = islice(cycle(plan.requests), plan.count)
        self._statuses: Counter[int] = Counter()
        self._waits: list[float] = []
        self._done = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._last = 0.0

    async def run(self) -> Outcome:
        """Connect all, send all."""
        plan = self._plan
        wires = [Wire(self._answered) for _ in range(plan.connections)]
        for wire in wires:
            await self._loop.create_connection(lambda wire=wire: wire, "127.0.0.1", plan.port)  # type: ignore[misc]
        started = time.perf_counter()
        for number, wire in enumerate(wires):
            if plan.rate is None:
                self._send(wire)
            else:
                self._loop.call_later(number / plan.rate, self._send, wire)
        async with asyncio.timeout(LONGEST_SECONDS):
            await self._done.wait()
        for wire in wires:
            wire.close()
        return Outcome(dict(self._statuses), self._last - started, self._waits)

    def _send(self, wire: Wire) -> None:
        content = next(self._next, None)
        if content is not None:
            wire.send(content)

    def _answered(self, wire: Wire, status: int, body: bytes) -> None:
        now = self._last = time.perf_counter()
        self._statuses[status] += 1
        self._waits.append((now - wire.sent) * 1000)
        if len(self._waits) == self._plan.count:
            self._done.set()
        elif self._plan.rate is None:
            self._send(wire)
        else:
            due = wire.sent + self._plan.connections / self._plan.rate
            self._loop.call_later(max(0.0, due - now), self._send, wire)


def drive(plan: Plan) -> Outcome:
    """Carry out a plan in this process."""

    async def run() -> Outcome:
        return await _Drive(plan).run()

    return uvloop.run(run())


def process() -> ProcessPoolExecutor:
    """The load's own process: `with process() as load: load.submit(drive, plan)`."""
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))


def checked(outcome: Outcome, wanted: int) -> Outcome:
    """Only answers of one status count."""
    if set(outcome.statuses) != {wanted}:
        raise SystemExit(f"expected only {wanted}, got {outcome.statuses}")
    return outcome
