"""One portal for all system tests of a module: starting it takes seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from contracts.catalog import SERVICES
from kernel.testing.postgres import PostgresServer
from tests.system.whole_portal import Person, Running, whole_portal


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def engine(request: pytest.FixtureRequest) -> dict[str, str]:
    """What a portal must be told to keep its logs on either engine, in fresh databases."""
    if request.param == "sqlite":
        return {}
    server: PostgresServer = request.getfixturevalue("postgres_server")
    asyncio.run(_databases(server))
    return {
        "PORTAL_DATABASE": f"postgresql://postgres@/{{service}}?host={server.home}",
        "PORTAL_KEYS": f"postgresql://postgres@/{{service}}_keys?host={server.home}",
    }


@pytest.fixture(scope="module")
def portal(engine: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A fresh portal with the demo practice, on either engine."""
    data: Path = tmp_path_factory.mktemp("portal")
    with whole_portal(data, **engine) as running:
        yield running


async def _databases(server: PostgresServer) -> None:
    """A database per service for its log, and one for its keys."""
    connection = await asyncpg.connect(user="postgres", database="postgres", host=str(server.home))
    for name in [n for service in SERVICES for n in (service, f"{service}_keys")]:
        await connection.execute(f"DROP DATABASE IF EXISTS {name}")
        await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()


@pytest.fixture
def stranger(portal: Running) -> Person:
    """Somebody who is not signed in."""
    return Person(portal.gateway)


@pytest.fixture
def support(portal: Running) -> Person:
    """Support staff, signed in."""
    person = Person(portal.gateway)
    person.sign_in("support@harborview.example", portal.password_of("support@harborview.example"))
    return person


@pytest.fixture
def doctor(portal: Running) -> Person:
    """The demo's first provider, signed in."""
    person = Person(portal.gateway)
    person.sign_in("chen@harborview.example", portal.password_of("chen@harborview.example"))
    return person


@pytest.fixture
def patient(portal: Running) -> Person:
    """The demo's enrolled patient, signed in."""
    person = Person(portal.gateway)
    person.sign_in("maya.lindqvist@mail.example", portal.password_of("maya.lindqvist@mail.example"))
    return person
