"""Server-sent events: a page learns that it should look again, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from nats.aio.client import Client

from contracts.common import Caller, Role
from kernel.bus.requests import Unavailable
from kernel.decider import Refused
from services.gateway.sessions import Sessions

LOOK_SECONDS = 5
CHANGED = b"event: changed\ndata:\n\n"
STILL_HERE = b": still here\n\n"


def audience(caller: Caller) -> str:
    """Which hints a caller may hear: of the record in view, or of their own kind of work.

    Refuses a patient who has no record in view: there is nothing that could change.
    """
    if caller.role is not Role.PATIENT:
        return f"live.staff.{caller.role}"
    if caller.patient is None:
        raise Refused("no-record", "There is no record to show here.", 403)
    return f"live.patient.{caller.patient}"


async def hints(
    client: Client, sessions: Sessions, cookie: str, caller: Caller
) -> AsyncIterator[bytes]:
    """One `changed` per hint (several at once become one), until the session or the access ends:
    with a last `changed`, so that the page looks, and learns it.
    """
    heard = audience(caller)
    changed = asyncio.Event()

    async def note(_: object) -> None:
        changed.set()

    subscription = await client.subscribe(heard, cb=note)
    try:
        yield STILL_HERE
        while True:
            told = await _within(LOOK_SECONDS, changed)
            changed.clear()
            if not await _may_hear(sessions, cookie, caller.patient, heard):
                break
            yield CHANGED if told else STILL_HERE
        yield CHANGED
    finally:
        await subscription.unsubscribe()


async def _may_hear(sessions: Sessions, cookie: str, patient: str | None, heard: str) -> bool:
    """Whether these are still their hints. Looking is background work: it moves no limit (R45)."""
    try:
        session = await sessions.of(cookie, active=False, patient=patient)
        return audience(session.caller) == heard
    except (Refused, Unavailable):
        return False


async def _within(seconds: float, event: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
