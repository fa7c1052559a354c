"""Two patients were one person (ADT A40): reports move, and nobody else's does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.identity import PatientMerged, PatientRecorded
from contracts.labs import (
    GetReport,
    GetResult,
    GetResults,
    LabReleased,
    LabWithdrawn,
    PostAnswer,
    ReportAnswer,
    ResultAnswer,
    ResultsAnswer,
    VerifyReport,
    ViewResults,
)
from services.labs.decider.report import move, post, verify
from services.labs.events.report import ReportMoved
from tests.unit.labs.house import ANA, BEN, INTEROP, LEE, SODIUM, House, living, report, value
from tests.unit.labs.making import DRAWN, NOW, given, names, posted, ruling


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with living(tmp_path) as opened:
        yield opened


async def results(house: House, who: Any) -> list[str]:
    answer = await house.get(GetResults(), who, ResultsAnswer)
    return [row.report for row in answer.results]


async def verified(house: House, id: str, patient: str = "p1") -> None:
    await house.get(report(id, patient=patient), INTEROP, PostAnswer)
    reply = await house.ask(VerifyReport(report=id, revision=1), LEE)
    assert reply.status == 201, reply.body


async def test_the_reports_of_who_gave_way_are_the_others_and_no_longer_theirs(
    house: House,
) -> None:
    await verified(house, "r1")
    await verified(house, "r2", patient="p2")
    await house.hear(PatientMerged(patient="p1", into="p2"))
    await house.settle()
    assert sorted(await results(house, BEN)) == ["r1", "r2"]
    assert await results(house, ANA) == []
    assert (await house.ask(GetResult(report="r1"), ANA)).status == 404
    shown = await house.get(GetResult(report="r1"), BEN, ResultAnswer)
    assert [v.value for v in shown.values] == ["140"]
    told = [e for e in house.published if isinstance(e, LabReleased)]
    assert [(e.report, e.patient) for e in told] == [("r1", "p2")]


async def test_what_still_comes_under_the_old_id_reaches_the_one_that_stays(house: House) -> None:
    await verified(house, "r1")
    await house.hear(PatientMerged(patient="p1", into="p2"))
    await house.settle()
    later = report(
        "r1", value("na", SODIUM, "150", status="corrected"), reported=DRAWN + timedelta(hours=2)
    )
    assert (await house.get(later, INTEROP, PostAnswer)).outcome == "applied"
    await verified(house, "r9")
    assert "r9" in await results(house, BEN)
    assert await results(house, ANA) == []


async def test_a_correction_that_comes_before_the_report_has_moved_moves_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: Any, **__: Any) -> None:
        raise OSError("the power went out")

    await verified(house, "r1")
    monkeypatch.setattr("services.labs.policies._each_report", never)
    await house.hear(PatientMerged(patient="p1", into="p2"))
    later = report("r1", value("na", SODIUM, "150"), reported=DRAWN + timedelta(hours=2))
    assert (await house.get(later, INTEROP, PostAnswer)).outcome == "applied"
    assert (await results(house, ANA), await results(house, BEN)) == ([], ["r1"])
    assert (await house.ask(VerifyReport(report="r1", revision=2), LEE)).status == 201
    staff = await house.get(GetReport(report="r1"), LEE, ReportAnswer)
    assert (staff.patient, staff.values[0].value) == ("p2", "150")
    other = report("r1", patient="p3", reported=DRAWN + timedelta(hours=3))
    assert (await house.ask(other, INTEROP)).status == 409


async def test_an_old_version_sent_again_after_a_merge_is_still_an_old_one(house: House) -> None:
    await house.get(report("r1"), INTEROP, PostAnswer)
    corrected = report(
        "r1", value("na", SODIUM, "150"), status="corrected", reported=DRAWN + timedelta(hours=1)
    )
    await house.get(corrected, INTEROP, PostAnswer)
    await house.hear(PatientMerged(patient="p1", into="p2"))
    await house.settle()
    again = report("r1", reported=DRAWN + timedelta(hours=2))
    assert (await house.get(again, INTEROP, PostAnswer)).outcome == "unchanged"
    staff = await house.get(GetReport(report="r1"), LEE, ReportAnswer)
    assert [v.value for v in staff.values] == ["150"]
    foreign = corrected.model_copy(update={"patient": "p3"})
    assert (await house.ask(foreign, INTEROP)).status == 409


async def test_staff_read_whose_report_it_is_by_now(house: House) -> None:
    await verified(house, "r1")
    await house.hear(PatientMerged(patient="p1", into="p2"))
    await house.settle()
    assert (await house.get(GetReport(report="r1"), LEE, ReportAnswer)).patient == "p2"


async def test_merges_in_a_row_lead_to_the_last(house: House) -> None:
    await house.hear(PatientRecorded(patient="p3", born=date(1970, 1, 1)))
    await verified(house, "r1")
    await house.hear(PatientMerged(patient="p1", into="p2"))
    await house.hear(PatientMerged(patient="p2", into="p3"))
    await house.settle()
    await verified(house, "r2", patient="p1")
    other = BEN.model_copy(update={"patient": "p3"})
    assert sorted(await results(house, other)) == ["r1", "r2"]


@pytest.mark.rule("R54")
async def test_the_age_gate_asks_for_the_birth_date_of_the_one_that_stays(house: House) -> None:
    await house.hear(PatientRecorded(patient="teen", born=date(2012, 1, 1)))
    await verified(house, "r1")
    await house.hear(PatientMerged(patient="p1", into="teen"))
    await house.settle()
    assert await results(house, BEN.model_copy(update={"patient": "teen"})) == []
    later = report("r1", value("na", SODIUM, "150"), reported=DRAWN + timedelta(hours=2))
    await house.get(later, INTEROP, PostAnswer)
    assert not [e for e in house.published if isinstance(e, LabReleased | LabWithdrawn)]
    assert house.hints.count("patient.teen") == 1  # of the birth date


async def test_their_provider_reaches_the_chart_that_stays(house: House) -> None:
    await verified(house, "r1")
    assert (await house.ask(ViewResults(patient="p2"), LEE)).status == 403
    await house.hear(PatientMerged(patient="p1", into="p2"))
    await house.settle()
    assert (await house.ask(ViewResults(patient="p2"), LEE)).status == 200


def test_moving_shows_what_was_shown_and_is_done_once() -> None:
    version = posted()
    came = post(given(), version, ruling(version), True, NOW)
    state = given(*came)
    state = given(*came, *verify(state, 1, (), "dr", "Dr", True, NOW))
    moved = move(state, "p2", True, NOW)
    assert names(moved) == ["ReportMoved", "ResultShown", "ResultReleased"]
    assert {e.patient for e in moved} == {"p2"}
    after = given(*came, *verify(given(*came), 1, (), "dr", "Dr", True, NOW), *moved)
    assert move(after, "p2", True, NOW) == []
    assert after.posted == replace(version, revision=1, patient="p2")


def test_an_unverified_report_moves_without_anything_shown() -> None:
    version = posted()
    state = given(*post(given(), version, ruling(version), True, NOW))
    assert move(state, "p2", True, NOW) == [ReportMoved("r1", "p2", "p1")]
    assert move(given(), "p2", True, NOW) == []
