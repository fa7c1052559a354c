"""The age gate (R54, R55): what was acquired at 12 to 17 is not available in the portal.

Judged when read, from the birth date as it is known now, so that a corrected one counts at once.
Data from before the twelfth birthday stays, and so does data from eighteen on; at eighteen the
hidden years stay hidden (decision c). Born on 29 February means 1 March in other years (h).
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

HIDDEN_FROM = 12
HIDDEN_UNTIL = 18


def birthday(born: date, age: int) -> date:
    """The day somebody born then reaches this age."""
    try:
        return born.replace(year=born.year + age)
    except ValueError:  # 29 February in a year without one
        return date(born.year + age, 3, 1)


@lru_cache(maxsize=16384)
def hidden_years(born: date, zone: str) -> tuple[datetime, datetime]:
    """From when to when (exclusive) data is hidden: midnights in the practice's zone, as UTC."""
    return midnight(birthday(born, HIDDEN_FROM), zone), midnight(birthday(born, HIDDEN_UNTIL), zone)


def is_hidden(born: date | None, zone: str, acquired: datetime | None) -> bool:
    """Is data acquired then hidden? Without a birth date or a collection time: yes."""
    if born is None or acquired is None:
        return True
    start, end = hidden_years(born, zone)
    return start <= acquired < end


def midnight(day: date, zone: str) -> datetime:
    """The first moment of a day at the practice, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
