"""Business days of the support desk (R57). Pure: hours, holidays and zone come from the profile."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from contracts.practice import Hours, Profile

_YEAR = 366


def due(received: datetime, profile: Profile) -> datetime:
    """When `queue_business_days` have passed: at closing time of the last of them, in UTC.

    What comes on a day off, or at or after closing time, counts as having come on the next
    business day; the day it came on does not count.
    """
    zone = ZoneInfo(profile.zone)
    local = received.astimezone(zone)
    day = local.date()
    if not _open_on(day, profile) or local.time() >= _closes(day, profile):
        day = _next(day, profile)
    for _ in range(profile.queue_business_days):
        day = _next(day, profile)
    closing = datetime.combine(day, _closes(day, profile), zone)
    return closing.astimezone(received.tzinfo)


def overdue(received: datetime, now: datetime, profile: Profile) -> bool:
    """Over the limit: a breach (R57)."""
    return now > due(received, profile)


def _next(day: date, profile: Profile) -> date:
    """The first business day after a day. Looks a year ahead, so a practice never open is found."""
    for step in range(1, _YEAR):
        later = day + timedelta(days=step)
        if _open_on(later, profile):
            return later
    raise ValueError("the practice's support hours leave no business day in a year")


def _open_on(day: date, profile: Profile) -> bool:
    if day in profile.holidays or day in _public_holidays(profile.holiday_region, day.year):
        return False
    return _hours(day, profile) is not None


def _hours(day: date, profile: Profile) -> Hours | None:
    return next((h for h in profile.support_hours if h.weekday == day.weekday()), None)


def _closes(day: date, profile: Profile) -> time:
    hours = _hours(day, profile)
    return hours.closes if hours else time.min


@lru_cache(maxsize=64)
def _public_holidays(region: str, year: int) -> frozenset[date]:
    """The public holidays of `US-CA` or `US`; none for a practice that names no region."""
    if not region:
        return frozenset()
    country, _, part = region.partition("-")
    return frozenset(holidays.country_holidays(country, subdiv=part or None, years=year))
