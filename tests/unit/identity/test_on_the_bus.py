"""identity on a real nats-server: the sessions' bucket, and the whole service behind it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.aio.client import Client
from pydantic import SecretStr

from contracts.common import Done
from contracts.identity import (
    Exchange,
    ExchangeAnswer,
    OpenStaffAccount,
    RequestRegistration,
    SessionAnswer,
    SignIn,
)
from kernel.bus.embedded import EmbeddedNats, free_port
from kernel.bus.requests import ask, send, subject_of
from kernel.decider import Refused
from kernel.settings import Settings
from services.identity.bucket import Gone, JetStreamBucket, Stale
from services.identity.service import build
from services.identity.sessions import Sessions
from tests.unit.identity import desk
from tests.unit.identity.desk import NOON, PASSWORD

MARIA = "account-1"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedNats]:
    """A nats-server of this test's own."""
    running = EmbeddedNats(tmp_path / "nats" / "store", free_port())
    running.store.parent.mkdir()
    running.start()
    yield running
    running.stop()


@pytest.fixture
def back() -> asyncio.Event:
    """Set when the connection has come back."""
    return asyncio.Event()


@pytest.fixture
async def client(server: EmbeddedNats, back: asyncio.Event) -> AsyncIterator[Client]:
    """A connection that comes back by itself."""

    async def reconnected() -> None:
        back.set()

    connected = await nats.connect(
        server.url,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.05,
        reconnected_cb=reconnected,
    )
    yield connected
    await connected.close()


@pytest.fixture
def bucket(client: Client) -> JetStreamBucket:
    """The bucket; nobody has made it yet."""
    bound = JetStreamBucket()
    bound.bind(client)
    return bound


async def test_the_bucket_keeps_what_the_sessions_stand_on(bucket: JetStreamBucket) -> None:
    with pytest.raises(Gone):
        await bucket.get("k")
    await bucket.create("k", b"one")
    with pytest.raises(Stale):
        await bucket.create("k", b"two")
    _, revision = await bucket.get("k")
    await bucket.update("k", b"two", revision)
    with pytest.raises(Stale):
        await bucket.update("k", b"three", revision)
    value, newest = await bucket.get("k")
    assert value == b"two"
    await bucket.delete("k")
    await bucket.delete("k")
    with pytest.raises(Gone):
        await bucket.get("k")
    with pytest.raises(Stale):  # a write that was under way does not bring it back
        await bucket.update("k", b"three", newest)


async def test_the_bucket_lists_by_pattern(bucket: JetStreamBucket) -> None:
    assert await bucket.keys("a.one.*") == []
    for key in ("a.one.x", "a.one.y", "a.two.x", "z"):
        await bucket.create(key, b"")
    await bucket.delete("a.one.y")
    assert await bucket.keys("a.one.*") == ["a.one.x"]


@pytest.mark.rule("R45")
async def test_sign_out_everywhere_on_the_real_bucket(bucket: JetStreamBucket) -> None:
    numbers = iter(range(1, 9))
    sessions = Sessions(bucket, lambda size: next(numbers).to_bytes(size))
    cookies = [await sessions.open(MARIA, NOON) for _ in range(2)]
    await sessions.end_those("account-1", lambda id, session: True)
    for cookie in cookies:
        with pytest.raises(Refused):
            await sessions.read(cookie, NOON, True)
    assert await bucket.keys(">") == []


async def test_a_wiped_bus_costs_a_sign_in_and_nothing_else(
    server: EmbeddedNats, back: asyncio.Event, bucket: JetStreamBucket
) -> None:
    numbers = iter(range(1, 9))
    sessions = Sessions(bucket, lambda size: next(numbers).to_bytes(size))
    lost = await sessions.open(MARIA, NOON)
    server.kill()
    shutil.rmtree(server.store)
    server.start()
    async with asyncio.timeout(10):
        await back.wait()
    with pytest.raises(Refused) as refusal:
        await sessions.read(lost, NOON, True)
    assert refusal.value.code == "signed-out"
    again = await sessions.open(MARIA, NOON)
    assert (await sessions.read(again, NOON, True)).account == MARIA


class Portal:
    """identity as a running service, and a connection that asks it."""

    def __init__(self, settings: Settings, client: Client) -> None:
        self.service = build(settings)
        self.settings, self.client = settings, client

    async def ask(self, message: Any, answer: Any, token: str = "") -> Any:
        return await ask(self.client, message, answer, token)

    def signed(self, subject: str) -> str:
        """A token as another service of the portal signs it."""
        other = Settings(service=subject, data=self.settings.data)
        return other.sign({"subject": subject, "role": "service"}, 30)


@pytest.fixture
async def portal(server: EmbeddedNats, client: Client, tmp_path: Path) -> AsyncIterator[Portal]:
    """The service, ready."""
    settings = Settings(service="identity", data=tmp_path / "var", nats=server.url)
    (tmp_path / "var").mkdir()
    opened = Portal(settings, client)
    running = asyncio.create_task(opened.service.run())
    ready = asyncio.create_task(opened.service.ready.wait())
    await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED, timeout=20)
    assert ready.done(), running
    yield opened
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.mark.rule("R45")
async def test_staff_sign_in_and_the_gateways_token_verifies(portal: Portal) -> None:
    opens = OpenStaffAccount(
        email="ann@practice.example", name="Ann", role="support", password=SecretStr(PASSWORD)
    )
    account = await portal.ask(opens, Done, portal.signed("operator"))
    signs = SignIn(email="ann@practice.example", password=SecretStr(PASSWORD))
    session = await portal.ask(signs, SessionAnswer)
    assert session.caller.subject == account.id
    exchange = Exchange(cookie=SecretStr(session.cookie), active=True)
    given = await portal.ask(exchange, ExchangeAnswer)
    claims = portal.settings.verifier.claims(given.token)
    said = (claims["iss"], claims["role"], claims["subject"])
    assert said == ("identity", "enrolling", account.id)  # no demo: a second factor comes first


@pytest.mark.rule("R48")
async def test_strangers_register_without_a_token(portal: Portal) -> None:
    form: RequestRegistration = desk.form()
    body = form.model_dump_json().encode()
    reply = await send(portal.client, subject_of(RequestRegistration), body, key="k1")
    assert (reply.status, reply.body) == (202, b"{}")
