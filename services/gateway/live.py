"""Server-sent events: a page learns that it should look again, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from nats.aio.client import Client

from contracts.common import Caller, Role
from kernel.decider import Refused
from services.gateway.sessions import Sessions

LOOK_SECONDS = 5
CHANGED = b"event: changed\ndata:\n\n"
STILL_HERE = b": still here\n\n"


def audience(caller: Caller) -> str:
    """Which hints a caller may hear."""
    if caller.role is Role.PATIENT:
        return f"live.patient.{caller.patient}"
    return f"live.staff.{caller.role}"


async def hints(
    client: Client, sessions: Sessions, cookie: str, caller: Caller
) -> AsyncIterator[bytes]:
    """One `changed` per hint (several at once become one), until the session ends.

    Looking whether the session still lives is background work: it moves no limit (R45).
    """
    changed = asyncio.Event()

    async def note(_: object) -> None:
        changed.set()

    subscription = await client.subscribe(audience(caller), cb=note)
    try:
        yield STILL_HERE
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await changed.wait()
                changed.clear()
                yield CHANGED
            except TimeoutError:
                await sessions.of(cookie, active=False)
                yield STILL_HERE
    except Refused:
        yield CHANGED  # the page looks again, and learns that it is signed out
    finally:
        await subscription.unsubscribe()
