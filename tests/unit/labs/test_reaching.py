"""Which charts a provider reaches, what they see as the patient sees it, and what is kept of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.common import Caller, Done, Role
from contracts.identity import PatientRecorded
from contracts.labs import (
    ChartAccessed,
    GetInbox,
    GetReport,
    GetResult,
    GetResults,
    InboxAnswer,
    Orderer,
    PostAnswer,
    ReportAnswer,
    ResultsAnswer,
    VerifyReport,
    ViewResult,
    ViewResults,
)
from kernel.committer import Stopping
from kernel.envelope import Query
from tests.unit.labs.house import (
    ADMIN,
    ANA,
    HIV,
    INTEROP,
    KIM,
    KIM_FOR_LEE,
    LEE,
    SODIUM,
    House,
    living,
    report,
    value,
)
from tests.unit.labs.making import NOW

KIMS = Orderer(ids=("1245319599",), name="Kim")
NOBODY = Orderer(ids=("999",), name="Somebody Else")
KIM_WITH_GLASS = KIM.model_copy(update={"glass": ("p1",)})
LOOKING: tuple[Query, ...] = (
    GetReport(report="r1"),
    ViewResults(patient="p1"),
    ViewResult(patient="p1", report="r1"),
)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Ana's verified report of Dr. Lee, and nothing of Dr. Kim."""
    async with living(tmp_path) as running:
        await running.get(report(), INTEROP, PostAnswer)
        await running.get(VerifyReport(report="r1", revision=1), LEE, Done)
        yield running


def looks(house: House) -> list[tuple[str, str, str]]:
    """Who was kept as looking at whom, and how they came to it."""
    kept = [e for e in house.published if isinstance(e, ChartAccessed)]
    return [(e.account, e.patient, e.how) for e in kept]


@pytest.mark.rule("S4", "S14")
@pytest.mark.parametrize("message", LOOKING, ids=lambda m: type(m).__name__)
@pytest.mark.parametrize(
    ("caller", "how"),
    [(LEE, "care-team"), (KIM_FOR_LEE, "cover"), (KIM_WITH_GLASS, "break-glass")],
    ids=lambda each: each if isinstance(each, str) else "",
)
async def test_the_own_panel_a_colleagues_and_an_opened_record_are_seen_and_that_is_kept(
    house: House, caller: Caller, how: str, message: Query
) -> None:
    assert (await house.ask(message, caller)).status == 200
    assert looks(house) == [(caller.subject, "p1", how)]


@pytest.mark.rule("S4", "S14")
@pytest.mark.parametrize("message", LOOKING, ids=lambda m: type(m).__name__)
@pytest.mark.parametrize(
    "caller",
    [
        KIM,
        KIM.model_copy(update={"covers": ("dr-who",), "glass": ("p2",)}),
        Caller(subject="u-new", role=Role.PROVIDER),
    ],
    ids=("another panel", "covers and glass of others", "not in the directory"),
)
async def test_any_other_chart_stays_closed_and_nothing_of_it_is_said(
    house: House, caller: Caller, message: Query
) -> None:
    reply = await house.ask(message, caller)
    assert (reply.status, json.loads(reply.body)["code"]) == (403, "break-glass")
    assert b"p1" not in reply.body
    assert looks(house) == []


@pytest.mark.rule("S4")
async def test_a_patient_of_the_panel_is_seen_whole_also_what_others_ordered(house: House) -> None:
    await house.get(report("r2", orderer=KIMS), INTEROP, PostAnswer)
    shown = await house.get(GetReport(report="r1"), KIM, ReportAnswer)
    assert shown.patient == "p1"
    assert looks(house) == [("u-kim", "p1", "care-team")]


@pytest.mark.rule("S4")
async def test_an_order_from_outside_puts_nobody_on_a_panel(house: House) -> None:
    await house.get(report("r2", patient="p2", orderer=NOBODY), INTEROP, PostAnswer)
    for caller in (LEE, KIM_FOR_LEE):
        assert (await house.ask(GetReport(report="r2"), caller)).status == 403


@pytest.mark.rule("S4")
async def test_only_who_reaches_a_report_verifies_it(house: House) -> None:
    await house.get(report("r2"), INTEROP, PostAnswer)
    verify = VerifyReport(report="r2", revision=1)
    refused = await house.ask(verify, KIM)
    assert (refused.status, json.loads(refused.body)["code"]) == (403, "break-glass")
    await house.get(verify, KIM_FOR_LEE, Done)
    shown = await house.get(GetReport(report="r2"), LEE, ReportAnswer)
    assert shown.verified_by == "Bo Kim DO"


@pytest.mark.rule("S4")
async def test_the_inbox_for_colleagues_holds_theirs_in_order_and_is_empty_without_any(
    house: House,
) -> None:
    later = NOW + timedelta(hours=1)
    await house.get(report("late", reported=later), INTEROP, PostAnswer)
    await house.get(report("kims", patient="p2", orderer=KIMS, reported=NOW), INTEROP, PostAnswer)
    await house.get(report("early"), INTEROP, PostAnswer)
    both = Caller(subject="u", role=Role.PROVIDER, provider="dr-new", covers=("dr-lee", "dr-kim"))
    for caller, waiting in (
        (both, ["early", "kims", "late"]),
        (KIM_FOR_LEE, ["early", "late"]),
        (LEE, []),
    ):
        rows = (await house.get(GetInbox(cover=True), caller, InboxAnswer)).reports
        assert [row.report for row in rows] == waiting


@pytest.mark.rule("S14")
async def test_looking_is_kept_once_an_hour_for_each_way_and_account(house: House) -> None:
    for message in (*LOOKING, *LOOKING):
        await house.ask(message, LEE)
    assert len(looks(house)) == 1
    await house.ask(LOOKING[0], KIM_WITH_GLASS)
    await house.ask(LOOKING[0], KIM_FOR_LEE)
    assert len(looks(house)) == 3
    house.clock.move(timedelta(minutes=59, seconds=59))
    await house.ask(LOOKING[0], LEE)
    assert len(looks(house)) == 3
    house.clock.move(timedelta(seconds=1))
    await house.ask(LOOKING[0], LEE)
    assert looks(house)[3:] == [("u-lee", "p1", "care-team")]


@pytest.mark.rule("S14")
@pytest.mark.parametrize("message", LOOKING, ids=lambda m: type(m).__name__)
async def test_what_cannot_be_kept_is_not_shown(
    house: House, monkeypatch: pytest.MonkeyPatch, message: Query
) -> None:
    async def stopping(unit: Any) -> Any:
        raise Stopping

    monkeypatch.setattr(house.service, "submit", stopping)
    reply = await house.ask(message, LEE)
    assert (reply.status, b"140" in reply.body) == (503, False)


@pytest.mark.rule("S14", "R30", "R54", "R19")
async def test_viewing_as_the_patient_gives_what_the_patient_gets_byte_for_byte(
    house: House,
) -> None:
    mixed = (value("na", SODIUM, "139"), value("hiv", HIV, "Reactive"))
    await house.get(report("mixed", *mixed, note="Call us"), INTEROP, PostAnswer)
    await house.get(report("hiv", value("h", HIV, "Reactive"), codes=(HIV,)), INTEROP, PostAnswer)
    young = NOW - timedelta(days=400)  # seventeen
    await house.hear(PatientRecorded(patient="p1", born=date(2008, 11, 1)))
    await house.get(report("young", acquired=young, reported=young), INTEROP, PostAnswer)
    for id in ("mixed", "hiv", "young"):
        await house.get(VerifyReport(report=id, revision=1), LEE, Done)
    await house.get(report("unverified"), INTEROP, PostAnswer)
    listed = await house.get(GetResults(), ANA, ResultsAnswer)
    assert {row.report for row in listed.results} == {"r1", "mixed"}
    assert await house.ask(ViewResults(patient="p1"), LEE) == await house.ask(GetResults(), ANA)
    statuses = {}
    for id in ("r1", "mixed", "hiv", "young", "unverified", "never-was"):
        seen = await house.ask(ViewResult(patient="p1", report=id), LEE)
        assert seen == await house.ask(GetResult(report=id), ANA)
        assert b"eactive" not in seen.body
        statuses[id] = seen.status
    assert statuses == {
        "r1": 200, "mixed": 200, "hiv": 404, "young": 404, "unverified": 404, "never-was": 404,
    }  # fmt: skip


@pytest.mark.rule("S14")
async def test_a_report_of_another_patient_is_not_found_through_a_patient_of_the_panel(
    house: House,
) -> None:
    await house.get(report("r2", patient="p2", orderer=KIMS), INTEROP, PostAnswer)
    await house.get(VerifyReport(report="r2", revision=1), KIM, Done)
    assert (await house.ask(ViewResult(patient="p1", report="r2"), LEE)).status == 404


@pytest.mark.rule("S14")
async def test_the_patient_and_other_staff_look_through_their_own_doors_only(house: House) -> None:
    for caller in (ANA, ADMIN, Caller(subject="u", role=Role.SUPPORT), INTEROP):
        for message in LOOKING:
            assert (await house.ask(message, caller)).status == 403
    assert looks(house) == []


async def test_without_a_record_in_view_there_is_nothing_to_see(house: House) -> None:
    for barred in ("agreement-due", "no-record"):
        caller = Caller(subject="u", role=Role.PATIENT, barred=barred)
        for message in (GetResults(), GetResult(report="r1")):
            reply = await house.ask(message, caller)
            assert (reply.status, json.loads(reply.body)["code"]) == (403, barred)
