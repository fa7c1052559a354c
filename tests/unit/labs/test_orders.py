"""Orders that may have no result yet, and the trail of what came for a patient (S12)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.common import Caller, Done, Role
from contracts.identity import PatientMerged, PatientRecorded
from contracts.labs import (
    ChartExplained,
    Coding,
    GetTrail,
    MapOrderer,
    Orderer,
    PostAnswer,
    PostOrder,
    PostReport,
    TrailAnswer,
    TrailRow,
    VerifyReport,
)
from services.labs.decider.order import post as take
from services.labs.events.order import OrderPosted
from tests.unit.labs.house import (
    ADMIN,
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
from tests.unit.labs.making import DRAWN, NOW

ODD = Coding(system="L", code="ZYX", text="Zyx factor")
FOREIGN = Orderer(ids=("999",), name="Somebody Else")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with living(tmp_path) as running:
        yield running


def order(id: str = "o1", **more: Any) -> PostOrder:
    """An order of a sodium test for patient p1, by Dr. Lee."""
    base: dict[str, Any] = {
        "patient": "p1",
        "sender": "clinic",
        "numbers": ("P-1",),
        "orderer": Orderer(ids=("1234567893",), name="Lee"),
        "codes": ("Sodium",),
        "ordered": DRAWN,
        "stated": DRAWN,
    }
    return PostOrder(order=id, **{**base, **more})


async def post(house: House, *messages: PostOrder | PostReport) -> None:
    for each in messages:
        answer = Done if isinstance(each, PostOrder) else PostAnswer
        await house.get(each, INTEROP, answer)
        house.clock.move(timedelta(seconds=1))


async def trail(house: House, patient: str = "p1") -> tuple[TrailRow, ...]:
    return (await house.get(GetTrail(patient=patient), ADMIN, TrailAnswer)).rows


async def states(house: House) -> dict[str, tuple[str, str]]:
    return {row.report or row.name: (row.state, row.category) for row in await trail(house)}


@pytest.mark.rule("S12")
async def test_an_order_without_a_result_is_on_the_trail_and_with_one_it_is_one_row(
    house: House,
) -> None:
    await post(house, order())
    row = (await trail(house))[0]
    assert (row.report, row.name, row.state, row.numbers) == (None, "Sodium", "ordered", ("P-1",))
    assert (row.ordered, row.orderer) == (DRAWN, "Lee")
    await post(house, report("r1", numbers=("F-9", "P-1")))
    rows = await trail(house)
    assert [(r.report, r.state, r.ordered) for r in rows] == [("r1", "waiting", DRAWN)]


@pytest.mark.rule("S12")
async def test_the_newest_word_on_an_order_counts_in_whatever_order_it_comes(house: House) -> None:
    await post(house, order(stated=NOW, cancelled=True), order(stated=DRAWN, codes=("Old",)))
    rows = await trail(house)
    assert [(row.name, row.state) for row in rows] == [("Sodium", "cancelled")]
    await post(house, order(stated=NOW + timedelta(hours=1), codes=("Sodium", "Potassium")))
    assert [row.name for row in await trail(house)] == ["Sodium, Potassium"]


@pytest.mark.rule("S12", "R54", "R19", "R20", "R22")
async def test_every_report_says_where_it_stands(house: House) -> None:
    await house.hear(PatientRecorded(patient="p1", born=date(2008, 11, 1)))
    young = NOW - timedelta(days=400)
    await post(
        house,
        report("waits"),
        report("shown"),
        report("corrected"),
        report("hiv", value("h", HIV, "Reactive"), codes=(HIV,)),
        report("mixed", value("na", SODIUM), value("h", HIV, "Reactive")),
        report("foreign", orderer=FOREIGN),
        report("odd", value("z", ODD)),
        report("young", acquired=young, reported=young),
        report("wrong", status="wrong"),
    )
    for id in ("shown", "corrected", "hiv", "mixed", "young"):
        await house.get(VerifyReport(report=id, revision=1), LEE, Done)
    later = {"status": "corrected", "reported": NOW}
    await post(house, report("corrected", value("na", SODIUM, "150"), **later))
    assert await states(house) == {
        "waits": ("waiting", ""),
        "shown": ("visible", ""),
        "corrected": ("correcting", ""),
        "hiv": ("blocked", "hiv"),
        "mixed": ("visible", ""),
        "foreign": ("held", ""),
        "odd": ("held", ""),
        "young": ("age", ""),
        "wrong": ("withdrawn", ""),
    }


@pytest.mark.rule("S12", "R20")
async def test_an_order_from_outside_is_external(house: House) -> None:
    await post(house, report("foreign", orderer=FOREIGN))
    await house.get(MapOrderer(report="foreign", provider="external"), ADMIN, Done)
    await house.settle()
    assert await states(house) == {"foreign": ("external", "")}


@pytest.mark.rule("S12")
async def test_no_value_is_on_the_trail_and_newest_comes_first(house: House) -> None:
    await post(house, order("o2", numbers=("P-2",)), report(note="Call us"), order())
    reply = await house.ask(GetTrail(patient="p1"), ADMIN)
    for said in (b"140", b"mmol", b"Call us"):
        assert said not in reply.body
    received = [row.received for row in await trail(house)]
    assert received == sorted(received, reverse=True)
    assert await trail(house, "p2") == ()


@pytest.mark.rule("S12", "S14")
async def test_whoever_reads_a_trail_is_on_the_patients_access_log(house: House) -> None:
    await trail(house)
    await trail(house)
    kept = [e for e in house.published if isinstance(e, ChartExplained)]
    assert [(e.account, e.patient) for e in kept] == [("u-admin", "p1")]


@pytest.mark.rule("S12")
async def test_only_policy_staff_read_a_trail_and_only_interop_posts_orders(house: House) -> None:
    support = Caller(subject="u-sup", role=Role.SUPPORT)
    for caller in (support, LEE, ANA, INTEROP):
        assert (await house.ask(GetTrail(patient="p1"), caller)).status == 403
    for caller in (support, ADMIN, Caller(subject="notifier", role=Role.SERVICE)):
        assert (await house.ask(order(), caller)).status == 403


@pytest.mark.rule("S12")
async def test_an_order_follows_its_patient_through_a_merge(house: House) -> None:
    await post(house, order())
    await house.hear(PatientMerged(patient="p1", into="p2"))
    assert [row.name for row in await trail(house, "p2")] == ["Sodium"]
    assert await trail(house) == ()
    await post(house, order(stated=NOW, cancelled=True), order("o2", numbers=("P-2",)))
    assert {row.state for row in await trail(house, "p2")} == {"cancelled", "ordered"}
    other = await house.ask(order(patient="p3"), INTEROP)
    assert other.status == 409


@pytest.mark.rule("S12")
def test_the_same_order_again_is_nothing_new() -> None:
    def version(stated: datetime = DRAWN, **more: Any) -> OrderPosted:
        base: dict[str, Any] = {"ordered": None, "stated": stated, "cancelled": False}
        return OrderPosted("o", "p", "s", ("1",), (), "", ("x",), **{**base, **more})

    assert take(None, version()) == [version()]
    assert take(version(), version(NOW)) == []
    assert take(version(NOW), version(cancelled=True)) == []
    assert take(version(), version(cancelled=True)) == [version(cancelled=True)]
    assert "x" not in repr(version(stated=DRAWN))


@pytest.mark.rule("R18")
async def test_another_number_on_the_same_report_is_no_correction(house: House) -> None:
    await post(house, report("r1", numbers=("F-1",)))
    await house.get(VerifyReport(report="r1", revision=1), LEE, Done)
    again = await house.get(report("r1", numbers=("F-1", "P-1"), reported=NOW), INTEROP, PostAnswer)
    assert again.outcome == "unchanged"
    assert await states(house) == {"r1": ("visible", "")}
