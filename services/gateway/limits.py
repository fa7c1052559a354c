"""Per-caller rate limits: fixed windows in this process's memory.

Strangers are counted by address and kind of operation, signed-in callers by session. `limits` reads
the notation; its own storage starts a thread every few milliseconds under load, so ours is a dict.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from math import ceil
from typing import Final

from limits import RateLimitItem, parse

from contracts.catalog import Door, Operation

DEFAULTS: Final = {"public": "120/minute", "cookie": "60/minute", "session": "1200/minute"}


class Limits:
    """How often a caller may use each door. PORTAL_RATE_<DOOR> changes one ("1000/second")."""

    def __init__(self) -> None:
        self._windows: dict[Door, _Window] = {
            Door(door): _Window(parse(os.environ.get(f"PORTAL_RATE_{door.upper()}", rate)))
            for door, rate in DEFAULTS.items()
        }

    def wait_for(self, operation: Operation, caller: str) -> int:
        """0 when this call may go on, else the seconds after which it may be tried again."""
        what = operation.subject if operation.door is not Door.SESSION else ""
        return self._windows[operation.door].count((caller, what), time.monotonic())


class _Window:
    """All callers' counts of one door since the window began; the next window starts from nothing."""

    def __init__(self, rate: RateLimitItem) -> None:
        self._most = rate.amount
        self._seconds = rate.get_expiry()
        self._ends = 0.0
        self._counts: Counter[tuple[str, str]] = Counter()

    def count(self, caller: tuple[str, str], now: float) -> int:
        """Count a call; 0, or the seconds until the next window when it is one too many."""
        if now >= self._ends:
            self._counts.clear()
            self._ends = now + self._seconds
        self._counts[caller] += 1
        return 0 if self._counts[caller] <= self._most else max(1, ceil(self._ends - now))
