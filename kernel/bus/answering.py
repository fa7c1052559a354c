"""Answering: a service's endpoints as a NATS micro service, each request in its own task.

`nats.micro` awaits one request at a time per endpoint, so handlers are spawned, within a bound;
beyond it the answer is 503 at once. Its own statistics do not see spawned work: ours do.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

import nats.micro
from nats.aio.client import Client
from nats.micro.request import Request
from nats.micro.service import Service as MicroService
from opentelemetry.trace import SpanKind

from kernel.api import problem
from kernel.bus.requests import STATUS, Reply
from kernel.telemetry import HEADER as TRACE
from kernel.telemetry import described, meter, span

MOST_AT_ONCE = 1_000
VERSION = "1.0.0"
log = logging.getLogger(__name__)

Answering = Callable[[dict[str, str], bytes], Awaitable[Reply]]
"""From headers and body to the reply."""


class Endpoints:
    """The endpoints of one service process."""

    def __init__(self, client: Client, service: str) -> None:
        self._client = client
        self._service = service
        self._micro: MicroService | None = None
        self._subjects: set[str] = set()
        self._running: set[asyncio.Task[None]] = set()
        self._seconds = meter(__name__).create_histogram("portal_request_seconds", unit="s")

    async def add(self, subject: str, answering: Answering) -> None:
        """Answer a subject from now on; one that is answered already stays as it is."""
        if subject in self._subjects:
            return
        self._subjects.add(subject)
        if self._micro is None:
            self._micro = await nats.micro.add_service(
                self._client, name=self._service, version=VERSION, queue_group=self._service
            )

        async def spawn(request: Request) -> None:
            if len(self._running) >= MOST_AT_ONCE:
                busy = problem(503, "busy", "The portal is busy. Try again in a moment.")
                await _respond(request, busy)
                return
            task = asyncio.create_task(self._serve(subject, request, answering))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

        await self._micro.add_endpoint(
            name=subject.replace(".", "-"),
            subject=subject,
            handler=spawn,
            queue_group=self._service,
        )

    async def stop(self) -> None:
        """Take no more requests, and finish those that were taken."""
        if self._micro is not None:
            await self._micro.stop()
        if self._running:
            await asyncio.wait(self._running, timeout=5)

    async def _serve(self, subject: str, request: Request, answering: Answering) -> None:
        headers = request.headers or {}
        started = time.perf_counter()
        with span(subject, SpanKind.SERVER, headers.get(TRACE)) as current:
            try:
                reply = await answering(headers, request.data)
            except Exception as error:  # noqa: BLE001  # a bug must not be silence for the caller
                log.error("%s failed: %s", subject, described(error))
                reply = problem(500, "error", "Something went wrong on our side.")
            current.set_attribute("portal.status", reply.status)
        self._seconds.record(
            time.perf_counter() - started, {"subject": subject, "status": reply.status}
        )
        await _respond(request, reply)


async def _respond(request: Request, reply: Reply) -> None:
    await request.respond(reply.body, headers={STATUS: str(reply.status)})
