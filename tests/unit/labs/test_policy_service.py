"""The life of a set of changes in a running service: approval, its day, rollback (S6)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.common import Done
from contracts.labs import (
    ApprovePolicy,
    CategoryAnswer,
    DiscardPolicy,
    DraftPolicy,
    DryRunPolicy,
    GetCategory,
    GetPolicies,
    GetPolicyVersion,
    GetReport,
    GetResult,
    LabReleased,
    LabWithdrawn,
    PoliciesAnswer,
    PolicyChange,
    ReportAnswer,
    ResultAnswer,
    RollBackPolicy,
)
from kernel.api import Call, serve
from kernel.testing.waiting import until
from services.labs.events.policy import PolicyBegan
from services.labs.judging import judge_report_again
from services.labs.renewing import begin_at_start
from services.labs.service import build
from tests.unit.labs.house import (
    ADMIN,
    ANA,
    BEN,
    HIV,
    INTEROP,
    LEE,
    SODIUM,
    House,
    living,
    value,
)
from tests.unit.labs.policy_desk import (
    ANN,
    BOB,
    OFF,
    SALTS,
    TODAY,
    approved,
    code_of,
    drafted,
    events,
    is_stuck,
    listed,
    rehearsed,
    told,
    verified,
    version,
)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with living(tmp_path) as opened:
        yield opened


@pytest.mark.rule("S6", "R22", "R30")
async def test_what_an_approved_set_shows_and_hides_takes_effect_at_once(house: House) -> None:
    await verified(house, "r1")
    await verified(house, "r2", value("h", HIV, "Negative"), codes=(HIV,))
    await verified(house, "r3", value("na", SODIUM), value("h", HIV, "Negative"), patient="p2")
    assert (await listed(house), await listed(house, BEN)) == (["r1"], ["r3"])
    id = await drafted(house, OFF)
    found = await rehearsed(house, id)
    assert (found.done, found.of, found.reveal, found.hide, found.waiting) == (3, 3, 2, 0, 0)
    assert [(r.report, r.change, r.category, r.matcher) for r in found.rows] == [
        ("r2", "reveal", "hiv", "loinc:7918-6"),
        ("r3", "reveal", "hiv", "loinc:7918-6"),
    ]
    assert (await listed(house), told(house, LabReleased)) == (["r1"], [])
    await house.get(ApprovePolicy(draft=id, revision=1), BOB, Done)
    await house.settle()
    assert await listed(house) == ["r1", "r2"]
    shown = await house.get(GetResult(report="r3"), BEN, ResultAnswer)
    assert [v.name for v in shown.values] == ["Sodium", "HIV 1+2 Ab"]
    assert sorted(told(house, LabReleased)) == ["r2", "r3"]
    await verified(house, "r4", value("h", HIV, "Negative"), codes=(HIV,))
    assert await listed(house) == ["r1", "r2", "r4"]


@pytest.mark.rule("S6", "R30")
async def test_a_rollback_takes_everything_back_for_old_and_new_reports(house: House) -> None:
    await verified(house, "r1")
    before = await house.get(GetPolicies(), ANN, PoliciesAnswer)
    id = await approved(house, SALTS)
    assert (await listed(house), told(house, LabWithdrawn)) == ([], ["r1"])
    during = await house.get(GetPolicies(), ANN, PoliciesAnswer)
    assert during.label.startswith("2026-11-24.")
    assert during.label != before.label
    await house.get(RollBackPolicy(version=id, reason="too strict"), ANN, Done)
    await house.settle()
    assert (await listed(house), told(house, LabReleased)) == (["r1"], ["r1"])
    await verified(house, "r2")
    assert await listed(house) == ["r1", "r2"]
    after = await house.get(GetPolicies(), ANN, PoliciesAnswer)
    assert after.label == before.label
    row = after.versions[0]
    assert (row.state, row.ended_by, row.end_reason) == ("rolled-back", "Ann Admin", "too strict")
    again = await house.ask(RollBackPolicy(version=id, reason="twice"), ANN)
    assert (again.status, code_of(again)) == (409, "not-approved")


@pytest.mark.rule("S6", "R30")
async def test_a_set_begins_at_the_midnight_of_its_day_at_the_practice(house: House) -> None:
    await verified(house, "r1")
    id = await approved(house, SALTS, effective=date(2026, 11, 26))
    assert (await version(house, id)).row.state == "scheduled"
    house.clock.at = datetime(2026, 11, 26, 7, 59, 59, tzinfo=UTC)  # before midnight in California
    await verified(house, "r2")
    await house.settle()
    assert await listed(house) == ["r1", "r2"]
    house.clock.move(timedelta(seconds=2))
    await verified(house, "r3")
    assert await listed(house) == ["r1", "r2"], "the new report is judged by the new policy at once"

    async def withdrawn() -> bool:
        return await listed(house) == []

    await until(withdrawn)
    assert (await version(house, id)).row.state == "in-force"


@pytest.mark.rule("S6")
async def test_a_scheduled_set_that_is_rolled_back_never_begins(house: House) -> None:
    await verified(house, "r1")
    id = await approved(house, SALTS, effective=date(2026, 11, 26))
    await house.get(RollBackPolicy(version=id, reason="not now"), BOB, Done)
    house.clock.at = datetime(2026, 11, 27, 12, tzinfo=UTC)
    await house.settle()
    await verified(house, "r2")
    assert await listed(house) == ["r1", "r2"]


@pytest.mark.rule("S6")
async def test_only_another_person_approves_and_only_what_was_rehearsed(house: House) -> None:
    id = await drafted(house, OFF)
    early = await house.ask(ApprovePolicy(draft=id, revision=1), BOB)
    assert (early.status, code_of(early)) == (409, "no-dry-run")
    await rehearsed(house, id)
    own = await house.ask(ApprovePolicy(draft=id, revision=1), ANN)
    assert (own.status, code_of(own)) == (403, "same-person")
    again = DraftPolicy(draft=id, title="Better", effective=TODAY, changes=(OFF, SALTS))
    await house.get(again, BOB, Done)
    stale = await house.ask(ApprovePolicy(draft=id, revision=1), ADMIN)
    assert (stale.status, code_of(stale)) == (409, "stale")
    unrehearsed = await house.ask(ApprovePolicy(draft=id, revision=2), ADMIN)
    assert code_of(unrehearsed) == "no-dry-run"
    assert (await version(house, id)).dry_run is None
    await rehearsed(house, id, revision=2)
    for author in (ANN, BOB):
        assert (
            code_of(await house.ask(ApprovePolicy(draft=id, revision=2), author)) == "same-person"
        )
        assert (await version(house, id, author)).row.mine
    assert not (await version(house, id, ADMIN)).row.mine
    await house.get(ApprovePolicy(draft=id, revision=2), ADMIN, Done)
    late = await house.ask(again, BOB)
    assert (late.status, code_of(late)) == (409, "not-draft")
    assert code_of(await house.ask(DiscardPolicy(draft=id), ANN)) == "not-draft"
    assert code_of(await house.ask(DryRunPolicy(draft=id, revision=2), ANN)) == "not-draft"


@pytest.mark.rule("S6")
async def test_a_day_that_has_passed_is_refused_today_at_the_practice_is_not(house: House) -> None:
    house.clock.at = datetime(2026, 11, 25, 7, 30, tzinfo=UTC)  # still the 24th in California
    id = await drafted(house, OFF, effective=TODAY)
    for day, code in ((date(2026, 11, 23), "past"), (date(9999, 1, 1), "far")):
        command = DraftPolicy(title="A trial", effective=day, changes=(OFF,))
        reply = await house.ask(command, ANN)
        assert (reply.status, code_of(reply)) == (422, code)
    await rehearsed(house, id)
    house.clock.move(timedelta(hours=1))
    late = await house.ask(ApprovePolicy(draft=id, revision=1), BOB)
    assert (late.status, code_of(late)) == (422, "past")


@pytest.mark.rule("S6")
async def test_a_draft_can_be_dropped_and_nobody_else_than_its_keepers_sees_it(
    house: House,
) -> None:
    id = await drafted(house, OFF)
    await house.get(DiscardPolicy(draft=id), BOB, Done)
    found = await version(house, id)
    assert (found.row.state, found.row.by, found.row.ended_by) == (
        "discarded",
        "Ann Admin",
        "Bob Boss",
    )
    assert found.changes == (OFF,)
    for message in (GetPolicies(), GetPolicyVersion(version=id), DiscardPolicy(draft=id)):
        for caller in (LEE, ANA, INTEROP):
            assert (await house.ask(message, caller)).status == 403
    for missing in (
        GetPolicyVersion(version="x"),
        DiscardPolicy(draft="x"),
        GetCategory(category="x"),
    ):
        assert (await house.ask(missing, ANN)).status == 404


@pytest.mark.rule("S6")
async def test_the_same_draft_again_is_the_same_revision(house: House) -> None:
    id = await drafted(house, OFF)
    await rehearsed(house, id)
    await drafted(house, OFF, draft=id)
    found = await version(house, id)
    assert found.row.revision == 1
    assert found.dry_run is not None


@pytest.mark.rule("S6")
async def test_a_category_shows_what_it_matches_today(house: House) -> None:
    words = PolicyChange(kind="add-words", category="hiv", words=("CD4 Count",), reason="a trial")
    gone = PolicyChange(kind="remove-words", category="hiv", words=("HIV talk",), reason="a trial")
    before = await house.get(GetCategory(category="hiv"), ANN, CategoryAnswer)
    await approved(house, SALTS, words, gone)
    after = await house.get(GetCategory(category="hiv"), ANN, CategoryAnswer)
    assert set(after.codes) - set(before.codes) == {"2951-2"}
    assert after.words == ("cd4 count", "not hiv talk")
    assert after.category.patterns == before.category.patterns + 1
    assert after.patterns == before.patterns


@pytest.mark.rule("S6", "R30")
async def test_a_pass_over_everything_goes_on_after_a_failure(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        await verified(house, f"r{number:02}")
    real, fails = judge_report_again, ["r55"]

    async def sometimes(turn: Any, deps: Any, name: str) -> None:
        if name in fails:
            raise RuntimeError("the power went out")
        await real(turn, deps, name)

    id = await drafted(house, SALTS)
    await rehearsed(house, id)
    monkeypatch.setattr("services.labs.renewing.judge_report_again", sometimes)
    await house.get(ApprovePolicy(draft=id, revision=1), BOB, Done)

    await until(lambda: is_stuck(house, "judge-under-policy"))
    fails.clear()
    assert len(await listed(house)) == 10
    house.clock.move(timedelta(minutes=1))

    async def hidden() -> bool:
        return await listed(house) == []

    await until(hidden)


@pytest.mark.rule("S6")
async def test_a_process_that_only_answers_queries_knows_the_policy_of_today(house: House) -> None:
    await approved(house, SALTS)
    here = await house.get(GetPolicies(), ANN, PoliciesAnswer)
    other = build(house.service.settings)
    await other.open()
    try:
        call: Call[Any, Any] = Call(other, ANN, "", house.clock.now())
        endpoint = other.api.endpoints["GetPolicies"]
        there = PoliciesAnswer.model_validate_json((await serve(endpoint, b"{}", call)).body)
    finally:
        await other.db.close()
        await other.key_db.close()
    assert there == here
    await verified(house, "r1")
    staff = await house.get(GetReport(report="r1"), LEE, ReportAnswer)
    assert staff.policy == here.label


@pytest.mark.rule("S6", "R30")
async def test_a_start_under_the_same_files_begins_nothing_anew(house: House) -> None:
    await verified(house, "r1")
    house.service.ready.set()
    for _ in range(2):
        await begin_at_start(house.service)
        await house.settle()
    assert len(await events(house, PolicyBegan)) == 1
    id = await approved(house, SALTS)
    await begin_at_start(house.service)
    began = await events(house, PolicyBegan)
    assert [each.sets for each in began] == [(), (id,)]


@pytest.mark.rule("S6", "R30")
async def test_a_start_after_a_midnight_that_passed_meanwhile_begins_it(house: House) -> None:
    await verified(house, "r1")
    await approved(house, SALTS, effective=date(2026, 11, 26))
    house.service.ready.set()
    house.clock.at = datetime(2026, 11, 28, 12, tzinfo=UTC)
    await begin_at_start(house.service)
    await house.settle()
    assert await listed(house) == []
