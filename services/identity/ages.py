"""Birthdays and ages by the practice's calendar (R53, R54, decision h). Pure."""

from __future__ import annotations

from calendar import isleap
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

ADULT = 18
TWELVE = 12
NOTICE = timedelta(days=30)


def local_day(moment: datetime, zone: str) -> date:
    """The calendar day of a moment at the practice."""
    return moment.astimezone(ZoneInfo(zone)).date()


def birthday(born: date, year: int) -> date:
    """The birthday in a year; 29 February is kept on 1 March in other years (decision h)."""
    if (born.month, born.day) != (2, 29):
        return born.replace(year=year)
    return date(year, 2, 29) if isleap(year) else date(year, 3, 1)


def age(born: date, today: date) -> int:
    """Whole years on a day; negative for somebody not yet born."""
    return today.year - born.year - (today < birthday(born, today.year))


def adult(born: date, today: date) -> bool:
    """18 or older, the 18th birthday included (R53)."""
    return age(born, today) >= ADULT


def turns(born: date, years: int) -> date:
    """The birthday on which somebody reaches this age."""
    return birthday(born, born.year + years)


def hidden_days(born: date) -> tuple[date, date]:
    """From which day, up to which (exclusive), data acquired is not available (R54)."""
    return turns(born, TWELVE), turns(born, ADULT)


def midnight(day: date, zone: str) -> datetime:
    """The first moment of a day at the practice, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
