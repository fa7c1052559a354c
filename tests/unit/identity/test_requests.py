"""What people ask of support: relations, corrections, and the queue of them (R54, R57, R59, S1, S3, S13)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from contracts.common import Caller, HumanName, Role
from contracts.identity import (
    CloseItem,
    CorrectPatient,
    GetItem,
    GetItems,
    GetMyRequests,
    GetPatient,
    PreviewCorrection,
    RegistrationQueue,
    RelationPerson,
    RequestCorrection,
    RequestRelation,
    TakeItem,
    TakeRegistration,
)
from tests.unit.identity.desk import CLINIC, COLLEAGUE, SUPPORT, Desk, form
from tests.unit.identity.family import (
    agree,
    born,
    child,
    connected,
    connections,
    enrolled,
    parent,
    state_of,
)


def asking(*people: RelationPerson) -> RequestRelation:
    """A mother asks for her children."""
    return RequestRelation(basis="parent", people=people, says="My children")


def described(age: int, given: str = "Ada") -> RelationPerson:
    """A child as the mother describes it."""
    return RelationPerson(given=given, family="Garcia Lopez", born=born(age), zip="94558")


async def queue(desk: Desk) -> list[dict[str, Any]]:
    """Support's queue."""
    return list((await desk.ask(GetItems(), SUPPORT))["items"])


async def taken(desk: Desk, mother: Caller) -> str:
    """An item that support works on."""
    await desk.ask(asking(described(8)), mother)
    [item] = await queue(desk)
    await desk.ask(TakeItem(item=item["item"]), SUPPORT)
    return str(item["item"])


@pytest.mark.rule("R54", "S3")
async def test_two_children_asked_for_at_once_are_two_items(desk: Desk) -> None:
    mother = await enrolled(desk)
    ada = await child(desk, 8)
    done = await desk.reply(asking(described(8), described(3, "Ben")), mother)
    assert done.status == 201
    first, second = sorted(await queue(desk), key=lambda item: item["people"][0]["given"])
    assert [first["people"][0]["given"], second["people"][0]["given"]] == ["Ada", "Ben"]
    item = (await desk.ask(GetItem(item=first["item"]), SUPPORT))["item"]
    assert [card["patient"] for card in item["candidates"]] == [ada]


@pytest.mark.rule("R54")
async def test_the_answer_is_the_same_whoever_is_described(desk: Desk) -> None:
    mother = await enrolled(desk)
    await child(desk, 8)
    known = await desk.reply(asking(described(8)), mother)
    unknown = await desk.reply(asking(described(40, "Nobody")), mother)
    assert (known.status, known.body) == (unknown.status, unknown.body)


@pytest.mark.rule("S3", "R54")
async def test_support_verifies_and_the_request_is_done(desk: Desk) -> None:
    mother = await enrolled(desk)
    ada = await child(desk, 8)
    item = await taken(desk, mother)
    await desk.ask(parent(ada, item=item), SUPPORT)
    assert await state_of(desk, mother, ada) == "agreement-due"
    [mine] = (await desk.ask(GetMyRequests(), mother))["requests"]
    assert (mine["state"], mine["about"]) == ("done", "Ada Garcia Lopez")


@pytest.mark.rule("S1", "S3")
async def test_two_people_cannot_take_one_item(desk: Desk) -> None:
    mother = await enrolled(desk)
    ada = await child(desk, 8)
    item = await taken(desk, mother)
    assert await desk.refused(TakeItem(item=item), COLLEAGUE) == "taken"
    assert await desk.refused(parent(ada, item=item), COLLEAGUE) == "taken"
    assert await state_of(desk, mother, ada) == "none"  # nothing half-done
    assert await desk.refused(CloseItem(item=item, answer="No proof"), COLLEAGUE) == "taken"


@pytest.mark.rule("S3")
async def test_a_refused_request_says_why_to_who_asked(desk: Desk) -> None:
    mother = await enrolled(desk)
    item = await taken(desk, mother)
    await desk.ask(CloseItem(item=item, answer="Please bring the birth certificate"), SUPPORT)
    [mine] = (await desk.ask(GetMyRequests(), mother))["requests"]
    assert (mine["state"], mine["answer"]) == ("rejected", "Please bring the birth certificate")
    assert await desk.refused(TakeItem(item=item), SUPPORT) == "closed"


@pytest.mark.rule("R57")
async def test_a_request_is_overdue_after_two_business_days(desk: Desk) -> None:
    mother = await enrolled(desk)
    await desk.ask(asking(described(8)), mother)
    await desk.settle()
    desk.clock.move(timedelta(days=2, hours=5, minutes=29))  # Friday, 17:29
    await desk.remind()
    assert not (await queue(desk))[0]["overdue"]
    desk.clock.move(timedelta(minutes=2))
    await desk.remind()
    assert (await queue(desk))[0]["overdue"]
    assert "ItemOverdue" in await desk.names()


@pytest.mark.rule("R59")
async def test_a_patient_cannot_change_who_they_are_but_ask(desk: Desk) -> None:
    mother = await enrolled(desk)
    before = await desk.ask(GetPatient(patient=mother.patient or ""), mother)
    await desk.ask(RequestCorrection(field="born", says="I was born in May"), mother)
    assert await desk.ask(GetPatient(patient=mother.patient or ""), mother) == before
    [item] = await queue(desk)
    assert (item["kind"], item["field"], item["patient"]) == ("correction", "born", mother.patient)
    [mine] = (await desk.ask(GetMyRequests(), mother))["requests"]
    assert (mine["about"], mine["patient"]) == ("born", mother.patient)
    right = CorrectPatient(patient=mother.patient or "", evidence="passport", born=born(40))
    assert await desk.refused(right, mother) == "forbidden"
    assert await desk.refused(right, CLINIC) == "forbidden"


@pytest.mark.rule("R59", "S13")
async def test_support_corrects_what_is_stated_and_nothing_else(desk: Desk) -> None:
    mother = await enrolled(desk)
    patient = mother.patient or ""
    await desk.ask(RequestCorrection(field="name", says="It is Maria José"), mother)
    [item] = await queue(desk)
    await desk.ask(TakeItem(item=item["item"]), SUPPORT)
    name = HumanName(family="Garcia-López", given="María José")
    right = CorrectPatient(patient=patient, evidence="passport", name=name, item=item["item"])
    await desk.ask(right, SUPPORT)
    [card] = (await desk.ask(GetPatient(patient=patient), SUPPORT))["patients"]
    assert (card["name"]["given"], card["born"]) == ("María José", "1980-05-17")
    assert await queue(desk) == []


@pytest.mark.rule("S13", "R53", "R54", "R55")
async def test_another_birth_date_shows_its_consequences_and_changes_nothing(desk: Desk) -> None:
    mother = await enrolled(desk)
    ada = await connected(desk, 8, mother)
    look = PreviewCorrection(patient=ada, born=date(2013, 3, 5))
    said = await desk.ask(look, SUPPORT)
    assert (said["age_before"], said["age_after"]) == (8, 12)
    assert (said["hidden_from"], said["hidden_until"]) == ("2025-03-05", "2031-03-05")
    [change] = said["connections"]
    assert (change["mail_before"], change["mail_after"]) == ("sent", "needs-address")
    assert (change["before"], change["after"]) == ("open", "open")
    assert (await connections(desk, mother))[ada].mail == "sent"
    await desk.ask(CorrectPatient(patient=ada, evidence="passport", born=date(2013, 3, 5)), SUPPORT)
    assert (await connections(desk, mother))[ada].mail == "needs-address"


@pytest.mark.rule("S13", "R53")
async def test_who_turns_out_to_be_a_child_loses_the_own_record(desk: Desk) -> None:
    maria = await enrolled(desk)
    patient = maria.patient or ""
    said = await desk.ask(PreviewCorrection(patient=patient, born=born(15)), SUPPORT)
    assert [c["after"] for c in said["connections"]] == ["unavailable"]
    await desk.ask(CorrectPatient(patient=patient, evidence="passport", born=born(15)), SUPPORT)
    assert await state_of(desk, maria, patient) == "unavailable"


@pytest.mark.rule("S13")
@pytest.mark.parametrize("day", [date(2026, 3, 5), date(1890, 1, 1)])
async def test_a_birth_date_that_cannot_be_is_refused(desk: Desk, day: date) -> None:
    ada = await child(desk, 8)
    assert await desk.refused(PreviewCorrection(patient=ada, born=day), SUPPORT) == "born"
    command = CorrectPatient(patient=ada, evidence="passport", born=day)
    assert await desk.refused(command, SUPPORT) == "born"


@pytest.mark.rule("R59")
async def test_a_correction_needs_a_record_in_view(desk: Desk) -> None:
    stranger = Caller(subject="x", role=Role.PATIENT, barred="no-record")
    assert (
        await desk.refused(RequestCorrection(field="name", says="wrong"), stranger) == "no-record"
    )


async def test_nobody_floods_the_queue(desk: Desk) -> None:
    mother = await enrolled(desk)
    for number in range(20):
        await desk.ask(asking(described(8, f"Ada{number}")), mother)
    assert await desk.refused(asking(described(8)), mother) == "too-many"


async def test_agreeing_for_somebody_else_is_not_possible(desk: Desk) -> None:
    mother = await enrolled(desk)
    ada = await child(desk, 8)
    with pytest.raises(AssertionError, match="not-found"):
        await agree(desk, mother, ada)


@pytest.mark.rule("R54", "S1")
async def test_the_form_of_somebody_under_18_is_settled_with_the_parents_relation(
    desk: Desk,
) -> None:
    ada = await child(desk, 8)
    await desk.ask(form(given="Ada8", born=born(8), email="jo@example.com"))
    await desk.settle()
    [open_] = (await desk.ask(RegistrationQueue(), SUPPORT))["items"]
    assert open_["reason"] == "under 18"
    verify = parent(ada, email="jo@example.com", registration=open_["registration"])
    assert await desk.refused(verify, SUPPORT) == "not-taken"
    await desk.ask(TakeRegistration(registration=open_["registration"]), SUPPORT)
    await desk.ask(verify, SUPPORT)
    assert (await desk.ask(RegistrationQueue(), SUPPORT))["items"] == []


async def test_the_character_that_postgresql_does_not_take_is_refused_before_anything(
    desk: Desk,
) -> None:
    """Else whoever sends it makes everybody's group commit fail, and starts it over."""
    mother = await enrolled(desk)
    before = await desk.names()
    assert await desk.refused(asking(described(8, "A\x00da")), mother) == "invalid"
    assert await desk.names() == before
