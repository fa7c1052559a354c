"""Why is this hidden? Every gate's word for those who keep the policy, and never a value (S6)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from contracts.common import Done
from contracts.identity import PatientRecorded
from contracts.labs import (
    ChartExplained,
    ExplainAnswer,
    ExplainReport,
    Orderer,
    PostAnswer,
    RollBackPolicy,
)
from tests.unit.labs.house import (
    ANA,
    HIV,
    INTEROP,
    LEE,
    SODIUM,
    House,
    living,
    report,
    value,
)
from tests.unit.labs.policy_desk import ANN, BOB, OFF, OTHER_SALTS, approved, verified

COMMENT = SODIUM.model_copy(update={"system": "L", "code": "C1", "text": "COMMENT"})


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with living(tmp_path) as opened:
        yield opened


async def explained(house: House, id: str = "r1") -> ExplainAnswer:
    return await house.get(ExplainReport(report=id), ANN, ExplainAnswer)


@pytest.mark.rule("S6", "R22", "R30")
async def test_each_value_has_its_category_and_matcher(house: House) -> None:
    await verified(house, "r1", value("na", SODIUM), value("h", HIV, "Negative"))
    found = await explained(house)
    assert [(v.name, v.codes, v.ruling, v.category, v.matcher) for v in found.values] == [
        ("Sodium", ("loinc 2951-2",), "release", "", ""),
        ("HIV 1+2 Ab", ("loinc 7918-6",), "block", "hiv", "loinc:7918-6"),
    ]
    assert (found.patient, found.sender, found.standing, found.orderer) == (
        "p1",
        "lab",
        "ours",
        "Ann Lee MD",
    )
    assert (found.verified, found.waiting, found.visible, found.age) == (True, False, True, False)
    assert found.policy.startswith("2000-01-01.")
    assert found.changes == ()


@pytest.mark.rule("S6")
async def test_no_value_no_remark_and_no_word_of_either_is_told(house: House) -> None:
    said = value("c", COMMENT, "HIV confirmed 987654", note="call 555123")
    await verified(house, "r1", value("na", SODIUM, "143.25"), said, note="gravely 777")
    reply = await house.ask(ExplainReport(report="r1"), ANN)
    found = ExplainAnswer.model_validate_json(reply.body)
    assert (found.values[1].category, found.values[1].matcher) == ("hiv", "text")
    for secret in ("987654", "555123", "143.25", "777", "confirmed"):
        assert secret.encode() not in reply.body


@pytest.mark.rule("S6")
async def test_it_names_the_changes_in_the_policy_that_ruled(house: House) -> None:
    first = await approved(house, OFF)
    await verified(house, "r1", value("h", HIV, "Negative"), codes=(HIV,))
    assert ((await explained(house)).changes, (await explained(house)).visible) == (
        ("A trial",),
        True,
    )
    await approved(house, OTHER_SALTS)
    assert (await explained(house)).changes == ("A trial", "A trial")
    await house.get(RollBackPolicy(version=first, reason="a mistake"), BOB, Done)
    await house.settle()
    found = await explained(house)
    assert (found.changes, found.ruling, found.category, found.visible) == (
        ("A trial",),
        "block",
        "hiv",
        False,
    )


@pytest.mark.rule("S6", "R20")
async def test_a_report_from_outside_or_of_nobody_known_says_so(house: House) -> None:
    await house.get(report("r1", orderer=Orderer(name="Stranger")), INTEROP, PostAnswer)
    found = await explained(house)
    assert (found.ruling, found.standing, found.matcher) == ("hold", "unknown", "unknown orderer")
    assert (found.orderer, found.verified, found.waiting, found.visible) == (
        "Stranger",
        False,
        True,
        False,
    )


@pytest.mark.rule("S6", "R54")
async def test_the_age_gate_has_its_own_word(house: House) -> None:
    await house.hear(PatientRecorded(patient="p1", born=date(2012, 1, 1)))
    await verified(house, "r1")
    found = await explained(house)
    assert (found.ruling, found.age, found.visible) == ("release", True, False)


@pytest.mark.rule("S6", "R19", "S4")
async def test_a_result_that_is_being_corrected_is_not_visible(house: House) -> None:
    await verified(house, "r1")
    corrected = report("r1", value("na", SODIUM, "150"), reported=house.clock.now())
    await house.get(corrected, INTEROP, PostAnswer)
    found = await explained(house)
    assert (found.waiting, found.visible) == (True, False)


@pytest.mark.rule("S6", "S14")
async def test_the_patient_can_read_who_asked_once_an_hour(house: House) -> None:
    await verified(house, "r1")
    await explained(house)
    await explained(house)
    kept = [e for e in house.published if isinstance(e, ChartExplained)]
    assert [(e.patient, e.account) for e in kept] == [("p1", "u-ann")]


@pytest.mark.rule("S6")
async def test_only_who_keeps_the_policy_may_ask(house: House) -> None:
    await verified(house, "r1")
    for caller in (LEE, ANA, INTEROP):
        assert (await house.ask(ExplainReport(report="r1"), caller)).status == 403
    assert (await house.ask(ExplainReport(report="r2"), ANN)).status == 404
    assert [e for e in house.published if isinstance(e, ChartExplained)] == []
