"""For all tests: one real PostgreSQL server, where one can run, and what was left out."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path

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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what could not be tried because the data of others is not here."""
    shared = Path(os.environ.get("PORTAL_SHARED", "../shared")) / "data"
    for part in ("fhir", "hl7v2", "sensitive_loinc.csv"):
        if not (shared / part).exists():
            terminalreporter.write_line(f"left out: what reads {shared / part}, which is not here")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for the whole run."""
    with postgres() as server:
        yield server
