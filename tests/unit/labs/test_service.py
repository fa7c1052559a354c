"""The whole labs service on its log: what each role gets, and what nobody gets (R7, R18-R31, R54)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from contracts.common import Caller, Done, Role
from contracts.identity import PatientRecorded
from contracts.labs import (
    Coding,
    GetHeld,
    GetInbox,
    GetReport,
    GetResult,
    GetResults,
    HeldAnswer,
    InboxAnswer,
    LabReleased,
    LabVerified,
    LabWithdrawn,
    MapCode,
    MarkSeen,
    Orderer,
    PostAnswer,
    PostReport,
    ReportAnswer,
    ResolveOrderer,
    ResultAnswer,
    ResultsAnswer,
    VerifyReport,
)
from contracts.practice import PracticeConfigured, ProviderListed
from services.labs.judging import Deps
from services.labs.release.policy import load
from services.labs.renewing import begin_at_start
from tests.unit.labs.house import (
    ADMIN,
    ANA,
    BEN,
    HIV,
    INTEROP,
    KIM,
    KIM_FOR_LEE,
    LEE,
    SODIUM,
    House,
    living,
    profile,
    provider,
    report,
    value,
)
from tests.unit.labs.making import DRAWN, NOW

ODD = Coding(system="L", code="ZYX", text="Zyx factor")
NOBODY = Orderer(ids=("999",), name="Somebody Else")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with living(tmp_path) as running:
        yield running


async def post(house: House, *reports: PostReport) -> None:
    for each in reports:
        await house.get(each, INTEROP, PostAnswer)


async def verify(house: House, id: str = "r1", revision: int = 1, *keys: str) -> None:
    await house.get(VerifyReport(report=id, revision=revision, keys=keys), LEE, Done)


async def listed(house: House, caller: Caller = ANA) -> list[str]:
    answer = await house.get(GetResults(), caller, ResultsAnswer)
    return [row.report for row in answer.results]


async def page(house: House, id: str = "r1") -> ResultAnswer:
    return await house.get(GetResult(report=id), ANA, ResultAnswer)


@pytest.mark.rule("R18", "R19", "R7", "S4")
async def test_a_result_waits_in_its_inbox_and_is_visible_with_the_verification(
    house: House,
) -> None:
    await post(house, report())
    assert await listed(house) == []
    mine = await house.get(GetInbox(), LEE, InboxAnswer)
    assert [(row.report, row.orderer) for row in mine.reports] == [("r1", "Ann Lee MD")]
    assert (await house.get(GetInbox(), KIM, InboxAnswer)).reports == ()
    assert len((await house.get(GetInbox(cover=True), KIM_FOR_LEE, InboxAnswer)).reports) == 1
    await verify(house)
    assert await listed(house) == ["r1"]
    seen = await page(house)
    assert (seen.verified_by, seen.ordered_by) == ("Ann Lee MD", "Ann Lee MD")
    assert (seen.collected, seen.verified) == (DRAWN, NOW)
    assert (seen.values[0].value, seen.values[0].unit, seen.values[0].high) == (
        "140",
        "mmol/L",
        145,
    )
    assert house.published == [LabVerified(report="r1", patient="p1", verified=NOW)]
    assert (await house.get(GetInbox(cover=True), KIM_FOR_LEE, InboxAnswer)).reports == ()
    assert "patient.p1" in house.hints


@pytest.mark.rule("R30", "R19", "R22", "R20")
async def test_whatever_the_reason_the_answer_for_what_is_not_visible_is_the_same(
    house: House,
) -> None:
    await post(house, report("unverified"))
    await post(house, report("hiv", value("h", HIV, "Negative"), codes=(HIV,)))
    await post(house, report("held", value("z", ODD)))
    await post(house, report("foreign", orderer=NOBODY))
    await post(house, report("others", patient="p2"))
    for id in ("hiv", "held", "foreign", "others"):
        await verify(house, id)
    replies = {
        (reply.status, reply.body)
        for id in ("unverified", "hiv", "held", "foreign", "others", "never-was")
        for reply in [await house.ask(GetResult(report=id), ANA)]
    }
    assert len(replies) == 1
    assert replies.pop()[0] == 404
    assert await listed(house) == []
    assert (await house.ask(MarkSeen(report="hiv"), ANA)).status == 404
    assert [e.report for e in house.published if isinstance(e, LabVerified)] == ["others"]
    assert "patient.p1" not in house.hints[5:]


@pytest.mark.rule("R30", "R22")
async def test_a_blocked_member_is_nowhere_in_what_the_patient_gets(house: House) -> None:
    mixed = report("r1", value("na", SODIUM), value("hiv", HIV, "Reactive"), note="Call us")
    await post(house, mixed)
    await verify(house)
    for message in (GetResults(), GetResult(report="r1")):
        body = (await house.ask(message, ANA)).body.lower()
        assert b"hiv" not in body
        assert b"reactive" not in body
        assert b"call us" not in body
    staff = await house.get(GetReport(report="r1"), LEE, ReportAnswer)
    told = {v.key: (v.ruling, v.category) for v in staff.values}
    assert told == {"na": ("release", ""), "hiv": ("block", "hiv")}


@pytest.mark.rule("R54", "R55", "R59")
async def test_the_age_gate_follows_the_birth_date_as_it_is_known_now(house: House) -> None:
    await house.hear(PatientRecorded(patient="p1", born=date(2012, 1, 1)))  # 14 when drawn
    await post(house, report())
    await verify(house)
    assert await listed(house) == []
    assert (await house.ask(GetResult(report="r1"), ANA)).status == 404
    assert house.published == []
    await house.hear(PatientRecorded(patient="p1", born=date(2002, 1, 1)))
    assert await listed(house) == ["r1"]
    await house.hear(PatientRecorded(patient="p1", born=None))
    assert await listed(house) == []


@pytest.mark.rule("R19", "R54", "R7")
async def test_a_trend_has_visible_values_of_the_same_test_and_unit_only(house: House) -> None:
    born = date(2008, 11, 1)  # eighteen since 1 November 2026
    await house.hear(PatientRecorded(patient="p1", born=born))
    for id, days, text, unit in (
        ("young", 400, "130", "mmol/L"),
        ("old", 12, "141", "mmol/L"),
        ("unit", 11, "3.2", "g/L"),
        ("new", 1, "140", "mmol/L"),
    ):
        at = NOW - timedelta(days=days)
        await post(
            house, report(id, value("na", SODIUM, text, unit=unit), acquired=at, reported=at)
        )
        await verify(house, id)
    at = NOW - timedelta(days=5)
    await post(house, report("unverified", value("na", SODIUM, "99"), acquired=at))
    trend = (await page(house, "new")).values[0].trend
    assert [(p.number, p.at) for p in trend] == [(141.0, NOW - timedelta(days=12))]
    assert await listed(house) == ["new", "unit", "old"]


@pytest.mark.rule("R18", "S4")
async def test_a_correction_withdraws_returns_to_the_inbox_and_keeps_both_versions(
    house: House,
) -> None:
    await post(house, report())
    await verify(house)
    await post(
        house,
        report("r1", value("na", SODIUM, "150"), status="corrected", reported=NOW),
    )
    row = (await house.get(GetResults(), ANA, ResultsAnswer)).results[0]
    assert (row.being_corrected, row.abnormal) == (True, False)
    waiting = await page(house)
    assert (waiting.being_corrected, waiting.values) == (True, ())
    inbox = await house.get(GetInbox(), LEE, InboxAnswer)
    assert [r.corrected for r in inbox.reports] == [True]
    stale = await house.ask(VerifyReport(report="r1", revision=1), LEE)
    assert stale.status == 409
    await verify(house, "r1", 2)
    assert (await page(house)).values[0].value == "150"
    kinds = [type(e).__name__ for e in house.published]
    assert kinds == ["LabVerified", "LabWithdrawn", "LabVerified"]
    staff = await house.get(GetReport(report="r1"), LEE, ReportAnswer)
    history = [(v.revision, v.values[0].value, v.verified_by) for v in staff.versions]
    assert history == [(2, "150", "Ann Lee MD"), (1, "140", "Ann Lee MD")]


@pytest.mark.rule("R54", "R55")
async def test_a_sample_of_before_twelve_stays_when_reported_after_and_corrected_at_13(
    house: House,
) -> None:
    await house.hear(PatientRecorded(patient="p1", born=date(2013, 11, 1)))
    at_11, at_12 = NOW - timedelta(days=400), NOW - timedelta(days=380)
    await post(house, report(acquired=at_11, reported=at_12))
    await verify(house)
    assert await listed(house) == ["r1"]
    right = report("r1", value("na", SODIUM, "150"), status="corrected", acquired=at_11)
    await post(house, right.model_copy(update={"reported": NOW}))
    await verify(house, "r1", 2)
    assert (await page(house)).values[0].value == "150"
    await post(house, report("r2", acquired=at_12, reported=at_12))
    await verify(house, "r2")
    assert await listed(house) == ["r1"]


@pytest.mark.rule("R18")
async def test_repeats_and_late_versions_change_nothing(house: House) -> None:
    await post(house, report(reported=NOW))
    again = await house.get(report(reported=NOW + timedelta(hours=1)), INTEROP, PostAnswer)
    late = report("r1", value("na", SODIUM, "1"), status="preliminary", reported=DRAWN)
    for _ in range(2):
        assert (await house.get(late, INTEROP, PostAnswer)).outcome == "unchanged"
    assert again.outcome == "unchanged"
    staff = await house.get(GetReport(report="r1"), LEE, ReportAnswer)
    assert staff.revision == 1
    assert [v.late for v in staff.versions] == [True, False]


@pytest.mark.rule("S5", "R30")
async def test_mapping_a_code_judges_again_what_waits_on_it(house: House) -> None:
    answer = await house.get(report("r1", value("z", ODD)), INTEROP, PostAnswer)
    assert (answer.outcome, answer.reasons) == ("held", ("code",))
    await verify(house)
    held = (await house.get(GetHeld(), ADMIN, HeldAnswer)).reports
    assert [(row.report, row.unknown_codes) for row in held] == [("r1", (ODD,))]
    await house.get(MapCode(sender="lab", code=ODD, category="none"), ADMIN, Done)
    await house.settle()
    assert await listed(house) == ["r1"]
    assert house.published == [LabReleased(report="r1", patient="p1", released=NOW)]
    assert (await house.get(GetHeld(), ADMIN, HeldAnswer)).reports == ()
    await house.get(MapCode(sender="lab", code=ODD, category="hiv"), ADMIN, Done)
    await house.settle()
    assert await listed(house) == []
    assert isinstance(house.published[-1], LabWithdrawn)
    bad = await house.ask(MapCode(sender="lab", code=ODD, category="odd"), ADMIN)
    assert bad.status == 422


@pytest.mark.rule("S5", "R20")
async def test_an_unknown_orderer_is_resolved_by_staff_or_by_the_directory(house: House) -> None:
    await post(house, report("r1", orderer=NOBODY), report("r2", orderer=NOBODY))
    assert (await house.get(GetInbox(cover=True), KIM_FOR_LEE, InboxAnswer)).reports == ()
    assert len((await house.get(GetHeld(), ADMIN, HeldAnswer)).reports) == 2
    nobody = await house.ask(ResolveOrderer(report="r1", provider="dr-none"), ADMIN)
    assert nobody.status == 422
    await house.get(ResolveOrderer(report="r1", provider="dr-lee"), ADMIN, Done)
    assert len((await house.get(GetInbox(), LEE, InboxAnswer)).reports) == 1
    kim = provider("dr-kim", "1245319599", "Bo Kim DO", aliases=("999",))
    await house.hear(ProviderListed(provider=kim))
    await house.settle()
    assert [r.report for r in (await house.get(GetInbox(), KIM, InboxAnswer)).reports] == ["r2"]
    assert (await house.get(GetHeld(), ADMIN, HeldAnswer)).reports == ()


@pytest.mark.rule("R20")
async def test_an_affiliation_corrected_later_hides_what_was_shown(house: House) -> None:
    await post(house, report())
    await verify(house)
    gone = provider("dr-lee", "1234567893", "Ann Lee MD", affiliations=())
    await house.hear(ProviderListed(provider=gone))
    await house.settle()
    assert await listed(house) == []


@pytest.mark.rule("R31")
async def test_a_practice_that_releases_an_imaging_type_shows_it(house: House) -> None:
    scan = Coding(system="L", code="D1", text="DEXA hip")
    await post(house, report("r1", value("i", scan, "Normal"), codes=(scan,)))
    await verify(house)
    assert await listed(house) == []
    await house.hear(PracticeConfigured(profile=profile(released_radiology=("DEXA",))))
    await house.settle()
    assert await listed(house) == ["r1"]


@pytest.mark.rule("R7")
async def test_an_opened_result_is_no_longer_new_until_it_changes(house: House) -> None:
    await post(house, report())
    await verify(house)
    assert (await house.get(GetResults(), ANA, ResultsAnswer)).results[0].is_new
    for _ in range(2):
        await house.get(MarkSeen(report="r1"), ANA, Done)
    assert not (await house.get(GetResults(), ANA, ResultsAnswer)).results[0].is_new
    assert (await house.ask(MarkSeen(report="r1"), BEN)).status == 404


@pytest.mark.rule("R19", "R30")
@pytest.mark.parametrize("role", [Role.SUPPORT, Role.CLINIC, Role.SRE])
async def test_other_staff_get_no_results_at_all(house: House, role: Role) -> None:
    await post(house, report())
    await verify(house)
    caller = Caller(subject="u", role=role)
    for message in (GetResults(), GetResult(report="r1"), GetReport(report="r1"), GetInbox()):
        assert (await house.ask(message, caller)).status == 403
    assert (await house.ask(GetReport(report="r1"), ANA)).status == 403
    assert (await house.ask(report(), LEE)).status == 403
    other = Caller(subject="notifier", role=Role.SERVICE)
    assert (await house.ask(report(), other)).status == 403


@pytest.mark.rule("S4")
async def test_the_inbox_is_oldest_first_and_flags_what_is_abnormal(house: House) -> None:
    await post(house, report("new", reported=NOW), report("old", value("na", SODIUM, flag="low")))
    rows = (await house.get(GetInbox(), LEE, InboxAnswer)).reports
    assert [(r.report, r.abnormal) for r in rows] == [("old", True), ("new", False)]


@pytest.mark.rule("R54")
async def test_an_unknown_patient_sees_nothing_yet(house: House) -> None:
    await post(house, report(patient="p9"))
    await verify(house)
    assert await listed(house, Caller(subject="u", role=Role.PATIENT, patient="p9")) == []
    assert house.published == []


@pytest.mark.rule("R30")
async def test_a_new_policy_version_judges_old_results_again(house: House) -> None:
    await post(house, report())
    await verify(house)
    rules = house.service.deps.rules
    hiv = next(c for c in rules.categories if c.name == "hiv")
    stricter = replace(hiv, name="salts", loinc=frozenset({"2951-2"}))
    house.service.deps = Deps(replace(rules, categories=(*rules.categories, stricter), digest="x"))
    house.service.ready.set()
    await begin_at_start(house.service)
    await house.settle()
    assert await listed(house) == []
    staff = await house.get(GetReport(report="r1"), LEE, ReportAnswer)
    assert (staff.policy, staff.values[0].category) == ("2000-01-01.x", "salts")


@pytest.mark.rule("R30")
def test_a_category_begins_on_its_day() -> None:
    rules = load()
    hiv = next(c for c in rules.categories if c.name == "hiv")
    later = replace(hiv, effective_from=date(2027, 1, 1), mode="with pap")
    dated = replace(rules, categories=(*rules.categories, later))
    modes = [dated.at(date(y, 1, 1)).category("hiv") for y in (2026, 2027)]
    assert [c and c.mode for c in modes] == ["always", "with pap"]
