"""Both engines, real: a SQLite file, and a PostgreSQL server where one can run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from kernel import outbox, reactor, service
from kernel.bus import provision, subscribe
from kernel.testing.nats import TestNats, nats_server
from kernel.testing.postgres import PostgresServer
from tests.kernel.house import House, house_on
from tests.kernel.ward_log import Place, WardLog, opened


@pytest.fixture
async def postgres_url(postgres_server: PostgresServer) -> AsyncIterator[str]:
    """An empty database in it."""
    url = await postgres_server.database()
    yield url
    await postgres_server.give_back(url)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """Where a new log and its keys go, on either engine."""
    if request.param == "sqlite":
        files = f"sqlite:///{tmp_path}"
        yield Place(f"{files}/log/ward.db", f"{files}/keys/ward.db", tmp_path / "log")
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = await server.database()
        yield Place(url, url, server.data)
        await server.give_back(url)


@pytest.fixture
async def ward(place: Place) -> AsyncIterator[WardLog]:
    """An empty log of ward, its committer running."""
    async with opened(place) as log:
        yield log


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the kernel looks at now and then, it looks at at once."""
    monkeypatch.setattr(provision, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(provision, "WAIT_SECONDS", 0.02)
    monkeypatch.setattr(outbox, "RETRY_SECONDS", 0.02)
    monkeypatch.setattr(reactor, "TICK_SECONDS", 0.02)
    monkeypatch.setattr(subscribe, "RETRY_SECONDS", 0.1)


@pytest.fixture
def eager_idle_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hearer that hears nothing asks its source at once."""
    monkeypatch.setattr(service, "IDLE_CHECK_SECONDS", 0.1)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[TestNats]:
    """A nats-server of this test's own."""
    with nats_server(tmp_path / "nats") as running:
        yield running


@pytest.fixture
async def house(server: TestNats, tmp_path: Path, impatient: None) -> AsyncIterator[House]:
    """A bus, and nobody on it yet."""
    async with house_on(server, tmp_path) as empty:
        yield empty
