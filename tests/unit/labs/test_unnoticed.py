"""What is hidden shows in nothing else: not in marks, dates, keys, hints, nor in a correction (R30)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
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
    LabReleased,
    LabVerified,
    LabWithdrawn,
    MarkSeen,
    Orderer,
    PolicyChange,
    PostAnswer,
    PostedObservation,
    ReportAnswer,
    ResultAnswer,
    ResultsAnswer,
    VerifyReport,
)
from tests.unit.labs.house import ANA, HIV, INTEROP, LEE, SODIUM, House, living, value
from tests.unit.labs.house import report as posting
from tests.unit.labs.making import DRAWN, posted, ruling
from tests.unit.labs.making import SODIUM as STORED_SODIUM
from tests.unit.labs.making import value as stored
from tests.unit.labs.policy_desk import SALTS, approved, told

POTASSIUM = SODIUM.model_copy(update={"code": "2823-3", "text": "Potassium"})
NA, K = value("2951-2/2", SODIUM), value("2823-3", POTASSIUM, "4.1")
HIDDEN = value("7918-6/1", HIV, "Reactive")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with living(tmp_path) as running:
        yield running


class Panel:
    """A panel with sodium for everybody to see, as its versions come in an hour apart."""

    def __init__(self, house: House) -> None:
        self.house, self.hours = house, 0

    async def comes(self, *values: PostedObservation, **more: Any) -> str:
        self.hours += 1
        at = DRAWN + timedelta(hours=self.hours)
        message = posting("r1", *values, **{"reported": at, **more})
        return (await self.house.get(message, INTEROP, PostAnswer)).outcome

    async def checked(self, *keys: str) -> None:
        message = VerifyReport(report="r1", revision=self.hours, keys=keys)
        await self.house.get(message, LEE, Done)

    async def all_of_it(self) -> tuple[bytes, bytes]:
        """Every byte that the patient gets."""
        answers = (GetResults(), GetResult(report="r1"))
        found = [(await self.house.ask(message, ANA)).body for message in answers]
        return found[0], found[1]

    async def opened(self) -> None:
        """The patient reads it; from now on nothing may stir."""
        await self.house.get(MarkSeen(report="r1"), ANA, Done)
        self.house.hints.clear()
        self.house.published.clear()

    async def is_quiet(self) -> bool:
        news = [e for e in self.house.published if e.topic == "result"]
        return not news and "patient.p1" not in self.house.hints

    async def inbox(self) -> list[bool]:
        rows = (await self.house.get(GetInbox(), LEE, InboxAnswer)).reports
        return [row.corrected for row in rows]


@pytest.fixture
def panel(house: House) -> Panel:
    return Panel(house)


@pytest.mark.rule("R30", "R22")
async def test_a_hidden_value_that_comes_later_does_not_make_the_others_new(panel: Panel) -> None:
    await panel.comes(NA)
    await panel.checked()
    await panel.opened()
    before = await panel.all_of_it()
    await panel.comes(NA, HIDDEN)
    assert await panel.inbox() == [False]
    await panel.checked()
    assert await panel.all_of_it() == before
    assert await panel.is_quiet()


CORRECTIONS: dict[str, tuple[PostedObservation, ...]] = {
    "another value": (NA, HIDDEN.model_copy(update={"value": "Negative"})),
    "a remark": (NA, HIDDEN.model_copy(update={"note": "repeated"})),
    "taken away": (NA,),
    "posted wrong": (NA, HIDDEN.model_copy(update={"status": "wrong"})),
}


@pytest.mark.rule("R30", "R22", "S4")
@pytest.mark.parametrize("how", CORRECTIONS)
async def test_a_correction_of_a_hidden_value_is_seen_by_its_provider_only(
    panel: Panel, how: str
) -> None:
    await panel.comes(NA, HIDDEN)
    await panel.checked()
    await panel.opened()
    before = await panel.all_of_it()
    await panel.comes(*CORRECTIONS[how], status="corrected")
    assert (await panel.all_of_it(), await panel.inbox()) == (before, [True])
    await panel.checked()
    assert (await panel.all_of_it(), await panel.inbox()) == (before, [])
    assert await panel.is_quiet()


@pytest.mark.rule("R30", "S4")
async def test_a_hidden_remark_on_the_whole_is_corrected_unnoticed(panel: Panel) -> None:
    await panel.comes(NA, HIDDEN, note="Reactive.")
    await panel.checked()
    await panel.opened()
    before = await panel.all_of_it()
    await panel.comes(NA, HIDDEN, note="Negative.")
    assert (await panel.all_of_it(), await panel.inbox()) == (before, [True])
    await panel.checked()
    assert (await panel.inbox(), await panel.is_quiet()) == ([], True)


@pytest.mark.rule("R19", "R30")
async def test_a_remark_that_was_hidden_is_not_shown_unreviewed(panel: Panel) -> None:
    """The hidden value goes and with it the reason to hide the remark, which is another now."""
    await panel.comes(NA, HIDDEN, note="Reactive.")
    await panel.checked()
    await panel.comes(NA, note="Repeat in a month.")
    assert b'"being_corrected":true' in (await panel.all_of_it())[0]
    await panel.checked()
    assert b"Repeat in a month." in (await panel.all_of_it())[1]


@pytest.mark.rule("R18", "R19")
async def test_a_correction_of_what_is_seen_after_one_of_what_is_not_withdraws(
    panel: Panel,
) -> None:
    await panel.comes(NA, HIDDEN)
    await panel.checked()
    negative = HIDDEN.model_copy(update={"value": "Negative"})
    await panel.comes(NA, negative)
    await panel.comes(NA.model_copy(update={"value": "150", "number": 150.0}), negative)
    rows = (await panel.house.get(GetResults(), ANA, ResultsAnswer)).results
    assert [row.being_corrected for row in rows] == [True]
    assert told(panel.house, LabWithdrawn) == ["r1"]


@pytest.mark.rule("R19", "R30", "S6")
async def test_a_corrected_value_that_is_hidden_no_more_still_waits_for_its_review(
    panel: Panel,
) -> None:
    await panel.comes(NA, HIDDEN)
    await panel.checked()
    await panel.comes(NA, HIDDEN.model_copy(update={"value": "Negative"}))
    off = PolicyChange(kind="mode", category="hiv", mode="never", reason="the law changed")
    await approved(panel.house, off)
    assert b"Negative" not in b"".join(await panel.all_of_it())
    assert b'"being_corrected":false' in (await panel.all_of_it())[0]
    assert await panel.inbox() == [True]
    await panel.checked()
    assert b"Negative" in b"".join(await panel.all_of_it())


@pytest.mark.rule("R30")
async def test_the_keys_of_values_count_what_is_shown_and_nothing_else(panel: Panel) -> None:
    twice = value("7918-6/1", SODIUM, "141")
    await panel.comes(HIDDEN, twice, NA)
    await panel.checked()
    found = await panel.house.get(GetResult(report="r1"), ANA, ResultAnswer)
    assert [(v.key, v.value) for v in found.values] == [("1", "141"), ("2", "140")]


@pytest.mark.rule("R30", "R20")
async def test_a_result_that_is_hidden_leaves_no_point_in_the_trend_of_another(
    panel: Panel,
) -> None:
    early = {"acquired": DRAWN - timedelta(days=9), "reported": DRAWN - timedelta(days=9)}
    await panel.house.get(posting("r0", NA, **early), INTEROP, PostAnswer)
    await panel.house.get(VerifyReport(report="r0", revision=1), LEE, Done)
    await panel.comes(NA)
    await panel.checked()
    assert b'"trend":[{' in (await panel.all_of_it())[1]
    stranger = {**early, "reported": DRAWN, "orderer": Orderer(ids=("999",), name="X")}
    await panel.house.get(posting("r0", NA, **stranger), INTEROP, PostAnswer)
    assert b'"trend":[]' in (await panel.all_of_it())[1]


@pytest.mark.rule("R30", "R22")
async def test_a_code_corrected_into_a_category_leaves_no_line_behind(panel: Panel) -> None:
    await panel.comes(NA)
    await panel.checked()
    await panel.comes(value("2951-2/2", HIV, "140"))
    assert (await panel.house.get(GetResults(), ANA, ResultsAnswer)).results == ()
    assert told(panel.house, LabWithdrawn) == ["r1"]


@pytest.mark.rule("R30", "S6")
async def test_what_is_being_corrected_goes_when_the_policy_hides_all_of_it(panel: Panel) -> None:
    await panel.comes(NA)
    await panel.checked()
    await panel.comes(NA.model_copy(update={"value": "150", "number": 150.0}))
    assert len((await panel.house.get(GetResults(), ANA, ResultsAnswer)).results) == 1
    await approved(panel.house, SALTS)
    assert (await panel.house.get(GetResults(), ANA, ResultsAnswer)).results == ()


@pytest.mark.rule("R30")
async def test_a_line_that_is_being_corrected_does_not_bear_the_name_of_a_value(
    panel: Panel,
) -> None:
    await panel.comes(NA, K, codes=())
    await panel.checked()
    assert b'"name":"Sodium"' in (await panel.all_of_it())[0]
    await panel.comes(value("2951-2/2", HIV, "140"), K, codes=())
    rows = (await panel.house.get(GetResults(), ANA, ResultsAnswer)).results
    assert [(row.name, row.being_corrected) for row in rows] == [("Laboratory result", True)]


@pytest.mark.rule("R54", "R55")
async def test_a_collection_time_corrected_into_the_hidden_years_hides_at_once(
    panel: Panel,
) -> None:
    twelve = datetime(2026, 11, 20, 8, tzinfo=UTC)  # the first moment of the day in California
    await panel.house.hear(PatientRecorded(patient="p1", born=date(2014, 11, 20)))
    await panel.comes(NA, acquired=twelve - timedelta(seconds=1))
    await panel.checked()
    assert len((await panel.house.get(GetResults(), ANA, ResultsAnswer)).results) == 1
    await panel.comes(NA, acquired=twelve)
    assert (await panel.house.get(GetResults(), ANA, ResultsAnswer)).results == ()
    assert told(panel.house, LabWithdrawn) == ["r1"]
    await panel.comes(NA, acquired=twelve - timedelta(hours=1))
    await panel.checked()
    assert len((await panel.house.get(GetResults(), ANA, ResultsAnswer)).results) == 1


@pytest.mark.rule("R54", "R30")
async def test_what_the_age_gate_hides_gives_no_hint_and_no_news(panel: Panel) -> None:
    await panel.house.hear(PatientRecorded(patient="p1", born=date(2012, 1, 1)))
    panel.house.hints.clear()
    await panel.comes(NA)
    await panel.checked()
    await panel.comes(NA.model_copy(update={"value": "150", "number": 150.0}))
    await panel.comes(NA, status="wrong")
    await panel.checked()
    assert await panel.is_quiet()


@pytest.mark.rule("R54", "R30")
async def test_what_the_age_gate_hides_is_opened_and_marked_like_what_never_was(
    panel: Panel,
) -> None:
    await panel.house.hear(PatientRecorded(patient="p1", born=date(2012, 1, 1)))
    await panel.comes(NA)
    await panel.checked()
    for ask in (GetResult, MarkSeen):
        replies = [await panel.house.ask(ask(report=id), ANA) for id in ("r1", "never")]
        assert [reply.status for reply in replies] == [404, 404]
        assert replies[0].body == replies[1].body


@pytest.mark.rule("R30")
def test_a_unit_may_name_what_is_hidden_too() -> None:
    version = posted(stored("v", STORED_SODIUM, unit="HIV-1 copies/mL"))
    assert ruling(version).ruling("v").category == "hiv"
    plain = posted(stored("v", STORED_SODIUM, unit="mmol/L"))
    assert ruling(plain).ruling("v").verdict == "release"


@pytest.mark.rule("R18", "R20")
async def test_what_a_new_version_makes_visible_is_told(panel: Panel) -> None:
    """It was verified while nobody knew who ordered; the next version says it."""
    await panel.house.get(posting("r0"), INTEROP, PostAnswer)  # who puts the patient on the panel
    await panel.comes(NA, orderer=Orderer(ids=("999",), name="X"))
    await panel.checked()
    assert told(panel.house, LabVerified) == []
    await panel.comes(NA)
    assert told(panel.house, LabReleased) == ["r1"]


@pytest.mark.rule("R30")
async def test_versions_of_another_patient_do_not_get_into_the_history(panel: Panel) -> None:
    await panel.comes(NA)
    for hours in (0, 9):
        other = posting("r1", K, patient="p2", reported=DRAWN + timedelta(hours=hours))
        reply = await panel.house.ask(other, INTEROP)
        assert (reply.status, b"patient-differs" in reply.body) == (409, True)
    staff = await panel.house.get(GetReport(report="r1"), LEE, ReportAnswer)
    assert len(staff.versions) == 1
