"""Orderers are mapped once, for all that a sender sends under a name (S5, R20)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from contracts.common import Caller, Done, Role
from contracts.labs import (
    Coding,
    GetHeld,
    GetInbox,
    GetResults,
    HeldAnswer,
    InboxAnswer,
    LabReleased,
    MapCode,
    MapOrderer,
    Orderer,
    PostAnswer,
    PostReport,
    ResolveOrderer,
    ResultsAnswer,
    VerifyReport,
)
from contracts.practice import Affiliation, ProviderListed
from services.labs.decider.orderer import map_orderer, named_by
from services.labs.events.orderer import OrdererMapped
from services.labs.release.loinc import is_loinc
from tests.unit.labs.house import (
    ADMIN,
    ANA,
    INTEROP,
    KIM,
    LEE,
    SODIUM,
    House,
    living,
    provider,
    report,
    value,
)
from tests.unit.labs.making import DRAWN, NOW

STRANGER = Orderer(ids=("777", "L 9"), name="Lee, Annie")
BARE = Orderer(name="Annie Leeson MD")
NOBODY = Orderer()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with living(tmp_path) as running:
        yield running


async def post(house: House, *reports: PostReport) -> None:
    for each in reports:
        await house.get(each, INTEROP, PostAnswer)


async def map_to(house: House, provider: str, report: str = "r1") -> None:
    await house.get(MapOrderer(report=report, provider=provider), ADMIN, Done)
    await house.settle()


async def inbox(house: House, who: Caller = LEE) -> list[str]:
    return [r.report for r in (await house.get(GetInbox(), who, InboxAnswer)).reports]


async def held(house: House) -> list[str]:
    return [r.report for r in (await house.get(GetHeld(), ADMIN, HeldAnswer)).reports]


async def listed(house: House) -> list[str]:
    return [r.report for r in (await house.get(GetResults(), ANA, ResultsAnswer)).results]


@pytest.mark.rule("S5", "R20")
async def test_one_word_counts_for_all_that_waits_and_all_that_comes(house: House) -> None:
    await post(house, report("r1", orderer=STRANGER), report("r2", orderer=STRANGER))
    assert await held(house) == ["r1", "r2"]
    await map_to(house, "dr-lee")
    assert await held(house) == []
    assert await inbox(house) == ["r1", "r2"]
    answer = await house.get(report("r3", orderer=STRANGER), INTEROP, PostAnswer)
    assert (answer.outcome, await inbox(house)) == ("applied", ["r1", "r2", "r3"])


@pytest.mark.rule("S5")
async def test_each_of_the_ids_is_enough(house: House) -> None:
    await post(house, report("r1", orderer=STRANGER))
    await map_to(house, "dr-lee")
    await post(house, report("r2", orderer=Orderer(ids=("l9",), name="Somebody")))
    await post(house, report("r3", orderer=Orderer(ids=("555",), name=STRANGER.name)))
    assert await inbox(house) == ["r1", "r2"]
    assert await held(house) == ["r3"]


@pytest.mark.rule("S5")
async def test_a_bare_name_counts_where_the_order_carries_no_id(house: House) -> None:
    await post(house, report("r1", orderer=BARE))
    await map_to(house, "dr-kim")
    await post(house, report("r2", orderer=Orderer(name="LEESON^ANNIE")))
    await post(house, report("r3", orderer=Orderer(ids=("31",), name=BARE.name)))
    assert await inbox(house, KIM) == ["r1", "r2"]
    assert await held(house) == ["r3"]


@pytest.mark.rule("S5", "R20")
async def test_another_sender_may_mean_somebody_else(house: House) -> None:
    await post(house, report("r1", orderer=STRANGER), report("r2", orderer=STRANGER, sender="b"))
    await map_to(house, "dr-lee")
    assert await held(house) == ["r2"]
    await map_to(house, "dr-kim", "r2")
    assert (await inbox(house), await inbox(house, KIM)) == (["r1"], ["r2"])


@pytest.mark.rule("S5", "R20", "R30")
async def test_what_was_verified_while_held_is_released_and_hidden_again_as_staff_say(
    house: House,
) -> None:
    await post(house, report("r0"), report("r1", orderer=STRANGER))
    await house.get(VerifyReport(report="r1", revision=1), LEE, Done)
    assert await listed(house) == []
    await map_to(house, "dr-lee")
    assert await listed(house) == ["r1"]
    assert [type(e) for e in house.published if e.topic == "result"] == [LabReleased]
    await map_to(house, "external")
    assert await listed(house) == []
    assert await held(house) == []
    await map_to(house, "dr-kim")
    assert await listed(house) == ["r1"]


@pytest.mark.rule("R20")
async def test_the_affiliation_on_the_day_of_the_order_still_counts(house: House) -> None:
    old = Affiliation(since=date(2020, 1, 1), until=date(2026, 1, 1))
    gone = provider("dr-gone", "", "Gus Gone", affiliations=(old,))
    await house.hear(ProviderListed(provider=gone))
    await post(house, report("r1", orderer=STRANGER))
    await map_to(house, "dr-gone")
    assert (await held(house), await listed(house)) == ([], [])
    back = provider("dr-gone", "", "Gus Gone")
    await house.hear(ProviderListed(provider=back))
    await house.settle()
    assert await inbox(house, Caller(subject="g", role=Role.PROVIDER, provider="dr-gone")) == ["r1"]


@pytest.mark.rule("R20")
async def test_the_day_of_the_order_counts_before_those_of_sample_and_report(house: House) -> None:
    until = Affiliation(since=date(2020, 1, 1), until=date(2026, 11, 20))
    left = provider("dr-lee", "1234567893", "Ann Lee MD", affiliations=(until,))
    await house.hear(ProviderListed(provider=left))
    before = DRAWN - timedelta(days=1)
    await post(house, report("r1", ordered=before), report("r2", acquired=before), report("r3"))
    assert await inbox(house) == ["r1", "r2"]


@pytest.mark.rule("R20")
async def test_ids_that_mean_two_people_are_held(house: House) -> None:
    await post(house, report("r1", orderer=Orderer(ids=("777",))))
    await post(house, report("r2", orderer=Orderer(ids=("888",))))
    await post(house, report("both", orderer=Orderer(ids=("777", "888"))))
    await map_to(house, "dr-lee")
    assert await inbox(house) == ["both", "r1"]
    await map_to(house, "external", "r2")
    assert (await inbox(house), await held(house)) == (["r1"], ["both"])


@pytest.mark.rule("S5")
async def test_a_report_that_names_nobody_is_resolved_by_itself(house: House) -> None:
    await post(house, report("r1", orderer=NOBODY), report("r2", orderer=NOBODY))
    refused = await house.ask(MapOrderer(report="r1", provider="dr-lee"), ADMIN)
    assert (refused.status, json.loads(refused.body)["code"]) == (422, "no-orderer")
    await house.get(ResolveOrderer(report="r1", provider="dr-lee"), ADMIN, Done)
    await house.settle()
    assert (await inbox(house), await held(house)) == (["r1"], ["r2"])


@pytest.mark.rule("S5")
async def test_what_was_said_of_one_report_outweighs_what_is_said_of_its_sender(
    house: House,
) -> None:
    await post(house, report("r1", orderer=STRANGER), report("r2", orderer=STRANGER))
    await house.get(ResolveOrderer(report="r1", provider="dr-kim"), ADMIN, Done)
    await map_to(house, "dr-lee", "r2")
    assert (await inbox(house, KIM), await inbox(house)) == (["r1"], ["r2"])


@pytest.mark.rule("S5", "R20")
async def test_what_was_said_of_one_report_ends_when_it_names_somebody_else(house: House) -> None:
    await post(house, report("r0"), report("r1", orderer=NOBODY))
    await house.get(ResolveOrderer(report="r1", provider="dr-lee"), ADMIN, Done)
    await house.get(VerifyReport(report="r1", revision=1), LEE, Done)
    assert await listed(house) == ["r1"]
    await post(
        house,
        report("r1", value("na", SODIUM), value("k", SODIUM, "4"), orderer=NOBODY, reported=NOW),
    )
    assert await listed(house) == ["r1"]
    await post(house, report("r1", orderer=STRANGER, reported=NOW + timedelta(hours=1)))
    assert (await listed(house), await held(house)) == ([], ["r1"])
    await house.get(ResolveOrderer(report="r1", provider="dr-lee"), ADMIN, Done)
    assert await listed(house) == ["r1"]


@pytest.mark.rule("S5", "R30")
async def test_a_number_that_is_mapped_hides_what_was_known_by_its_name(house: House) -> None:
    """Two reports with a number that no list has: one name is known, the other is not."""
    number = "99994-6"
    assert is_loinc(number)
    known, odd = (Coding(system="loinc", code=number, text=t) for t in ("Sodium", "Zyx"))
    await post(house, report("r1", value("v", known)), report("r2", value("v", odd)))
    await house.get(VerifyReport(report="r1", revision=1), LEE, Done)
    assert (await listed(house), await held(house)) == (["r1"], ["r2"])
    await house.get(MapCode(sender="lab", code=odd, category="hiv"), ADMIN, Done)
    await house.settle()
    assert (await listed(house), await held(house)) == ([], [])


@pytest.mark.rule("S5")
async def test_who_is_not_listed_what_is_not_there_and_who_may_not_is_refused(house: House) -> None:
    await post(house, report("r1", orderer=STRANGER))
    for report_id, who, status in (("r1", "dr-none", 422), ("r9", "dr-lee", 404)):
        message = MapOrderer(report=report_id, provider=who)
        assert (await house.ask(message, ADMIN)).status == status
    for caller in (LEE, ANA, INTEROP, Caller(subject="u", role=Role.SUPPORT)):
        reply = await house.ask(MapOrderer(report="r1", provider="dr-lee"), caller)
        assert reply.status == 403


@pytest.mark.rule("S5")
async def test_the_queue_says_by_what_the_orderer_is_named(house: House) -> None:
    await post(house, report("r1", orderer=STRANGER))
    row = (await house.get(GetHeld(), ADMIN, HeldAnswer)).reports[0]
    assert (row.orderer, row.orderer_ids) == ("Lee, Annie", ("777", "L 9"))


@pytest.mark.rule("S5")
def test_an_order_names_its_giver_by_its_ids_else_by_its_name() -> None:
    assert named_by(("77 a", "", "77A"), "Ann Lee") == ("i:77A",)
    assert named_by((), "Ann Lee MD") == ("n:ann lee",)
    assert named_by(("",), "Dr.") == ()


@pytest.mark.rule("S5")
def test_the_same_word_again_changes_nothing() -> None:
    assert map_orderer("dr-lee", "lab", "i:1", "dr-lee") == []
    assert map_orderer("dr-lee", "lab", "i:1", "x") == [OrdererMapped("lab", "i:1", "x")]
