"""Which faults come, in which order: seeded, so that a seed names a run's faults."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable

from tests.fault.running import Portal

PARTS = ("practice", "identity", "labs", "notifier", "interop", "gateway", "nats-server")
WIPE = "wipe"
WIPE_EVERY, FIRST_WIPE = 10, 5
PAUSE = (0.4, 4.5)
"""Seconds between two faults: the next one often comes while the last is being recovered from."""


Plan = list[tuple[str, float]]
"""What to do, each with the pause before it."""

QUICK: Plan = [("gateway", 1.0), (WIPE, 1.5)]
"""The least that can betray a mutant whose weakness is the bus."""


def plan(seed: int, count: int) -> Plan:
    """`count` faults with the pause before each. Every tenth wipes the bus; the others kill the
    parts in shuffled rounds, so that each is hit equally often.
    """
    rng = random.Random(f"faults {seed}")
    faults: Plan = []
    bag: list[str] = []
    for number in range(1, count + 1):
        what = WIPE
        if number % WIPE_EVERY != FIRST_WIPE:
            bag = bag or rng.sample(PARTS, len(PARTS))
            what = bag.pop()
        faults.append((what, rng.uniform(*PAUSE)))
    return faults


async def inject(portal: Portal, faults: Plan, say: Callable[[str], None]) -> Counter[str]:
    """Do them, one after the other; says every twentieth how far it is."""
    done: Counter[str] = Counter()
    started = time.monotonic()
    for number, (what, pause) in enumerate(faults, 1):
        await asyncio.sleep(pause)
        if what == WIPE:
            await portal.wipe()
        else:
            await portal.kill(what)
        done[what] += 1
        if number % 20 == 0:
            say(f"  {number} of {len(faults)} faults after {time.monotonic() - started:.0f} s")
    return done
