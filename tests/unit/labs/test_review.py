"""The provider's review of whatever senders send: partial, late, wrong, again (S4, R18, R19, f)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.common import Done
from contracts.identity import PatientRecorded
from contracts.labs import (
    GetInbox,
    GetReport,
    GetResult,
    GetResults,
    InboxAnswer,
    MapOrderer,
    Orderer,
    PostAnswer,
    PostedObservation,
    ReportAnswer,
    ResultAnswer,
    ResultsAnswer,
    VerifyReport,
)
from services.labs.decider import report as rules
from tests.unit.labs.house import (
    ADMIN,
    ANA,
    HIV,
    INTEROP,
    KIM_FOR_LEE,
    LEE,
    SODIUM,
    House,
    living,
    report,
    value,
)
from tests.unit.labs.making import DRAWN, NA, NOW, K, given, names, posted, ruling
from tests.unit.labs.making import value as stored_value

NA_OK = value("na", SODIUM)
K_OK = value("k", SODIUM.model_copy(update={"code": "2823-3", "text": "Potassium"}), "4.1")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with living(tmp_path) as running:
        yield running


class Story:
    """One report as its versions come in; each is an hour younger than the one before."""

    def __init__(self, house: House) -> None:
        self.house, self.at = house, DRAWN

    async def comes(self, *values: PostedObservation, **more: Any) -> str:
        """A version, newer than all before unless it says otherwise."""
        self.at += timedelta(hours=1)
        version = report("r1", *values, **{"reported": self.at, **more})
        return (await self.house.get(version, INTEROP, PostAnswer)).outcome

    async def checked(self, *keys: str, revision: int = 1) -> None:
        """The provider verifies some values, or all."""
        message = VerifyReport(report="r1", revision=revision, keys=keys)
        await self.house.get(message, LEE, Done)

    async def seen(self) -> dict[str, str] | str | None:
        """What the patient has: values by name, that it is being corrected, or nothing."""
        rows = (await self.house.get(GetResults(), ANA, ResultsAnswer)).results
        if not rows:
            return None
        if rows[0].being_corrected:
            return "correcting"
        page = await self.house.get(GetResult(report="r1"), ANA, ResultAnswer)
        return {v.name: v.value for v in page.values}

    async def waits(self) -> list[bool]:
        """Is it in the inbox, and as corrected?"""
        rows = (await self.house.get(GetInbox(), LEE, InboxAnswer)).reports
        return [row.corrected for row in rows]

    async def staff(self) -> ReportAnswer:
        """The provider's page."""
        return await self.house.get(GetReport(report="r1"), LEE, ReportAnswer)


@pytest.fixture
def story(house: House) -> Story:
    return Story(house)


@pytest.mark.rule("R18", "R19", "S4")
async def test_a_partial_report_that_becomes_whole_keeps_what_was_reviewed(story: Story) -> None:
    early = NA_OK.model_copy(update={"status": "preliminary"})
    await story.comes(early, status="preliminary")
    await story.checked()
    assert await story.seen() == {"Sodium": "140"}
    await story.comes(NA_OK, K_OK)
    assert (await story.seen(), await story.waits()) == ({"Sodium": "140"}, [False])
    await story.checked("k", revision=2)
    assert (await story.seen(), await story.waits()) == ({"Sodium": "140", "Potassium": "4.1"}, [])


@pytest.mark.rule("R18", "R19")
async def test_a_preliminary_value_that_ends_up_another_is_withdrawn(story: Story) -> None:
    await story.comes(value("na", SODIUM, "120", status="preliminary"), status="preliminary")
    await story.checked()
    await story.comes(NA_OK)
    assert (await story.seen(), await story.waits()) == ("correcting", [True])
    await story.checked(revision=2)
    assert await story.seen() == {"Sodium": "140"}


@pytest.mark.rule("R18", "R19")
@pytest.mark.parametrize("verified_first", [True, False])
async def test_an_older_version_that_comes_late_changes_nothing(
    story: Story, verified_first: bool
) -> None:
    await story.comes(NA_OK, reported=NOW)
    if verified_first:
        await story.checked()
    old = value("na", SODIUM, "99", status="preliminary")
    assert await story.comes(old, status="preliminary", reported=DRAWN) == "unchanged"
    if not verified_first:
        await story.checked()
    assert await story.seen() == {"Sodium": "140"}
    assert [v.late for v in (await story.staff()).versions] == [True, False]


@pytest.mark.rule("R18")
async def test_a_correction_that_overtakes_the_final_one_stays(story: Story) -> None:
    await story.comes(value("na", SODIUM, "150"), status="corrected", reported=NOW)
    await story.checked()
    assert await story.comes(NA_OK, reported=NOW - timedelta(hours=3)) == "unchanged"
    assert (await story.seen(), await story.waits()) == ({"Sodium": "150"}, [])


@pytest.mark.rule("R18")
async def test_of_two_corrections_of_one_moment_the_one_that_comes_later_counts(
    story: Story,
) -> None:
    for text in ("150", "151"):
        await story.comes(value("na", SODIUM, text), status="corrected", reported=NOW)
    await story.checked(revision=2)
    assert await story.seen() == {"Sodium": "151"}


@pytest.mark.rule("R18", "S4")
async def test_a_version_that_lacks_a_reviewed_value_is_a_correction(story: Story) -> None:
    await story.comes(NA_OK, K_OK)
    await story.checked()
    await story.comes(NA_OK)
    assert (await story.seen(), await story.waits()) == ("correcting", [True])
    await story.checked(revision=2)
    assert await story.seen() == {"Sodium": "140"}


@pytest.mark.rule("R18", "R19")
async def test_a_version_that_lacks_a_value_nobody_reviewed_takes_nothing_away(
    story: Story,
) -> None:
    await story.comes(NA_OK, K_OK)
    await story.checked("na")
    await story.comes(NA_OK)
    assert (await story.seen(), await story.waits()) == ({"Sodium": "140"}, [])


@pytest.mark.rule("R18", "R19", "S4")
async def test_two_corrections_before_the_next_review_show_only_the_last(story: Story) -> None:
    await story.comes(NA_OK)
    await story.checked()
    for text in ("150", "151"):
        await story.comes(value("na", SODIUM, text, status="corrected"), status="corrected")
        assert (await story.seen(), await story.waits()) == ("correcting", [True])
    assert (await story.house.ask(VerifyReport(report="r1", revision=2), LEE)).status == 409
    await story.checked(revision=3)
    assert await story.seen() == {"Sodium": "151"}
    kinds = names([e for e in story.house.published if e.topic == "result"])
    assert kinds == ["LabVerified", "LabWithdrawn", "LabVerified"]


@pytest.mark.rule("R19", "S4")
async def test_a_value_that_comes_while_a_correction_is_half_reviewed_shows_nothing_of_it(
    story: Story,
) -> None:
    await story.comes(NA_OK, K_OK)
    await story.checked()
    changed = value("na", SODIUM, "150")
    await story.comes(changed, K_OK)
    await story.checked("na", revision=2)
    await story.comes(changed, K_OK, value("cl", SODIUM, "100"))
    assert (await story.seen(), await story.waits()) == ("correcting", [True])


@pytest.mark.rule("R18", "R19", "S4")
async def test_a_correction_back_to_what_was_reviewed_is_reviewed_again(story: Story) -> None:
    await story.comes(NA_OK)
    await story.checked()
    await story.comes(value("na", SODIUM, "150"))
    await story.comes(NA_OK)
    assert (await story.seen(), await story.waits()) == ("correcting", [True])
    await story.checked(revision=3)
    assert await story.seen() == {"Sodium": "140"}


@pytest.mark.rule("R18", "S4")
async def test_a_value_that_could_not_be_obtained_after_all_is_a_correction(story: Story) -> None:
    await story.comes(NA_OK)
    await story.checked()
    await story.comes(value("na", SODIUM, "", status="cannot-obtain"), status="cannot-obtain")
    assert await story.seen() == "correcting"
    await story.checked(revision=2)
    assert await story.seen() == {"Sodium": "could not be obtained"}


@pytest.mark.rule("R18", "R19", "S4")
async def test_posted_wrong_disappears_and_put_right_again_waits_for_its_review(
    story: Story,
) -> None:
    await story.comes(NA_OK)
    await story.checked()
    await story.comes(NA_OK, status="wrong")
    assert (await story.seen(), await story.waits()) == ("correcting", [True])
    await story.checked(revision=2)
    assert (await story.seen(), await story.waits()) == (None, [])
    await story.comes(NA_OK)
    assert (await story.seen(), await story.waits()) == (None, [True])
    await story.checked(revision=3)
    assert await story.seen() == {"Sodium": "140"}


@pytest.mark.rule("R18", "S4")
async def test_one_value_posted_wrong_goes_and_the_rest_returns_when_reviewed(story: Story) -> None:
    await story.comes(NA_OK, K_OK)
    await story.checked()
    await story.comes(NA_OK.model_copy(update={"status": "wrong"}), K_OK, status="corrected")
    assert await story.seen() == "correcting"
    await story.checked(revision=2)
    assert await story.seen() == {"Potassium": "4.1"}


@pytest.mark.rule("R18", "R54", "S4")
async def test_a_collection_time_that_is_corrected_is_a_correction(story: Story) -> None:
    await story.comes(NA_OK)
    await story.checked()
    await story.comes(NA_OK, acquired=DRAWN - timedelta(days=1))
    assert (await story.seen(), await story.waits()) == ("correcting", [True])


@pytest.mark.rule("S4")
async def test_a_covering_colleague_reviews_the_correction_too(story: Story) -> None:
    await story.comes(NA_OK)
    await story.checked()
    await story.comes(value("na", SODIUM, "150"))
    cover = await story.house.get(GetInbox(cover=True), KIM_FOR_LEE, InboxAnswer)
    assert [(row.report, row.corrected) for row in cover.reports] == [("r1", True)]
    await story.house.get(VerifyReport(report="r1", revision=2), KIM_FOR_LEE, Done)
    assert [v.verified_by for v in (await story.staff()).versions] == ["Bo Kim DO", "Ann Lee MD"]
    assert await story.waits() == []


@pytest.mark.rule("S4")
async def test_the_oldest_waits_first_and_abnormal_is_a_flag_not_a_place(house: House) -> None:
    for id, hours, flag in (("b", 2, "critical-high"), ("a", 1, ""), ("c", 3, "low")):
        at = DRAWN + timedelta(hours=hours)
        await house.get(
            report(id, value("na", SODIUM, flag=flag), reported=at), INTEROP, PostAnswer
        )
    rows = (await house.get(GetInbox(), LEE, InboxAnswer)).reports
    assert [(row.report, row.abnormal) for row in rows] == [("a", False), ("b", True), ("c", True)]


@pytest.mark.rule("S4", "R22")
async def test_the_provider_reads_why_an_order_will_not_reach_the_portal(story: Story) -> None:
    await story.comes(value("h", HIV, "Reactive"), codes=(HIV,))
    page = await story.staff()
    assert (page.ruling, page.category, page.matcher) == ("block", "hiv", "loinc:7918-6")
    assert (page.values[0].category, page.values[0].value) == ("hiv", "Reactive")
    assert await story.waits() == [False]


@pytest.mark.rule("S4", "R20")
async def test_the_provider_reads_that_an_order_came_from_outside(story: Story) -> None:
    await story.house.get(report("mine"), INTEROP, PostAnswer)
    await story.comes(NA_OK, orderer=Orderer(ids=("999",), name="Somebody Else"))
    page = await story.staff()
    assert (page.ruling, page.held_reasons) == ("hold", ("orderer",))
    await story.house.get(MapOrderer(report="r1", provider="external"), ADMIN, Done)
    await story.house.settle()
    page = await story.staff()
    assert (page.ruling, page.category, page.held_reasons) == ("block", "external", ())


@pytest.mark.rule("S4", "R54")
@pytest.mark.parametrize(
    ("born", "hidden"),
    [
        (date(2014, 11, 21), False),  # eleven when drawn
        (date(2014, 11, 20), True),  # twelve that day
        (date(2008, 11, 21), True),
        (date(2008, 11, 20), False),  # eighteen that day
        (None, True),
    ],
)
async def test_the_provider_reads_that_the_age_hides_it(
    story: Story, born: date | None, hidden: bool
) -> None:
    await story.house.hear(PatientRecorded(patient="p1", born=born))
    await story.comes(NA_OK)
    assert (await story.staff()).age is hidden


@pytest.mark.rule("R18", "R19")
def test_nothing_reviewed_as_wrong_is_shown_when_it_is_right_again() -> None:
    def take(state: Any, version: Any) -> list[Any]:
        return rules.post(state, version, ruling(version), True, NOW)

    came = take(given(), posted(NA, status="wrong"))
    said = [*came, *rules.verify(given(*came), 1, (), "u1", "Ann Lee MD", True, NOW)]
    again = take(given(*said), posted(NA, reported=NOW))
    assert names(again) == ["ReportPosted", "ReportJudged"]
    assert given(*said, *again).waiting


@pytest.mark.rule("R18")
def test_a_flag_a_unit_or_a_range_that_changes_is_a_correction() -> None:
    came = rules.post(given(), posted(), ruling(posted()), True, NOW)
    said = [*came, *rules.verify(given(*came), 1, (), "u1", "Ann Lee MD", True, NOW)]
    changes: tuple[dict[str, Any], ...] = (
        {"flag": "high"},
        {"unit": "mg/dL"},
        {"range_text": "1-2"},
        {"note": "!"},
    )
    for change in changes:
        version = posted(replace(NA, **change), K, reported=NOW)
        events = rules.post(given(*said), version, ruling(version), True, NOW)
        assert "ResultCorrecting" in names(events), change
    more = stored_value("cl", NA.codes[0], "100")
    version = posted(NA, K, more, reported=NOW)
    events = rules.post(given(*said), version, ruling(version), True, NOW)
    assert "ResultCorrecting" not in names(events)
