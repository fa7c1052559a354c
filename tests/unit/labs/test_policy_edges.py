"""Sets of changes that meet: on one day, over one code, at midnight, while reports come in (S6)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from contracts.common import Done
from contracts.labs import (
    ApprovePolicy,
    Coding,
    DraftPolicy,
    ExplainAnswer,
    ExplainReport,
    GetPolicies,
    MapCode,
    PoliciesAnswer,
    PolicyChange,
    PostAnswer,
    RollBackPolicy,
)
from contracts.practice import PracticeConfigured
from kernel.clock import micros
from kernel.projection import Ask
from kernel.store.schema import TIMER
from kernel.testing.waiting import until
from services.labs import renewing
from services.labs.events.policy import PolicyBegan
from services.labs.release.age import midnight
from tests.unit.labs.house import (
    ADMIN,
    HIV,
    INTEROP,
    SODIUM,
    House,
    living,
    profile,
    report,
    value,
)
from tests.unit.labs.policy_desk import (
    ANN,
    BOB,
    OFF,
    OTHER_SALTS,
    SALTS,
    TODAY,
    approved,
    code_of,
    drafted,
    events,
    is_stuck,
    listed,
    rehearsed,
    verified,
)

NO_SALTS = PolicyChange(
    kind="remove-codes", category="hiv", codes=("2951-2",), reason="the trial is over"
)
ALLOWED = PolicyChange(kind="allow", codes=("2951-2",), reason="the trial is over")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with living(tmp_path) as opened:
        yield opened


async def roll_back(house: House, id: str) -> None:
    await house.get(RollBackPolicy(version=id, reason="taken back"), BOB, Done)
    await house.settle()


@pytest.mark.rule("S6", "R30")
async def test_what_was_judged_by_a_set_before_its_pass_began_loses_it_by_a_rollback(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reaction to the approval fails until the set is rolled back; a report came meanwhile."""
    await approved(
        house, PolicyChange(kind="add-words", category="pap", words=("zz",), reason="x y")
    )
    real, fails = renewing.begin_in_time, [True]

    async def sometimes(event: Any, react: Any) -> None:
        if fails:
            raise OSError("the power went out")
        await real(event, react)

    id = await drafted(house, OFF)
    await rehearsed(house, id)
    monkeypatch.setattr("services.labs.policies.begin_in_time", sometimes)
    await house.get(ApprovePolicy(draft=id, revision=1), BOB, Done)
    await until(lambda: is_stuck(house, "begin-policy"))
    await verified(house, "r1", value("h", HIV, "Negative"), codes=(HIV,))
    assert await listed(house) == ["r1"]
    explained = await house.get(ExplainReport(report="r1"), ADMIN, ExplainAnswer)
    await house.get(RollBackPolicy(version=id, reason="a mistake"), ANN, Done)
    fails.clear()
    house.clock.move(timedelta(minutes=1))

    async def hidden() -> bool:
        return await listed(house) == []

    await until(hidden)
    assert [each.label for each in await events(house, PolicyBegan)][-2] == explained.policy


@pytest.mark.rule("S6")
async def test_of_two_sets_the_older_can_be_rolled_back_and_the_newer_stays(house: House) -> None:
    await verified(house, "r1")
    await verified(house, "r2", value("h", HIV, "Negative"), codes=(HIV,))
    older, newer = await approved(house, SALTS), await approved(house, OFF)
    assert await listed(house) == ["r1", "r2"], "what is switched off hides nothing"
    await roll_back(house, older)
    assert await listed(house) == ["r1", "r2"]
    await roll_back(house, newer)
    assert await listed(house) == ["r1"]


@pytest.mark.rule("S6", "R30")
async def test_of_two_sets_of_one_day_the_one_approved_later_counts_last(house: House) -> None:
    await verified(house, "r1")
    first = await approved(house, SALTS)
    second = await approved(house, NO_SALTS, ALLOWED)
    assert await listed(house) == ["r1"]
    await roll_back(house, second)
    assert await listed(house) == []
    third = await approved(house, NO_SALTS, ALLOWED)
    await roll_back(house, first)
    assert await listed(house) == ["r1"]
    await roll_back(house, third)
    assert await listed(house) == ["r1"]


@pytest.mark.rule("S6")
async def test_an_approval_after_the_dry_run_makes_it_one_of_another_policy(house: House) -> None:
    mine, other = await drafted(house, OFF), await drafted(house, OTHER_SALTS)
    await rehearsed(house, mine)
    await rehearsed(house, other)
    await house.get(ApprovePolicy(draft=other, revision=1), BOB, Done)
    late = await house.ask(ApprovePolicy(draft=mine, revision=1), BOB)
    assert (late.status, code_of(late)) == (409, "no-dry-run")
    await roll_back(house, other)
    await house.get(ApprovePolicy(draft=mine, revision=1), BOB, Done)


@pytest.mark.rule("S6")
async def test_who_writes_it_anew_after_the_dry_run_may_not_approve_it(house: House) -> None:
    id = await drafted(house, OFF)
    await rehearsed(house, id)
    again = DraftPolicy(draft=id, title="Better", effective=TODAY, changes=(SALTS,))
    await house.get(again, BOB, Done)
    back = DraftPolicy(draft=id, title="A trial", effective=TODAY, changes=(OFF,))
    await house.get(back, ANN, Done)
    await rehearsed(house, id, revision=3)
    reply = await house.ask(ApprovePolicy(draft=id, revision=3), BOB)
    assert (reply.status, code_of(reply)) == (403, "same-person")


@pytest.mark.rule("S6", "R30")
async def test_a_minute_before_midnight_a_set_of_today_begins_at_once(house: House) -> None:
    house.clock.at = datetime(2026, 11, 25, 7, 59, tzinfo=UTC)  # 23:59 in California
    await verified(house, "r1")
    await approved(house, SALTS, effective=TODAY)
    assert await listed(house) == []
    house.clock.move(timedelta(minutes=2))
    await verified(house, "r2")
    assert await listed(house) == []


@pytest.mark.rule("S6")
@pytest.mark.parametrize(
    ("zone", "day", "moment"),
    [
        ("America/Los_Angeles", date(2026, 3, 8), datetime(2026, 3, 8, 8, tzinfo=UTC)),
        ("America/Los_Angeles", date(2026, 3, 9), datetime(2026, 3, 9, 7, tzinfo=UTC)),
        ("America/Los_Angeles", date(2026, 11, 2), datetime(2026, 11, 2, 8, tzinfo=UTC)),
        ("America/Havana", date(2026, 3, 8), datetime(2026, 3, 8, 5, tzinfo=UTC)),  # no midnight
        ("America/Havana", date(2026, 11, 1), datetime(2026, 11, 1, 4, tzinfo=UTC)),  # two of them
    ],
)
def test_a_day_begins_at_its_first_moment(zone: str, day: date, moment: datetime) -> None:
    assert midnight(day, zone) == moment


@pytest.mark.rule("S6", "R30")
async def test_a_reminder_that_comes_before_midnight_after_a_move_to_the_west_waits_for_it(
    house: House,
) -> None:
    await verified(house, "r1")
    await approved(house, SALTS, effective=date(2026, 11, 26))
    west = profile().model_copy(update={"zone": "Pacific/Honolulu"})
    await house.hear(PracticeConfigured(profile=west))
    house.clock.at = datetime(2026, 11, 26, 8, 0, 1, tzinfo=UTC)  # past midnight in California
    midnight_there = micros(midnight(date(2026, 11, 26), "Pacific/Honolulu"))

    async def waits_for_it() -> bool:
        found = await house.service.db.fetch(Ask(sa.select(TIMER.c.due)))
        return [row["due"] for row in found] == [midnight_there]

    await until(waits_for_it)
    await verified(house, "r2")
    assert await listed(house) == ["r1", "r2"]
    house.clock.at = datetime(2026, 11, 26, 10, 0, 1, tzinfo=UTC)

    async def hidden() -> bool:
        return await listed(house) == []

    await until(hidden)


@pytest.mark.rule("S6", "S5", "R30")
async def test_a_code_mapped_to_a_category_follows_it_off_and_back(house: House) -> None:
    odd = Coding(system="L", code="Z1", text="Zyx factor")
    await verified(house, "r1", value("v", odd))
    await house.get(MapCode(sender="lab", code=odd, category="hiv"), ADMIN, Done)
    await house.settle()
    assert await listed(house) == []
    id = await approved(house, OFF)
    assert await listed(house) == ["r1"]
    await roll_back(house, id)
    assert await listed(house) == []


@pytest.mark.rule("R31", "R30")
async def test_a_type_that_is_released_no_more_hides_what_was_known_by_it_only(
    house: House,
) -> None:
    letter = Coding(system="L", code="BL1", text="Breast letter")
    dense = Coding(system="L", code="BL2", text="Density class")
    await verified(house, "r1", value("v", dense, "B"), codes=(letter,))
    assert await listed(house) == []
    for types, seen in (((), []), (("breast letter",), ["r1"]), ((), [])):
        await house.hear(PracticeConfigured(profile=profile(released_radiology=types)))
        await house.settle()
        assert await listed(house) == seen


@pytest.mark.rule("S6", "R30")
async def test_a_report_that_comes_during_the_pass_is_under_the_new_policy_like_the_rest(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(55):
        await verified(house, f"r{number:02}")
    id = await drafted(house, SALTS)
    await rehearsed(house, id)
    real, came = renewing.judge_everything, []

    async def later(react: Any) -> None:
        await verified(house, "r00a", value("na", SODIUM))
        came.append(await listed(house))
        await real(react)

    monkeypatch.setattr("services.labs.policies.judge_everything", later)
    await house.get(ApprovePolicy(draft=id, revision=1), BOB, Done)
    await house.settle()
    assert len(came[0]) == 55
    assert await listed(house) == []
    label = (await house.get(GetPolicies(), ANN, PoliciesAnswer)).label
    for each in ("r00", "r00a", "r54"):
        found = await house.get(ExplainReport(report=each), ADMIN, ExplainAnswer)
        assert found.policy == label
    later_still = report("r99", value("na", SODIUM))
    assert (await house.get(later_still, INTEROP, PostAnswer)).outcome == "applied"
