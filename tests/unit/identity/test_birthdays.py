"""Birthdays as scheduled events: 30 days before, on the day, anew when a date is corrected (R53, R54)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from contracts.identity import CorrectPatient, Disenrol
from services.identity.birthdays import moments
from tests.unit.identity.desk import SUPPORT, Desk
from tests.unit.identity.family import agree, caregiver, child, enrolled, parent

TOLD = ("BirthdayNear", "TurnedTwelve", "TurnedEighteen")


async def told(desk: Desk) -> list[tuple[str, Any]]:
    """What was told of birthdays, with the day."""
    events = [e for e in await desk.events() if type(e).__name__ in TOLD]
    return [(type(e).__name__, e.on) for e in events]


async def letters(desk: Desk) -> list[str]:
    """The letters about birthdays that somebody is to get."""
    events = [e for e in await desk.events() if type(e).__name__ == "AccountNoticed"]
    return [e.notice for e in events if e.notice.startswith("turn")]


async def wait(desk: Desk, **time: float) -> None:
    """Time passes, and what was to be remembered is."""
    desk.clock.move(timedelta(**time))
    await desk.remind()
    await desk.settle()


@pytest.mark.rule("R54")
async def test_thirty_days_before_and_on_the_day_at_the_practices_midnight(desk: Desk) -> None:
    mother = await enrolled(desk)
    ada = await child(desk, 11, born=date(2014, 5, 1))
    await desk.ask(parent(ada), SUPPORT)
    await agree(desk, mother, ada)
    await desk.settle()
    assert await told(desk) == []
    await wait(desk, days=27, hours=10)  # 30 March, late in the evening at the practice
    assert await told(desk) == []
    await wait(desk, hours=2)  # the first minutes of 1 April there; summer time began meanwhile
    assert await told(desk) == [("BirthdayNear", date(2014 + 12, 5, 1))]
    await wait(desk, days=30)
    assert await told(desk) == [
        ("BirthdayNear", date(2026, 5, 1)),
        ("TurnedTwelve", date(2026, 5, 1)),
    ]
    assert await letters(desk) == ["turns-12-soon", "turned-12"]


@pytest.mark.rule("R53", "R54")
async def test_eighteen_is_told_like_twelve(desk: Desk) -> None:
    mother = await enrolled(desk)
    teen = await child(desk, 17, born=date(2008, 5, 1))
    await desk.settle()
    await desk.ask(parent(teen, contact="teen@example.com"), SUPPORT)
    await agree(desk, mother, teen)
    await wait(desk, days=30)
    await wait(desk, days=30)
    assert ("TurnedEighteen", date(2026, 5, 1)) in await told(desk)
    assert await letters(desk) == ["turns-18-soon", "turned-18"]


@pytest.mark.rule("R54")
async def test_born_on_29_february_turns_twelve_on_1_march_or_29_february(desk: Desk) -> None:
    await child(desk, 9, born=date(2016, 2, 29))
    await desk.settle()
    await wait(desk, days=365 * 2 - 20)
    await wait(desk, days=20)
    assert await told(desk) == [
        ("BirthdayNear", date(2028, 2, 29)),
        ("TurnedTwelve", date(2028, 2, 29)),
    ]


@pytest.mark.rule("R54", "S13")
async def test_a_corrected_birth_date_sets_the_days_anew(desk: Desk) -> None:
    ada = await child(desk, 11, born=date(2014, 5, 1))
    await desk.settle()
    right = CorrectPatient(patient=ada, evidence="birth certificate", born=date(2014, 6, 1))
    await desk.ask(right, SUPPORT)
    await desk.settle()
    await wait(desk, days=30)  # the old notice finds nothing to tell
    assert await told(desk) == []
    await wait(desk, days=30)
    assert await told(desk) == [("BirthdayNear", date(2026, 6, 1))]


@pytest.mark.rule("R54", "S13")
async def test_a_correction_that_makes_a_child_thirteen_is_told_at_once(desk: Desk) -> None:
    ada = await child(desk, 8)
    await desk.settle()
    right = CorrectPatient(patient=ada, evidence="birth certificate", born=date(2013, 1, 2))
    await desk.ask(right, SUPPORT)
    await desk.settle()
    assert await told(desk) == [("TurnedTwelve", date(2025, 1, 2))]


@pytest.mark.rule("R53", "S13")
async def test_a_parent_is_told_at_once_when_a_correction_makes_their_child_an_adult(
    desk: Desk,
) -> None:
    mother = await enrolled(desk)
    ada = await child(desk, 8)
    await desk.ask(parent(ada), SUPPORT)
    await agree(desk, mother, ada)
    await desk.settle()
    right = CorrectPatient(patient=ada, evidence="birth certificate", born=date(2000, 1, 2))
    await desk.ask(right, SUPPORT)
    await desk.settle()
    assert await told(desk) == [("TurnedEighteen", date(2018, 1, 2))]
    assert await letters(desk) == ["turned-18"]


@pytest.mark.rule("R53")
async def test_an_adult_whom_we_first_knew_as_one_is_nobodys_news(desk: Desk) -> None:
    await desk.record()
    await desk.settle()
    await wait(desk, days=400)
    assert await told(desk) == []


@pytest.mark.rule("R34", "R54")
async def test_nobody_who_left_gets_a_letter_about_it(desk: Desk) -> None:
    mother = await enrolled(desk)
    ada = await child(desk, 11, born=date(2014, 5, 1))
    await desk.ask(parent(ada), SUPPORT)
    await agree(desk, mother, ada)
    await desk.ask(Disenrol(patient=ada), mother)
    await desk.settle()
    await wait(desk, days=60)
    assert ("TurnedTwelve", date(2026, 5, 1)) in await told(desk)
    assert await letters(desk) == []


@pytest.mark.rule("R54")
async def test_a_process_that_slept_over_the_day_tells_it_once(desk: Desk) -> None:
    await child(desk, 11, born=date(2014, 5, 1))
    await desk.settle()
    await wait(desk, days=200)
    await wait(desk, days=1)
    assert (await told(desk)).count(("TurnedTwelve", date(2026, 5, 1))) == 1


@pytest.mark.rule("R54")
async def test_nothing_is_told_of_a_child_who_died(desk: Desk) -> None:
    await child(desk, 11, born=date(2014, 5, 1))
    await desk.settle()
    await child(desk, 11, born=date(2014, 5, 1), deceased=True)
    await wait(desk, days=60)
    assert await told(desk) == []


@pytest.mark.rule("R53", "S13")
async def test_a_corrected_birth_date_of_an_adult_is_nobodys_news(desk: Desk) -> None:
    await enrolled(desk)
    patient = await desk.record()
    await desk.ask(caregiver(patient, evidence="power-of-attorney"), SUPPORT)
    right = CorrectPatient(patient=patient, evidence="passport", born=date(1981, 1, 2))
    await desk.ask(right, SUPPORT)
    await desk.settle()
    assert await told(desk) == []


@pytest.mark.rule("R54")
async def test_letters_about_a_birthday_go_to_who_acts_and_not_to_the_patient(desk: Desk) -> None:
    maria = await enrolled(desk)
    right = CorrectPatient(patient=maria.patient or "", evidence="passport", born=date(2011, 1, 2))
    await desk.ask(right, SUPPORT)
    await desk.settle()
    assert await told(desk) == [("TurnedTwelve", date(2023, 1, 2))]
    assert await letters(desk) == []


@pytest.mark.rule("R53", "R54")
def test_only_days_that_are_still_to_come_are_waited_for() -> None:
    twelve = datetime(2026, 5, 1, 7, tzinfo=UTC)  # midnight at the practice
    before, last, after = [
        list(moments(date(2014, 5, 1), "America/Los_Angeles", twelve + timedelta(seconds=each)))
        for each in (-1, 0, 1)
    ]
    assert before == [twelve, *last]
    assert last == after
    assert len(last) == 2  # the notice and the day of the eighteenth
