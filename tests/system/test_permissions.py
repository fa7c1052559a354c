"""The whole portal on a bus where each part may do only what the catalog says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nats
import nats.errors
import pytest

from contracts.catalog import SERVICES
from kernel.bus.connect import options
from kernel.bus.embedded import EmbeddedNats, free_port
from portal.permissions import permissions_of, write
from tests.system.whole_portal import Person, whole_portal


@contextmanager
def guarded_bus(folder: Path) -> Iterator[EmbeddedNats]:
    """A nats-server that knows only the users of the catalog."""
    users = json.loads(write(folder / "users").read_text())
    server = EmbeddedNats(folder / "nats", free_port(), users)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def test_the_portal_works_with_the_least_permissions(tmp_path: Path) -> None:
    credential = str(tmp_path / "users" / "{service}" / "bus.nk")
    with guarded_bus(tmp_path) as bus:
        settings = {"NATS_URL": bus.url, "PORTAL_NATS_CREDENTIAL": credential}
        with whole_portal(tmp_path / "data", **settings) as portal:
            email = "maya.lindqvist@mail.example"
            patient = Person(portal.gateway)
            patient.sign_in(email, portal.password_of(email))
            assert patient.get("labs/results").json()["results"]
            assert "permission denied" not in (portal.data / "portal.log").read_text()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_cannot_speak_for_another(service: str, tmp_path: Path) -> None:
    other = "labs" if service != "labs" else "identity"
    with guarded_bus(tmp_path) as bus:
        seed = str(tmp_path / "users" / service / "bus.nk")
        denied: list[str] = []
        all_denied = asyncio.Event()

        async def note(error: Exception) -> None:
            denied.append(str(error))
            if len(denied) == 4:
                all_denied.set()

        chosen = {**options(service, seed), "error_cb": note}
        client = await nats.connect(bus.url, **chosen)
        for subject in (f"evt.{other}.result.LabVerified.00", f"cmd.{other}.Anything"):
            await client.publish(subject, b"{}")
        await client.subscribe(f"cmd.{other}.>")
        await client.subscribe("evt.>")
        await client.flush()
        await asyncio.wait_for(all_denied.wait(), 5)
        await client.close()
        assert all("permissions violation" in error.lower() for error in denied)


async def test_a_stranger_is_not_let_in(tmp_path: Path) -> None:
    with guarded_bus(tmp_path) as bus, pytest.raises(nats.errors.Error):
        await nats.connect(bus.url, allow_reconnect=False, connect_timeout=2)


def test_nobody_but_its_service_may_publish_an_event() -> None:
    for part in (*SERVICES, "gateway"):
        allowed = [s for s in permissions_of(part)["publish"] if s.startswith("evt.")]
        assert all(s.startswith(f"evt.{part}.") for s in allowed)
