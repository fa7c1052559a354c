"""Waiting for what must become true: by looking, never by guessing how long it takes."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable

LOOK_SECONDS = 0.005
PATIENCE_SECONDS = 30.0


async def until(
    condition: Callable[[], bool | Awaitable[bool]], timeout: float = PATIENCE_SECONDS
) -> None:
    """Return as soon as `condition` (plain or async) holds; AssertionError after `timeout` s.

    The time-out only ends a test that has failed: nothing may pass because of it.
    """
    try:
        async with asyncio.timeout(timeout):
            while True:
                if await _holds(condition):
                    return
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        raise AssertionError(f"{_named(condition)} did not become true in {timeout} s") from None


async def _holds(condition: Callable[[], bool | Awaitable[bool]]) -> bool:
    found = condition()
    return await found if inspect.isawaitable(found) else found


def _named(condition: Callable[[], bool | Awaitable[bool]]) -> str:
    code = getattr(condition, "__code__", None)
    return f"the condition at {code.co_filename}:{code.co_firstlineno}" if code else str(condition)
