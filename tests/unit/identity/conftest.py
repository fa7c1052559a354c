"""One fresh identity service per test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.identity.desk import Desk, open_desk


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """The service, its practice configured, at noon of Wednesday 4 March 2026."""
    async with open_desk(tmp_path) as opened:
        yield opened
