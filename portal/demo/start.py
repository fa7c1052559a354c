"""Waits until the portal answers, loads the demo into it, and says where to go."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from kernel.bus.requests import Unavailable
from kernel.operations import GetHealth, HealthAnswer
from kernel.settings import Settings
from portal.demo.load import load_demo
from portal.operator import Operator
from portal.places import LOOPBACK, Places

VT, FS, CR = b"\x0b", b"\x1c", b"\r"
LOOK_SECONDS = 0.05
SHOW_EVERY = 50_000
SERVICES = ("practice", "identity", "labs", "notifier", "interop")


async def load_when_ready(places: Places, started: float, say: Callable[[str], None]) -> None:
    """Progress while the parts come up, then the demo."""
    operator = await _reach(places)
    for number, service in enumerate(SERVICES, 1):
        await _works(operator, service, say)
        say(f"  {service} is ready ({number} of {len(SERVICES)})")
    for port in (places.gateway, places.port, places.mailbox, places.mllp):
        await _open(port)
    say(f"Ready after {time.monotonic() - started:.1f} s.")
    clock = Settings(service="operator", data=Path(places.data), demo=True).clock

    async def send_mllp(message: bytes) -> bytes:
        return await _mllp(places.mllp, message)

    await load_demo(operator.ask, send_mllp, say, clock.now(), places.url)
    say(f"The portal is at {places.url}; mail goes to {places.url}/demo/mailbox. Ctrl-C stops it.")
    await operator.close()


async def _reach(places: Places) -> Operator:
    await _open(places.nats_port)
    return await Operator.reach(places)


async def _works(operator: Operator, service: str, say: Callable[[str], None]) -> None:
    """Wait for a service; one that folds its views says how far it is, in steps worth a line."""
    shown = 0
    while True:
        try:
            health = await operator.ask(GetHealth(), HealthAnswer, service=service)
            if health.stage == "working":
                return
            done, of = health.folded
            if done - shown >= SHOW_EVERY:
                shown = done
                say(f"  {service} makes its views: {done:,} of {of:,} events")
        except Unavailable:
            pass  # not there yet
        await asyncio.sleep(LOOK_SECONDS)


async def _open(port: int) -> None:
    """Wait until somebody listens on this port."""
    while True:
        try:
            _, writer = await asyncio.open_connection(LOOPBACK, port)
            writer.close()
            return
        except OSError:
            await asyncio.sleep(LOOK_SECONDS)


async def _mllp(port: int, message: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    writer.write(VT + message + FS + CR)
    reply = await reader.readuntil(FS + CR)
    writer.close()
    return reply.strip(VT + FS + CR)
