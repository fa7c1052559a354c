"""The whole portal at rest: its memory, and how soon it is there again."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from bench.load import Asker, request
from bench.portal import memory, portal
from bench.table import Line

MOST_MB = 450
MOST_SECONDS = 6
IDLE_SECONDS = 5


def measure(smoke: bool) -> list[Line]:
    """Start a fresh portal, stop it, start it again, let it rest."""
    with tempfile.TemporaryDirectory(prefix="bench-footprint-") as folder:
        data = Path(folder) / "portal"
        with portal(data) as first:
            fresh = first.ready_after
        with portal(data) as second:
            status = asyncio.run(_page(second.places.port))
            assert status == 200, f"the portal answers {status}"
            time.sleep(1 if smoke else IDLE_SECONDS)
            used = memory(second.process.pid)
    what = f"The whole idle portal: PSS of {len(used)} processes"
    return [
        Line("memory", what, sum(used.values()), "MB", bar=MOST_MB, at_most=True),
        Line("first-start", "First start to ready (then the demo is loaded)", fresh, "s"),
        Line(
            "second-start", "Second start to ready", second.ready_after, "s",
            bar=MOST_SECONDS, at_most=True,
        ),
    ]  # fmt: skip


async def _page(port: int) -> int:
    asker = await Asker().connect(port)
    status, _ = await asker.ask(request("GET", "/sign-in", {}))
    asker.close()
    return status
