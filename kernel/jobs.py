"""Long-running jobs that really end when they are cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

AGAIN_SECONDS = 0.1


async def ending(job: Coroutine[Any, Any, None]) -> None:
    """Run a job; when cancelled, cancel it as often as it takes.

    `asyncio.wait_for` of Python 3.11, on which nats-py stands, swallows a cancellation that comes
    in the same moment as the result: a service told to stop would wait for its job for ever.
    """
    task = asyncio.ensure_future(job)
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=AGAIN_SECONDS)
        raise
    task.result()
