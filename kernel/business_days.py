"""Business days of a desk (R57). Pure: hours, days off and zone come from whoever asks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

import holidays

_YEAR = 366


class Hours(Protocol):
    """When the desk closes on a weekday (0 = Monday)."""

    @property
    def weekday(self) -> int: ...

    @property
    def closes(self) -> time: ...


class Calendar(Protocol):
    """Which days count, until when, and how many there are."""

    @property
    def zone(self) -> str: ...

    @property
    def support_hours(self) -> Sequence[Hours]: ...

    @property
    def holidays(self) -> Collection[date]: ...

    @property
    def holiday_region(self) -> str: ...

    @property
    def queue_business_days(self) -> int: ...


def due(received: datetime, calendar: Calendar) -> datetime:
    """When `queue_business_days` have passed: at closing time of the last of them, in UTC.

    What comes on a day off, or at or after closing time, counts as having come on the next
    business day; the day it came on does not count.
    """
    zone = ZoneInfo(calendar.zone)
    local = received.astimezone(zone)
    day = local.date()
    if not _open_on(day, calendar) or local.time() >= _closes(day, calendar):
        day = _next(day, calendar)
    for _ in range(calendar.queue_business_days):
        day = _next(day, calendar)
    closing = datetime.combine(day, _closes(day, calendar), zone)
    return closing.astimezone(received.tzinfo)


def overdue(received: datetime, now: datetime, calendar: Calendar) -> bool:
    """Over the limit: a breach (R57)."""
    return now > due(received, calendar)


def _next(day: date, calendar: Calendar) -> date:
    """The first business day after a day. Looks a year ahead, so a practice never open is found."""
    for step in range(1, _YEAR):
        later = day + timedelta(days=step)
        if _open_on(later, calendar):
            return later
    raise ValueError("the support hours leave no business day in a year")


def _open_on(day: date, calendar: Calendar) -> bool:
    if day in calendar.holidays or day in _public_holidays(calendar.holiday_region, day.year):
        return False
    return _hours(day, calendar) is not None


def _hours(day: date, calendar: Calendar) -> Hours | None:
    return next((h for h in calendar.support_hours if h.weekday == day.weekday()), None)


def _closes(day: date, calendar: Calendar) -> time:
    hours = _hours(day, calendar)
    return hours.closes if hours else time.min


@lru_cache(maxsize=64)
def _public_holidays(region: str, year: int) -> frozenset[date]:
    """The public holidays of `US-CA` or `US`; none without a region."""
    if not region:
        return frozenset()
    country, _, part = region.partition("-")
    return frozenset(holidays.country_holidays(country, subdiv=part or None, years=year))
