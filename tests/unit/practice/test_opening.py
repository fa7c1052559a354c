"""Support's opening hours, as the practice's profile says them (R58)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from contracts.practice import Hours, Profile
from services.practice.opening import holidays_of, support_opening

PACIFIC = ZoneInfo("America/Los_Angeles")
WEEK = tuple(Hours(weekday=d, opens=time(8, 30), closes=time(17, 30)) for d in range(5))


def profile(**changes: object) -> Profile:
    facts = {
        "name": "Harbor View",
        "zone": "America/Los_Angeles",
        "support_email": "portal@harborview.example",
        "portal_url": "http://localhost:8080",
        "phones": (),
        "support_hours": WEEK,
        "holiday_region": "",
        "terms": (),
    }
    return Profile.model_validate({**facts, **changes})


def at(*when: int) -> datetime:
    """A moment on the wall clock of the practice."""
    return datetime(*when, tzinfo=PACIFIC).astimezone(UTC)  # type: ignore[misc, arg-type]


@pytest.mark.rule("R58")
def test_support_opens_at_half_past_eight_to_the_second() -> None:
    assert not support_opening(profile(), at(2026, 11, 24, 8, 29, 59)).is_open
    assert support_opening(profile(), at(2026, 11, 24, 8, 30, 0)).is_open


@pytest.mark.rule("R58")
def test_at_half_past_five_to_the_second_support_is_closed() -> None:
    assert support_opening(profile(), at(2026, 11, 24, 17, 29, 59)).is_open
    closed = support_opening(profile(), at(2026, 11, 24, 17, 30, 0))
    assert not closed.is_open
    assert closed.opens_next == at(2026, 11, 25, 8, 30)


@pytest.mark.rule("R58")
def test_early_in_the_morning_support_opens_on_the_same_day() -> None:
    assert support_opening(profile(), at(2026, 11, 24, 5)).opens_next == at(2026, 11, 24, 8, 30)


@pytest.mark.rule("R58")
def test_from_friday_evening_support_opens_next_on_monday() -> None:
    assert support_opening(profile(), at(2026, 11, 20, 18)).opens_next == at(2026, 11, 23, 8, 30)
    assert not support_opening(profile(), at(2026, 11, 21, 12)).is_open


@pytest.mark.rule("R58")
def test_a_public_holiday_of_the_region_is_closed_and_the_day_after_thanksgiving_too() -> None:
    california = profile(holiday_region="US-CA")
    closed = support_opening(california, at(2026, 11, 26, 12))
    assert not closed.is_open
    assert closed.opens_next == at(2026, 11, 30, 8, 30)
    assert support_opening(profile(holiday_region="US"), at(2026, 11, 27, 12)).is_open


@pytest.mark.rule("R58")
def test_a_holiday_of_the_practice_itself_is_closed() -> None:
    closed = support_opening(profile(holidays=(date(2026, 11, 24),)), at(2026, 11, 24, 12))
    assert not closed.is_open
    assert closed.opens_next == at(2026, 11, 25, 8, 30)


@pytest.mark.rule("R58")
def test_hours_are_practice_time_on_both_sides_of_a_clock_change() -> None:
    before, after = at(2026, 10, 30, 8, 30), at(2026, 11, 2, 8, 30)
    assert (before.hour, after.hour) == (15, 16)
    assert support_opening(profile(), before).is_open
    assert support_opening(profile(), at(2026, 10, 31, 9)).opens_next == after


def test_a_new_years_day_observed_in_the_old_year_counts() -> None:
    assert date(2027, 12, 31) in holidays_of("US-CA", 2027)


def test_a_practice_without_hours_never_opens_and_says_so() -> None:
    closed = support_opening(profile(support_hours=()), at(2026, 11, 24, 12))
    assert (closed.is_open, closed.opens_next) == (False, None)


def test_an_unknown_region_is_an_error_and_no_empty_list() -> None:
    with pytest.raises(LookupError):
        holidays_of("US-ZZ", 2026)
    assert holidays_of("", 2026) == frozenset()
