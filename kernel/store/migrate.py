"""Brings the kernel's own tables to the newest form, with Alembic."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from kernel.store.engine import connection_to

SCRIPTS = Path(__file__).parent / "migrations"
NEWEST = "0001"
_ALONE = threading.Lock()
"""Alembic keeps its context in globals: one migration at a time in a process."""


async def migrate(url: str) -> None:
    """Run the migrations that this database has not seen. `url` names an async driver."""
    await asyncio.to_thread(_migrate, url)


def _migrate(url: str) -> None:
    with _ALONE:
        asyncio.run(_upgrade(url))


async def _upgrade(url: str) -> None:
    async with connection_to(url) as connection:
        await connection.run_sync(_run)


def _run(connection: Connection) -> None:
    if MigrationContext.configure(connection).get_current_revision() == NEWEST:
        return
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
