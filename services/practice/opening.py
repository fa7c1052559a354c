"""When support reads its mail: practice-local hours, less holidays (R58). Pure, but for one import.

The `holidays` library takes about half a second to import, so it is imported at first use:
`holidays_of` is warmed by the service when it starts, away from its event loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from contracts.practice import Hours, Profile

HORIZON = timedelta(days=31)  # closed for longer than a month: say nothing rather than guess


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether support is open, and, when it is not, the practice-local time at which it opens."""

    is_open: bool
    opens_next: datetime | None


@lru_cache(maxsize=64)
def holidays_of(region: str, year: int) -> frozenset[date]:
    """The public holidays of a region like `US-CA` or `US` in a year; none for an empty region.

    Raises LookupError for a region that nobody knows.
    """
    if not region:
        return frozenset()
    from holidays import country_holidays

    country, _, subdivision = region.partition("-")
    try:
        found = country_holidays(country, subdiv=subdivision or None, years=year)
    except NotImplementedError as error:
        raise LookupError(region) from error
    return frozenset(day for day in found if day.year == year)


def support_opening(profile: Profile, now: datetime) -> Opening:
    """Whether support is open at `now` (aware), and when it opens next.

    Hours include their first instant and not their last: at 17:30:00 support is closed.
    """
    here = now.astimezone(ZoneInfo(profile.zone))
    if any(h.opens <= here.time() < h.closes for h in _hours_on(profile, here.date())):
        return Opening(True, None)
    for offset in range(HORIZON.days + 1):
        day = here.date() + timedelta(days=offset)
        starts = sorted(_instant(profile, day, h) for h in _hours_on(profile, day))
        if later := next((s for s in starts if s > here), None):
            return Opening(False, later)
    return Opening(False, None)


def _hours_on(profile: Profile, day: date) -> tuple[Hours, ...]:
    if day in profile.holidays or day in holidays_of(profile.holiday_region, day.year):
        return ()
    return tuple(h for h in profile.support_hours if h.weekday == day.weekday())


def _instant(profile: Profile, day: date, hours: Hours) -> datetime:
    # through UTC and back: a wall time that a clock change skips becomes the one that exists
    zone = ZoneInfo(profile.zone)
    return datetime.combine(day, hours.opens, zone).astimezone(UTC).astimezone(zone)
