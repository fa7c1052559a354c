"""The support desk's business days (R57): Harbor practice, 8:30 to 17:30, Monday to Friday."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from kernel.business_days import due, overdue
from tests.unit.identity.desk import profile

LA = ZoneInfo("America/Los_Angeles")


def local(day: str, clock: str = "12:00") -> datetime:
    """A moment by the practice's clock, in UTC as the log has it."""
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=LA).astimezone(UTC)


@pytest.mark.rule("R57")
@pytest.mark.parametrize(
    ("came", "ends"),
    [
        pytest.param(local("2026-03-02"), "2026-03-04", id="monday"),
        pytest.param(local("2026-03-02", "00:01"), "2026-03-04", id="monday-before-opening"),
        pytest.param(local("2026-03-06", "17:29"), "2026-03-10", id="friday-17:29"),
        pytest.param(local("2026-03-06", "17:30"), "2026-03-11", id="friday-17:30-is-monday"),
        pytest.param(local("2026-03-07"), "2026-03-11", id="saturday-is-monday"),
        pytest.param(local("2026-03-08", "23:59"), "2026-03-11", id="sunday-clocks-change"),
        pytest.param(local("2026-07-01"), "2026-07-06", id="over-independence-day-observed"),
        pytest.param(local("2026-11-25"), "2026-12-01", id="over-thanksgiving-and-the-day-after"),
        pytest.param(local("2026-12-30"), "2027-01-04", id="over-new-year"),
    ],
)
def test_due_is_closing_time_of_the_second_business_day(came: datetime, ends: str) -> None:
    assert due(came, profile()) == local(ends, "17:30")


@pytest.mark.rule("R57")
def test_the_practices_own_days_off_count_too() -> None:
    closed = profile(holidays=(date(2026, 3, 3),))
    assert due(local("2026-03-02"), closed) == local("2026-03-05", "17:30")


@pytest.mark.rule("R57")
def test_overdue_begins_after_the_last_second() -> None:
    came, closing = local("2026-03-02"), local("2026-03-04", "17:30")
    assert not overdue(came, closing, profile())
    assert overdue(came, closing + timedelta(seconds=1), profile())


@pytest.mark.rule("R57")
def test_a_practice_without_hours_says_so() -> None:
    with pytest.raises(ValueError, match="no business day"):
        due(local("2026-03-02"), profile(support_hours=()))
