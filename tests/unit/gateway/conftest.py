"""A bus, the services on it, and a browser at the gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from nats.aio.client import Client

from tests.unit.gateway.bus import Services, browser, bus, services_on


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    """A connection to a bus of this test's own."""
    async with bus(tmp_path / "nats") as connected:
        yield connected


@pytest.fixture
async def services(client: Client) -> AsyncIterator[Services]:
    """What answers behind the gateway."""
    async with services_on(client) as answering:
        yield answering


@pytest.fixture
def ana(client: Client, services: Services) -> httpx2.AsyncClient:
    """Ana's browser: signed in, with her own record and her son's."""
    return browser(client, sid="ana's session")


@pytest.fixture
def stranger(client: Client, services: Services) -> httpx2.AsyncClient:
    """A browser without any cookie."""
    return browser(client)
