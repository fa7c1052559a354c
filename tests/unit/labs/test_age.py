"""The age gate: what was acquired at 12 to 17 is hidden, by the day in the practice's zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.clock import micros
from services.labs.reading import is_open
from services.labs.release.age import birthday, is_hidden

ZONE = "America/Los_Angeles"
LOCAL = ZoneInfo(ZONE)


def at(day: date, hour: int = 12) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=LOCAL).astimezone(UTC)


@pytest.mark.rule("R54", "R55")
@pytest.mark.parametrize(
    ("day", "hidden"),
    [
        (date(2022, 5, 9), False),  # the day before the twelfth birthday
        (date(2022, 5, 10), True),  # the twelfth birthday itself
        (date(2028, 5, 9), True),
        (date(2028, 5, 10), False),  # the eighteenth birthday
        (date(2040, 1, 1), False),
    ],
)
def test_the_day_of_collection_decides(day: date, hidden: bool) -> None:
    born = date(2010, 5, 10)
    assert is_hidden(born, ZONE, at(day, 0)) is hidden
    assert is_hidden(born, ZONE, at(day, 23)) is hidden


@pytest.mark.rule("R54")
def test_midnight_is_that_of_the_practice() -> None:
    utc_birthday = datetime(2022, 5, 10, 3, tzinfo=UTC)  # still 9 May in Los Angeles
    assert not is_hidden(date(2010, 5, 10), ZONE, utc_birthday)
    assert is_hidden(date(2010, 5, 10), "Europe/Berlin", utc_birthday)


@pytest.mark.rule("R54")
def test_born_on_29_february_turns_twelve_on_29_february_and_eighteen_on_1_march() -> None:
    assert birthday(date(2012, 2, 29), 12) == date(2024, 2, 29)
    assert birthday(date(2012, 2, 29), 18) == date(2030, 3, 1)
    assert is_hidden(date(2012, 2, 29), ZONE, at(date(2030, 2, 28)))


@pytest.mark.rule("R54")
def test_without_a_birth_date_or_a_collection_time_it_is_hidden() -> None:
    assert is_hidden(None, ZONE, at(date(2026, 1, 1)))
    assert is_hidden(date(1980, 1, 1), ZONE, None)


@pytest.mark.rule("R54", "R55")
@given(
    born=st.dates(date(1930, 1, 1), date(2026, 1, 1)),
    age=st.integers(0, 90),
    days=st.integers(-3, 3),
    second=st.integers(0, 86_399),
)
def test_the_gate_agrees_with_counting_birthdays(
    born: date, age: int, days: int, second: int
) -> None:
    day = birthday(born, age)
    midnight = datetime(day.year, day.month, day.day, tzinfo=LOCAL)
    local = midnight + timedelta(days=days, seconds=second)  # wall time, as zoneinfo adds it
    acquired = local
    had = local.year - born.year - ((local.month, local.day) < (born.month, born.day))
    hidden = 12 <= had < 18
    assert is_hidden(born, ZONE, acquired.astimezone(UTC)) is hidden
    row = {"born": born.isoformat(), "zone": ZONE, "acquired": micros(acquired.astimezone(UTC))}
    assert is_open(row) is not hidden
