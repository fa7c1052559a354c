"""Makes streams and consumers what the contracts say, and keeps them so.

The bus may be wiped at any moment: the provisioner looks every two seconds and repairs. It never
deletes anything. An existing durable keeps its old configuration silently, so it is updated.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass

import nats.errors
from nats.aio.client import Client
from nats.js.api import DiscardPolicy, StorageType, StreamConfig
from nats.js.errors import Error as JetStreamError
from nats.js.errors import NotFoundError

from kernel.bus.subscribe import Topic

LOOK_SECONDS = 2
WAIT_SECONDS = 0.1
DAY = 24 * 3600
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The stream that this service publishes to (None: it publishes nothing), what it consumes."""

    service: str
    publishes: bool
    topics: tuple[Topic, ...]
    days: int

    @property
    def stream(self) -> str:
        return f"EVT_{self.service.upper()}"


class Provisioner:
    """Keeps one service's stream and consumers in place."""

    def __init__(self, client: Client, wanted: Wanted) -> None:
        self._js = client.jetstream(timeout=2)
        self._wanted = wanted

    async def run(self) -> None:
        """Look and repair, for ever."""
        while True:
            await self.try_repair()
            await asyncio.sleep(LOOK_SECONDS)

    async def try_repair(self) -> None:
        """Repair; while the bus is away, say so and leave it to the next look."""
        try:
            await self.repair()
        except (nats.errors.Error, JetStreamError, TimeoutError) as error:
            log.warning("provision %s: %s", self._wanted.service, type(error).__name__)

    async def repair(self) -> None:
        """Make what is missing; a consumer whose source has no stream yet waits for the next look."""
        if self._wanted.publishes:
            await self._stream()
        for topic in self._wanted.topics:
            await self._consumer(topic)

    async def _stream(self) -> None:
        wanted = stream_config(self._wanted.service, self._wanted.days)
        try:
            found = (await self._js.stream_info(self._wanted.stream)).config
        except NotFoundError:
            await self._js.add_stream(wanted)
            log.info("made stream %s", wanted.name)
            return
        if (found.max_age, found.subjects) != (wanted.max_age, wanted.subjects):
            await self._js.update_stream(wanted)

    async def _consumer(self, topic: Topic) -> None:
        wanted = topic.config()
        try:
            found = (await self._js.consumer_info(topic.stream, topic.durable)).config
        except NotFoundError:
            found = None
        same = found is not None and all(
            getattr(found, name) == getattr(wanted, name)
            for name in ("filter_subject", "ack_wait", "max_ack_pending", "max_deliver")
        )
        if not same:
            try:
                await self._js.add_consumer(topic.stream, wanted)
            except NotFoundError:
                log.debug("consumer %s waits for stream %s", topic.durable, topic.stream)


async def until_ready(provisioner: Provisioner, topics: Iterable[Topic], client: Client) -> None:
    """Wait until every stream that we hear from is there, and our consumers with it."""
    js = client.jetstream(timeout=2)
    for topic in topics:
        while True:
            try:
                await js.consumer_info(topic.stream, topic.durable)
                break
            except (NotFoundError, nats.errors.Error, TimeoutError):
                await asyncio.sleep(WAIT_SECONDS)
                await provisioner.try_repair()


def stream_config(service: str, days: int) -> StreamConfig:
    """A service's stream: refuses what it cannot keep, deletes nothing but by age."""
    return StreamConfig(
        name=f"EVT_{service.upper()}",
        subjects=[f"evt.{service}.>"],
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,
        max_age=days * DAY,
        deny_delete=True,
        deny_purge=True,
        allow_direct=False,
        duplicate_window=1,
    )
