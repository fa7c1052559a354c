"""For all tests: one real PostgreSQL server, where one can run."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest

from kernel.testing.postgres import PostgresServer, postgres, why_not


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the PostgreSQL half out, and say so, where no server can be started."""
    needs = [item for item in items if item.get_closest_marker("postgres")]
    reason = why_not() if needs else None
    if reason is not None:
        message = f"{len(needs)} tests on PostgreSQL are left out: {reason}"
        warnings.warn(pytest.PytestWarning(message), stacklevel=1)
        config.hook.pytest_deselected(items=needs)
        items[:] = [item for item in items if item not in needs]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for the whole run."""
    with postgres() as server:
        yield server
