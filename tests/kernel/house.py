"""ward and kitchen as running services on a real nats-server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import nats
import sqlalchemy as sa
from nats.aio.client import Client
from nats.js import JetStreamContext

from kernel.bus.provision import stream_config
from kernel.bus.requests import Reply, ask, send, subject_of
from kernel.clock import TestClock
from kernel.envelope import Answer, Command, Query
from kernel.event_log import AFTER
from kernel.projection import Record
from kernel.service import Service
from kernel.settings import Settings
from kernel.store.port import Ask
from kernel.store.schema import PARKED
from kernel.testing.nats import TestNats
from kernel.testing.waiting import until
from tests.kernel import demo_services as demo
from tests.kernel.ward_log import NOON

A = TypeVar("A", bound=Answer)
STREAM = "EVT_WARD"
WAITING = Ask(sa.select(PARKED).order_by(PARKED.c.position).limit(100))


class House:
    """A bus, and the services that a test starts on it."""

    def __init__(self, server: TestNats, client: Client, data: Path) -> None:
        self.server, self.client, self.data = server, client, data
        self.clock = TestClock(NOON)

    @property
    def js(self) -> JetStreamContext:
        """The test's own access to the bus."""
        return self.client.jetstream(timeout=2)

    def settings(self, service: str, **more: Any) -> Settings:
        """A service's settings, on the test's clock."""
        chosen = Settings(service=service, data=self.data, nats=self.server.url, **more)
        chosen.__dict__["clock"] = self.clock
        return chosen

    def signed(self, issuer: str, **claims: Any) -> str:
        """A token as `issuer` signs it: about itself, unless `claims` say otherwise."""
        whole = {"subject": issuer, "role": "service", **claims}
        return self.settings(issuer).sign(whole, 30)

    async def ask(self, message: Command | Query, answer: type[A], **more: Any) -> A:
        """Ask as an operator."""
        return await ask(self.client, message, answer, self.signed("operator"), **more)

    async def send(self, message: Command | Query, token: str = "", key: str = "") -> Reply:
        """The bare reply."""
        body = message.model_dump_json().encode()
        return await send(self.client, subject_of(type(message)), body, token, key)

    async def take(self, *beds: str, patient: str = "") -> None:
        """Patients come into these beds, one after the other."""
        for bed in beds:
            command = demo.TakeBed(bed=bed, patient=patient or f"patient-of-{bed}", diet="soft")
            await self.ask(command, demo.BedAnswer)

    async def back(self, bring_back: Callable[[], None]) -> None:
        """Bring the server back, and wait until our connection is: what is sent into a broken one
        is lost, and this is not about that."""
        before = self.client.stats["reconnects"]
        bring_back()
        await until(lambda: self.client.stats["reconnects"] > before and self.client.is_connected)

    async def loose_stream(self) -> None:
        """ward's stream, but messages can be deleted from it."""
        config = stream_config("ward", self.settings("ward").bus_days)
        await self.js.add_stream(config.evolve(deny_delete=False, deny_purge=False))

    async def on_the_bus(self) -> int:
        """How many messages ward's stream holds."""
        return (await self.js.stream_info(STREAM)).state.messages


@asynccontextmanager
async def house_on(server: TestNats, data: Path) -> AsyncIterator[House]:
    """The house, nobody in it yet."""
    (data / "var").mkdir(exist_ok=True)
    client = await nats.connect(
        server.url, max_reconnect_attempts=-1, reconnect_time_wait=0.05, error_cb=_quiet
    )
    yield House(server, client, data / "var")
    await client.close()


async def _quiet(error: Exception) -> None:
    """The test takes the server away on purpose."""


@asynccontextmanager
async def living(
    build: Callable[[Settings], Service[Any]], settings: Settings
) -> AsyncIterator[Service[Any]]:
    """A service that runs, ready; stopped as by SIGTERM at the end of the block."""
    service = build(settings)
    task = asyncio.create_task(service.run())
    try:
        await until(lambda: service.ready.is_set() or task.done())
        if task.done():
            task.result()
        yield service
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def both(house: House) -> AsyncIterator[tuple[Service[Any], Service[Any]]]:
    """ward and kitchen."""
    async with AsyncExitStack() as stack:
        source = await stack.enter_async_context(living(demo.ward, house.settings("ward")))
        hearer = await stack.enter_async_context(living(demo.kitchen, house.settings("kitchen")))
        yield source, hearer


async def heard(kitchen: Service[Any]) -> list[Record]:
    """What stands in the kitchen's log of ward's events."""
    rows = await kitchen.db.scan(AFTER, above=0, count=100_000)
    return [r for r in await kitchen.log.records(rows) if r.origin == "ward"]


async def heard_beds(kitchen: Service[Any]) -> list[str]:
    """The beds of the heard events, in the order of the kitchen's log."""
    return [record.event.bed for record in await heard(kitchen)]


async def until_heard(kitchen: Service[Any], *beds: str) -> None:
    """Wait for these events; they must then be all there is, in this order, once each."""
    await until_heard_many(kitchen, len(beds))
    assert await heard_beds(kitchen) == list(beds)
    rows = await kitchen.fetch(demo.ALL_MEALS)
    assert [(row["bed"], row["heard"]) for row in rows] == [(bed, 1) for bed in beds]


async def until_heard_many(kitchen: Service[Any], count: int) -> None:
    """Wait for this many events."""

    async def enough() -> bool:
        return len(await heard(kitchen)) >= count

    await until(enough)


async def until_cooked(kitchen: Service[Any], *beds: str) -> None:
    """Wait until the reaction has dealt with exactly these, in any order."""
    await until(lambda: len(kitchen.deps.cooked) >= len(beds))
    assert sorted(kitchen.deps.cooked) == sorted(beds)


async def parked(kitchen: Service[Any]) -> list[tuple[int, str, int]]:
    """Position, state and attempts of the work that waits."""
    rows = await kitchen.fetch(WAITING)
    return [(row["position"], row["state"], row["attempts"]) for row in rows]
