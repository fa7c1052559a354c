"""The dry run of a set of changes says what would happen, and touches nothing (S6)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.common import Done
from contracts.identity import PatientRecorded
from contracts.labs import (
    ApprovePolicy,
    DryRunPolicy,
    GetResult,
    Orderer,
    PolicyChange,
    PostAnswer,
    ResultAnswer,
    RollBackPolicy,
    VerifyReport,
)
from kernel.testing.waiting import until
from kernel.turn import Turn
from services.labs import rehearsing
from services.labs.events.policy import DryRunAdvanced
from services.labs.views.reports import EVERY
from tests.unit.labs.house import (
    ANA,
    BEN,
    HIV,
    INTEROP,
    LEE,
    METABOLIC,
    SODIUM,
    House,
    living,
    report,
    value,
)
from tests.unit.labs.policy_desk import (
    ANN,
    BOB,
    OFF,
    OTHER_SALTS,
    SALTS,
    approved,
    code_of,
    drafted,
    events,
    is_stuck,
    listed,
    rehearsed,
    streams,
    verified,
    version,
)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with living(tmp_path) as opened:
        yield opened


@pytest.mark.rule("S6")
async def test_a_dry_run_on_a_policy_that_is_no_more_does_not_count(house: House) -> None:
    await verified(house, "r1")
    id = await drafted(house, OFF)
    await rehearsed(house, id)
    await approved(house, SALTS)
    assert (await version(house, id)).dry_run is None
    reply = await house.ask(ApprovePolicy(draft=id, revision=1), BOB)
    assert code_of(reply) == "no-dry-run"
    found = await rehearsed(house, id)
    assert (found.reveal, found.hide) == (1, 0), "under the other set sodium is a test for HIV"


@pytest.mark.rule("S6", "R30")
async def test_a_dry_run_writes_nothing_but_what_it_counted(house: House) -> None:
    await verified(house, "r1")
    await verified(house, "r2", value("h", HIV, "Negative"), codes=(HIV,))
    id = await drafted(house, OFF, OTHER_SALTS)
    heads = await streams(house)
    published = list(house.published)
    found = await rehearsed(house, id)
    assert (found.reveal, found.hide) == (1, 1)
    after = await streams(house)
    assert {s for s in after if after[s] != heads.get(s)} == {f"dryrun-{id}"}
    assert house.published == published


@pytest.mark.rule("S6")
async def test_what_waits_for_verification_is_counted_apart(house: House) -> None:
    await house.get(report("r1"), INTEROP, PostAnswer)
    await house.get(report("r2", value("h", HIV), codes=(HIV,)), INTEROP, PostAnswer)
    await house.get(report("r3", value("k", METABOLIC)), INTEROP, PostAnswer)
    found = await rehearsed(house, await drafted(house, OFF, OTHER_SALTS))
    assert (found.reveal, found.hide, found.waiting, found.rows) == (0, 0, 2, ())


@pytest.mark.rule("S6", "R54")
async def test_what_the_age_gate_closes_is_no_change_for_anybody(house: House) -> None:
    await house.hear(PatientRecorded(patient="p3", born=date(2012, 1, 1)))
    await verified(house, "r1", patient="p3")
    found = await rehearsed(house, await drafted(house, SALTS))
    assert (found.hide, found.waiting) == (0, 0)


@pytest.mark.rule("S6")
async def test_writing_a_draft_anew_stops_its_dry_run(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        await verified(house, f"r{number}")
    monkeypatch.setattr(rehearsing, "_next", steps_of(1))
    real, later = rehearsing._outcome, list[asyncio.Future[str]]()
    id = await drafted(house, SALTS)

    async def once(turn: Any, name: str, without: Any, under: Any) -> Any:
        # What another request decides meanwhile: the next step finds a newer revision.
        monkeypatch.setattr(rehearsing, "_outcome", real)
        later.append(asyncio.ensure_future(drafted(house, OFF, draft=id)))
        return await real(turn, name, without, under)

    monkeypatch.setattr(rehearsing, "_outcome", once)
    await house.get(DryRunPolicy(draft=id, revision=1), ANN, Done)
    await house.settle()
    await later[0]
    found = await version(house, id)
    assert (found.row.revision, found.dry_run) == (2, None)
    steps = await events(house, DryRunAdvanced)
    assert 0 < len(steps) < 6
    assert (await rehearsed(house, id, revision=2)).of == 6


@pytest.mark.rule("S6")
async def test_a_dry_run_goes_on_where_a_failure_stopped_it_and_counts_nothing_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        await verified(house, f"r{number}")
    monkeypatch.setattr(rehearsing, "_next", steps_of(2))
    real, fails = rehearsing._outcome, ["r5"]

    async def sometimes(turn: Any, name: str, without: Any, under: Any) -> Any:
        if name in fails:
            raise RuntimeError("the power went out")
        return await real(turn, name, without, under)

    monkeypatch.setattr(rehearsing, "_outcome", sometimes)
    id = await drafted(house, SALTS)
    await house.get(DryRunPolicy(draft=id, revision=1), ANN, Done)

    await until(lambda: is_stuck(house, "rehearse-policy"))
    fails.clear()
    await house.get(report("r00"), INTEROP, PostAnswer)
    house.clock.move(timedelta(minutes=1))

    async def done() -> bool:
        found = (await version(house, id)).dry_run
        return found is not None and found.finished is not None

    await until(done)
    found = (await version(house, id)).dry_run
    assert found is not None
    assert (found.done, found.of, found.hide, len(found.rows)) == (7, 7, 7, 7)
    assert len(await events(house, DryRunAdvanced)) == 4


def steps_of(most: int) -> Callable[..., Awaitable[Sequence[str]]]:
    """Smaller steps, so that a few reports make several."""

    async def following(turn: Turn, after: str, least: int) -> Sequence[str]:
        return [row["report"] for row in await turn.glance(EVERY, after=after)][:most]

    return following


CODES = (
    SODIUM,
    HIV,
    SODIUM.model_copy(update={"code": "2823-3", "text": "Potassium"}),
    SODIUM.model_copy(update={"code": "16128-1", "text": "HCV Ab"}),
    SODIUM.model_copy(update={"code": "21440-3", "text": "HPV DNA"}),
    SODIUM.model_copy(update={"code": "10524-7", "text": "Cytology"}),
    SODIUM.model_copy(update={"system": "L", "code": "Z1", "text": "Zyx factor"}),
    SODIUM.model_copy(update={"system": "L", "code": "C1", "text": "COMMENT"}),
)
SOMETIMES = (
    OFF,
    SALTS,
    PolicyChange(kind="mode", category="hpv", mode="always", reason="a trial"),
    PolicyChange(kind="mode", category="hepatitis", mode="with hiv", reason="a trial"),
    PolicyChange(kind="add-words", category="pap", words=("potassium",), reason="a trial"),
    PolicyChange(kind="remove-codes", category="hepatitis", codes=("16128-1",), reason="a trial"),
    PolicyChange(kind="remove-words", category="hepatitis", words=("HCV",), reason="a trial"),
    PolicyChange(kind="add-codes", category="tissue", codes=("24323-8",), reason="a trial"),
    PolicyChange(kind="allow", codes=("16128-1",), reason="a trial"),
)


@pytest.mark.rule("S6", "R30")
@pytest.mark.parametrize("seed", range(8))
async def test_after_the_approval_the_counts_of_the_dry_run_have_come_true(
    house: House, seed: int
) -> None:
    """Whatever the reports and the changes are, and however far each was verified."""
    chance = random.Random(seed)
    await house.hear(PatientRecorded(patient="p3", born=date(2012, 1, 1)))
    if chance.random() < 0.5:
        await approved(house, chance.choice(SOMETIMES))
    for number in range(30):
        await anything(house, f"r{number}", chance)
    before = await all_content(house)
    changes = chance.sample(SOMETIMES, chance.randint(1, 3))
    id = await drafted(house, *changes)
    found = await rehearsed(house, id)
    assert before == await all_content(house)
    await house.get(ApprovePolicy(draft=id, revision=1), BOB, Done)
    await house.settle()
    after = await all_content(house)
    gained = {r for r in before if after[r] - before[r]}
    lost = {r for r in before if before[r] - after[r]}
    assert (found.reveal, found.hide) == (len(gained), len(lost))
    assert {r.report for r in found.rows if r.change == "reveal"} == gained
    assert {r.report for r in found.rows if r.change == "hide"} == lost
    assert found.done == 30
    await house.get(RollBackPolicy(version=id, reason="the trial is over"), ANN, Done)
    await house.settle()
    again = await all_content(house)
    for each in before:
        values = {part for part in before[each] if part[0] == "value"}
        assert {part for part in again[each] if part[0] == "value"} == values


async def anything(house: House, id: str, chance: random.Random) -> None:
    """A report of chance, verified whole, in part or not, corrected at times."""
    picked = chance.sample(CODES, chance.randint(1, 4))
    remarks = ("", "", "hemolyzed", "see the HIV result")
    values = [
        value(f"k{n}", code, chance.choice(("140", "HCV reactive")), note=chance.choice(remarks))
        for n, code in enumerate(picked)
    ]
    more: dict[str, Any] = {
        "patient": chance.choice(("p1", "p1", "p2", "p3")),
        "codes": (chance.choice((METABOLIC, METABOLIC, picked[0])),),
        "note": chance.choice(remarks),
        "orderer": Orderer(ids=(chance.choice(("1234567893",) * 5 + ("0000000000",)),), name="Lee"),
    }
    await house.get(report(id, *values, **more), INTEROP, PostAnswer)
    keys = chance.choice(((), (), ("k0",), None))
    if keys is not None:
        await house.ask(VerifyReport(report=id, revision=1, keys=keys), LEE)
    if chance.random() < 0.2:
        later = report(id, *values[1:], **more, reported=house.clock.now(), status="corrected")
        await house.ask(later.model_copy(update={"acquired": house.clock.now()}), INTEROP)


async def all_content(house: House) -> dict[str, set[tuple[str, str]]]:
    """Everything that the patients can read, by report."""
    found: dict[str, set[tuple[str, str]]] = {f"r{n}": set() for n in range(30)}
    for who in (ANA, BEN, ANA.model_copy(update={"subject": "u3", "patient": "p3"})):
        for id in await listed(house, who):
            shown = await house.get(GetResult(report=id), who, ResultAnswer)
            found[id] = {("line", ""), *(("value", v.name) for v in shown.values)}
            found[id] |= {("note", v.name) for v in shown.values if v.note}
            found[id] |= {("remark", "")} if shown.note else set()
    return found
