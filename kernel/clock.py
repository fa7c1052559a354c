"""Time is passed in. UTC with microseconds everywhere; the practice's zone only for calendar rules."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
REREAD_SECONDS = 0.2


class Clock(Protocol):
    """Anything that tells the time."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""


class SystemClock:
    """The machine's clock; in the demo moved by the seconds written in one file.

    Every process of the demo reads the same file, so that "60 days later" is one line for all.
    Outside the demo no file is given and the clock cannot be moved.
    """

    def __init__(self, offset_file: Path | None = None) -> None:
        self._file = offset_file
        self._offset = timedelta()
        self._read_at = 0.0

    def now(self) -> datetime:
        """The machine's time plus the demo's offset."""
        return datetime.now(UTC) + self._current_offset()

    def _current_offset(self) -> timedelta:
        if self._file is None:
            return self._offset
        moment = time.monotonic()
        if moment - self._read_at > REREAD_SECONDS:
            self._read_at = moment
            text = self._file.read_text() if self._file.exists() else ""
            self._offset = timedelta(seconds=float(text or 0))
        return self._offset


class TestClock:
    """A clock that stands still until a test moves it."""

    __test__ = False

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """Where the test put it."""
        return self.at

    def move(self, step: timedelta) -> None:
        """Go forward (or back) by this much."""
        self.at += step


def micros(at: datetime) -> int:
    """Microseconds since 1970, as stored."""
    since = at - EPOCH  # in whole numbers: exact, and quicker than dividing by a timedelta
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def from_micros(value: int) -> datetime:
    """The moment that `micros` stored."""
    return EPOCH + timedelta(microseconds=value)
