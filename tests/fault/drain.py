"""After the last fault: wait until nothing is on its way, and look at what the bus holds."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig
from nats.js.errors import NotFoundError

from contracts.catalog import HEARD, PUBLISHED, SERVICES, stream_of
from kernel.bus.connect import connect
from kernel.bus.embedded import EmbeddedNats, free_port
from kernel.bus.requests import Unavailable
from kernel.operations import GetHealth, HealthAnswer
from kernel.outbox import POSITION
from portal.operator import Operator
from portal.places import Places
from tests.fault.stores import heads, marks

LOOK_SECONDS = 0.3
CALM = 3
"""How many looks in a row must find nothing to do."""


async def drained(places: Places, patience: float) -> str:
    """Wait until it is; what still was on its way when the patience ended, else empty."""
    operator = await Operator.reach(places)
    deadline = time.monotonic() + patience
    calm, left = 0, ""
    while calm < CALM:
        left = await _left(operator) or _unheard(Path(places.data))
        calm = 0 if left else calm + 1
        if left and time.monotonic() > deadline:
            break
        await asyncio.sleep(LOOK_SECONDS)
    await operator.close()
    return left


async def _left(operator: Operator) -> str:
    """The first service that has something to do."""
    for service in SERVICES:
        try:
            health = await operator.ask(GetHealth(), HealthAnswer, service=service)
        except Unavailable:
            return f"{service} does not answer"
        if health.outbox:
            return f"{service} has {health.outbox} events to send"
        for reaction in health.reactions:
            if reaction.lag or reaction.waiting:
                return f"{service} {reaction.name}: {reaction.lag} behind, {reaction.waiting} wait"
    return ""


def _unheard(data: Path) -> str:
    """The first topic that a service has not heard to its end."""
    there = heads(data)
    for consumer, contracts in HEARD.items():
        heard = marks(data, consumer)
        for source, topic in dict.fromkeys((c.service, c.topic) for c in contracts):
            if heard.get((source, topic), 0) < there.get((source, topic), 0):
                return f"{consumer} has not heard all of {source} {topic}"
    return ""


async def on_the_bus(data: Path) -> dict[str, list[int]]:
    """Per publishing service the positions that its stream holds, in the stream's order.

    The portal is stopped: its bus is read by a server of our own on the same store, without users.
    """
    server = EmbeddedNats(data / "nats", free_port())
    server.start()
    client = await connect(server.url, "harness")
    try:
        return {
            service: await _positions(client.jetstream(timeout=5), service)
            for service in sorted({contract.service for contract in PUBLISHED})
        }
    finally:
        await client.close()
        server.stop()


async def _positions(js: JetStreamContext, service: str) -> list[int]:
    try:
        count = (await js.stream_info(stream_of(service))).state.messages
    except NotFoundError:
        return []
    config = ConsumerConfig(headers_only=True)
    reader = await js.subscribe(
        f"evt.{service}.>", stream=stream_of(service), ordered_consumer=True, config=config
    )
    found = []
    for _ in range(count):
        message = await reader.next_msg(timeout=10)
        found.append(int((message.headers or {})[POSITION]))
    await reader.unsubscribe()
    return found
