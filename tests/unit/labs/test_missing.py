"""A result that does not come: the patient's question, the desk, and what nobody is told (R21, S12)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.common import Caller, Done, Role
from contracts.identity import PatientMerged, PatientRecorded
from contracts.labs import (
    AnswerMissing,
    GetMissingTickets,
    GetMyMissing,
    MissingAnswered,
    MissingRow,
    MissingTicketsAnswer,
    MyMissing,
    MyMissingAnswer,
    Orderer,
    PostAnswer,
    PostReport,
    ReportMissing,
    TakeMissing,
    VerifyReport,
)
from contracts.practice import Hours, Phone, PracticeConfigured, ProviderListed
from services.labs.events import CODEC
from services.labs.events.missing import MissingOverdue, MissingReported
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
    profile,
    provider,
    report,
    value,
)
from tests.unit.labs.making import NOW

TODAY = date(2026, 11, 24)  # a Tuesday; 4 in the morning at the practice
SUPPORT = Caller(subject="u-sup", role=Role.SUPPORT, name="Sue Port")
WEEK = tuple(
    Hours.model_validate({"weekday": day, "opens": "08:30", "closes": "17:30"}) for day in range(5)
)
MOTHER = Caller(subject="u-mum", role=Role.PATIENT, patient="p1", basis="parent")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with living(tmp_path) as running:
        await open_all_week(running)
        yield running


async def open_all_week(house: House) -> None:
    help = Phone(purpose="help", number="1-866-917-1690")
    week = profile().model_copy(update={"support_hours": WEEK, "phones": (help,)})
    await house.hear(PracticeConfigured(profile=week))


def question(days: int = 8, **more: Any) -> ReportMissing:
    """A sodium test of so many days ago, ordered by Dr. Lee."""
    base = {"test": "Sodium", "provider": "dr-lee", "collected": TODAY - timedelta(days=days)}
    return ReportMissing.model_validate({**base, **more})


async def ask(house: House, caller: Caller = ANA, **more: Any) -> str:
    return (await house.get(question(**more), caller, Done)).id


async def refusal(house: House, message: Any, caller: Caller) -> tuple[int, str]:
    reply = await house.ask(message, caller)
    return reply.status, json.loads(reply.body)["code"]


async def mine(house: House, caller: Caller = ANA) -> tuple[MyMissing, ...]:
    return (await house.get(GetMyMissing(), caller, MyMissingAnswer)).tickets


async def queue(house: House, caller: Caller = SUPPORT) -> tuple[MissingRow, ...]:
    return (await house.get(GetMissingTickets(), caller, MissingTicketsAnswer)).tickets


async def answer(house: House, id: str, reply: Any = "contact-provider") -> None:
    await house.get(TakeMissing(ticket=id), SUPPORT, Done)
    await house.get(AnswerMissing(ticket=id, reply=reply), SUPPORT, Done)


@pytest.mark.rule("R21")
async def test_on_the_seventh_day_it_is_too_early_and_on_the_eighth_it_is_not(house: House) -> None:
    reply = await house.ask(question(7), ANA)
    told = json.loads(reply.body)
    assert (reply.status, told["code"]) == (422, "too-early")
    assert "November 25, 2026" in told["errors"]["collected"]
    await ask(house, days=8)
    assert len(await mine(house)) == 1


@pytest.mark.rule("R21")
async def test_the_day_is_the_practices(house: House) -> None:
    """At 07:59 UTC it is still the 23rd in Los Angeles."""
    house.clock.move(datetime(2026, 11, 25, 7, 59, tzinfo=UTC) - NOW)
    assert await refusal(house, question(7), ANA) == (422, "too-early")
    house.clock.move(timedelta(minutes=1))
    await ask(house, days=7)


@pytest.mark.rule("R21")
@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"collected": TODAY + timedelta(days=1)}, "future"),
        ({"provider": "dr-none"}, "unknown-provider"),
        ({"test": "   x "}, "test"),
    ],
)
async def test_what_cannot_be_asked_is_said_beside_its_field(
    house: House, more: dict[str, Any], code: str
) -> None:
    assert await refusal(house, question(**more), ANA) == (422, code)
    assert await mine(house) == ()


@pytest.mark.rule("R21")
async def test_ten_questions_of_a_record_may_be_open(house: House) -> None:
    tickets = [await ask(house) for _ in range(10)]
    assert await refusal(house, question(), ANA) == (409, "too-many")
    await ask(house, BEN)
    await answer(house, tickets[0])
    await ask(house)


@pytest.mark.rule("R21")
async def test_ten_are_ten_also_when_all_come_at_once(house: House) -> None:
    replies = await asyncio.gather(*(house.ask(question(), ANA) for _ in range(14)))
    assert sorted(reply.status for reply in replies) == [201] * 10 + [409] * 4


@pytest.mark.rule("R21")
async def test_a_question_is_seen_with_whom_to_call_and_by_when(house: House) -> None:
    lee = provider("dr-lee", "1234567893", "Ann Lee MD", phone="555-0100")
    await house.hear(ProviderListed(provider=lee))
    await ask(house, test="  Sodium,  serum ")
    house.clock.move(timedelta(minutes=1))
    await ask(house, MOTHER, provider="dr-kim")
    first, second = reversed(await mine(house))
    assert (first.test, first.provider, first.phone) == ("Sodium, serum", "Ann Lee MD", "555-0100")
    assert (second.provider, second.phone) == ("Bo Kim DO", "1-866-917-1690")
    assert (first.state, first.reply, first.answered) == ("open", "", None)
    assert first.due == date(2026, 11, 30)  # Thanksgiving and the day after are none
    assert await mine(house, BEN) == ()


@pytest.mark.rule("R21", "S12")
async def test_the_desk_takes_and_answers_and_the_patient_is_told(house: House) -> None:
    id = await ask(house)
    assert "patient.p1" in house.hints
    row = (await queue(house))[0]
    assert (row.ticket, row.patient, row.state, row.provider) == (id, "p1", "open", "Ann Lee MD")
    await house.get(TakeMissing(ticket=id), SUPPORT, Done)
    assert (await mine(house))[0].state == "taken"
    for caller, is_mine in ((SUPPORT, True), (ADMIN, False)):
        row = (await queue(house, caller))[0]
        assert (row.state, row.taken_by, row.mine) == ("taken", "Sue Port", is_mine)
    house.hints.clear()
    await house.get(AnswerMissing(ticket=id, reply="in-portal"), SUPPORT, Done)
    assert set(house.hints) == {"patient.p1", "staff.support", "staff.policy"}
    assert await queue(house) == ()
    told = (await mine(house))[0]
    assert (told.state, told.reply, told.answered) == ("answered", "in-portal", NOW)
    assert house.published == [MissingAnswered(ticket=id, patient="p1", answered=NOW)]


@pytest.mark.rule("S12")
async def test_two_people_cannot_work_on_a_question(house: House) -> None:
    id = await ask(house)
    reply = AnswerMissing(ticket=id, reply="in-portal")
    assert await refusal(house, reply, SUPPORT) == (409, "not-taken")
    for _ in range(2):
        await house.get(TakeMissing(ticket=id), SUPPORT, Done)
    for message in (TakeMissing(ticket=id), reply):
        assert await refusal(house, message, ADMIN) == (409, "taken")
    await house.get(reply, SUPPORT, Done)
    for message in (TakeMissing(ticket=id), reply):
        assert await refusal(house, message, SUPPORT) == (409, "closed")
    assert await refusal(house, TakeMissing(ticket="none"), SUPPORT) == (404, "not-found")


@pytest.mark.rule("S12")
async def test_a_question_that_waits_too_long_is_a_breach_and_on_record(house: House) -> None:
    late, answered = await ask(house), await ask(house)
    await answer(house, answered)
    await house.settle()
    closing = datetime(2026, 12, 1, 1, 30, tzinfo=UTC)  # Monday the 30th, 17:30 at the practice
    house.clock.move(closing - NOW)
    assert [row.overdue for row in await queue(house)] == [False]
    house.clock.move(timedelta(seconds=1))
    assert [row.overdue for row in await queue(house)] == [True]
    assert await breaches(house) == [MissingOverdue(late, closing)]


async def breaches(house: House) -> list[MissingOverdue]:
    for _ in range(100):
        found = [r.event for r in await house.service.log.after(0, 500)]
        if kept := [e for e in found if isinstance(e, MissingOverdue)]:
            return kept
        await asyncio.sleep(0.05)
    return []


CASES: dict[str, tuple[PostReport, ...]] = {
    "absent": (),
    "unverified": (report(),),
    "blocked": (report("r1", value("h", HIV, "Reactive"), codes=(HIV,)),),
    "partly blocked": (report("r1", value("na", SODIUM), value("h", HIV, "Reactive")),),
    "held": (report("r1", orderer=Orderer(ids=("999",), name="X")),),
    "withdrawn": (report("r1", status="wrong"),),
    "young": (report("r1", acquired=NOW - timedelta(days=3900)),),
    "visible": (report(),),
}


@pytest.mark.rule("R21", "R30", "R22")
async def test_what_a_patient_gets_is_byte_for_byte_the_same_whatever_there_is(
    tmp_path: Path,
) -> None:
    got = {}
    for name, reports in CASES.items():
        (tmp_path / name).mkdir()
        async with living(tmp_path / name) as house:
            await open_all_week(house)
            for each in reports:
                await house.get(each, INTEROP, PostAnswer)
            if name in ("blocked", "partly blocked", "visible"):
                await house.get(VerifyReport(report="r1", revision=1), LEE, Done)
            got[name] = await seen(house)
    assert len(set(got.values())) == 1, got


async def seen(house: House) -> tuple[Any, ...]:
    """Everything that the patient can see of asking: replies, hints and news; ids made the same."""
    house.hints.clear()
    first = await house.ask(question(), ANA)
    id = json.loads(first.body)["id"]
    replies = [first, await house.ask(question(3), ANA), await house.ask(GetMyMissing(), ANA)]
    await house.get(TakeMissing(ticket=id), SUPPORT, Done)
    replies.append(await house.ask(GetMyMissing(), ANA))
    await house.get(AnswerMissing(ticket=id, reply="contact-provider"), SUPPORT, Done)
    replies.append(await house.ask(GetMyMissing(), ANA))
    bodies = [(reply.status, reply.body.replace(id.encode(), b"ID")) for reply in replies]
    news = [type(e).__name__ for e in house.published if e.topic == "missing"]
    return tuple(bodies), tuple(house.hints), tuple(news)


@pytest.mark.rule("R21", "R54")
async def test_for_a_patient_of_twelve_to_seventeen_a_parent_asks_like_everybody(
    house: House,
) -> None:
    await house.hear(PatientRecorded(patient="p1", born=date(2012, 1, 1)))
    id = await ask(house, MOTHER)
    await answer(house, id)
    assert [t.reply for t in await mine(house, MOTHER)] == ["contact-provider"]


@pytest.mark.rule("R21", "S12")
async def test_each_comes_through_their_own_door_only(house: House) -> None:
    id = await ask(house)
    staff = (
        GetMissingTickets(),
        TakeMissing(ticket=id),
        AnswerMissing(ticket=id, reply="in-portal"),
    )
    others = [Caller(subject="u", role=role) for role in (Role.CLINIC, Role.BILLING, Role.SRE)]
    for message in staff:
        for caller in (ANA, LEE, *others):
            assert (await house.ask(message, caller)).status == 403
    for own in (question(), GetMyMissing()):
        for caller in (SUPPORT, ADMIN, LEE, INTEROP):
            assert (await house.ask(own, caller)).status == 403
        nobody = Caller(subject="u", role=Role.PATIENT, barred="no-record")
        assert await refusal(house, own, nobody) == (403, "no-record")


@pytest.mark.rule("R21")
async def test_a_question_follows_its_patient_through_a_merge(house: House) -> None:
    id = await ask(house)
    await house.hear(PatientMerged(patient="p1", into="p2"))
    assert [t.ticket for t in await mine(house, BEN)] == [id]
    assert await mine(house) == ()
    await answer(house, id)
    assert [e.patient for e in house.published if isinstance(e, MissingAnswered)] == ["p2"]


@pytest.mark.rule("S12")
async def test_the_oldest_question_comes_first_in_the_queue_and_the_newest_for_the_patient(
    house: House,
) -> None:
    first = await ask(house)
    house.clock.move(timedelta(minutes=1))
    second = await ask(house)
    assert [row.ticket for row in await queue(house)] == [first, second]
    assert [row.ticket for row in await mine(house)] == [second, first]


@pytest.mark.rule("R21")
def test_what_is_stored_is_sealed_for_the_patient_and_prints_no_test() -> None:
    asked = MissingReported("t1", "p1", "Sodium", "dr-lee", TODAY, "u-ana", NOW)
    stored = CODEC.encode(asked)
    assert stored.owner == "p1"
    assert CODEC.decode(stored.name, stored.data) == asked
    assert "Sodium" not in repr(asked)
