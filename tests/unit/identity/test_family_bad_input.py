"""What must not connect anybody: the dead, the merged, races, bad and differently spelled addresses."""

from __future__ import annotations

import asyncio
import json
from datetime import date, timedelta
from typing import Any

import pytest

from contracts.identity import (
    ConfirmRelation,
    CorrectPatient,
    Disenrol,
    EndRelation,
    MergePatient,
    SendInvitation,
)
from kernel.api import Call, serve
from services.identity.api import API
from tests.unit.identity import steps
from tests.unit.identity.desk import CLINIC, COLLEAGUE, SUPPORT, Desk
from tests.unit.identity.family import (
    born,
    child,
    connected,
    connections,
    enrolled,
    parent,
    state_of,
)


@pytest.mark.rule("R54", "S3")
async def test_nobody_is_connected_to_who_died_or_was_merged(desk: Desk) -> None:
    mother = await enrolled(desk)
    gone = await child(desk, 8, "MRN-D", deceased=True)
    twin, kept = await child(desk, 7, "MRN-7"), await child(desk, 7, "MRN-8")
    await desk.ask(MergePatient(patient=twin, into=kept), SUPPORT)
    before = len(await desk.names())
    assert await desk.refused(parent(gone), SUPPORT) == "deceased"
    assert await desk.refused(parent(twin), SUPPORT) == "merged"
    assert await desk.refused(parent("nobody"), SUPPORT) == "not-found"
    assert len(await desk.names()) == before  # nothing half-done
    assert set(await connections(desk, mother)) == {mother.patient}


@pytest.mark.rule("R54")
async def test_a_child_who_dies_or_a_record_with_connections_is_left_to_staff(desk: Desk) -> None:
    mother = await enrolled(desk)
    ada = await connected(desk, 8, mother)
    into = await child(desk, 8, "MRN-X")
    assert await desk.refused(MergePatient(patient=ada, into=into), SUPPORT) == "enrolled"
    await child(desk, 8, deceased=True)  # the same record number
    assert await state_of(desk, mother, ada) == "unavailable"
    assert (await desk.may_notify("new-result", ada, "e1")).address is None


@pytest.mark.rule("R44", "R51")
async def test_of_two_sign_ups_that_race_for_one_address_one_gets_it(desk: Desk) -> None:
    first, second = await desk.record("MRN-1"), await desk.record("MRN-2")
    mails = [await steps.invite(desk, p, "same@example.com") for p in (first, second)]
    for mail in mails:
        await steps.accept_both(desk, mail)
    both = await asyncio.gather(*(desk.reply(steps.complete(mail)) for mail in mails))
    assert sorted(answer.status for answer in both) == [200, 409]
    assert (await desk.names()).count("AccountOpened") == 1
    assert (await desk.names()).count("InvitationCompleted") == 1


@pytest.mark.rule("R44")
@pytest.mark.parametrize(
    "address",
    [
        "a@b.example\r\nBcc: all@b.example",
        "a@b.example, c@d.example",
        "a b@c.example",
        "@b.c",
        "a@b",
    ],
)
async def test_an_address_that_is_none_is_refused_before_anything_happens(
    desk: Desk, address: str
) -> None:
    ada = await child(desk, 8)
    body = parent(ada).model_dump(mode="json") | {"email": address}
    call: Call[Any, Any] = Call(desk, SUPPORT, "", desk.now())
    reply = await serve(API.endpoints["VerifyRelation"], json.dumps(body).encode(), call)
    assert reply.status == 422
    assert address.encode() not in reply.body


@pytest.mark.rule("R44")
@pytest.mark.parametrize(
    "spelled", ["MARIA@Example.com", "maria+kids@example.com", " maria@example.com"]
)
async def test_another_spelling_of_her_address_is_her_account(desk: Desk, spelled: str) -> None:
    mother = await enrolled(desk)
    ada = await child(desk, 8)
    await desk.ask(parent(ada, email=spelled.strip()), SUPPORT)
    assert ada in await connections(desk, mother)


@pytest.mark.rule("R44")
async def test_an_international_address_is_one_account_in_both_its_spellings(desk: Desk) -> None:
    mother = await enrolled(desk, email="maria@bücher.example")
    ada = await child(desk, 8)
    await desk.ask(parent(ada, email="maria@xn--bcher-kva.example"), SUPPORT)
    assert ada in await connections(desk, mother)


@pytest.mark.rule("R42", "R44")
async def test_nobody_signs_up_with_the_address_for_another_patients_mail(desk: Desk) -> None:
    await enrolled(desk)
    teen = await child(desk, 13)
    paul, olga = await desk.record("MRN-F"), await desk.record("MRN-O")
    early = await steps.invite(desk, paul, "ada@example.com")
    await desk.ask(parent(teen, contact="ada@example.com"), SUPPORT)
    await steps.accept_both(desk, early)
    assert await desk.refused(steps.complete(early)) == "address-in-use"
    late = SendInvitation(patient=olga, email="Ada+portal@example.com")
    assert await desk.refused(late, CLINIC) == "address-in-use"
    proxy = parent(await child(desk, 5), email="ada@example.com")
    assert await desk.refused(proxy, SUPPORT) == "address-in-use"
    assert (await desk.names()).count("AccountOpened") == 1  # hers


@pytest.mark.rule("R35", "R44")
async def test_at_eighteen_the_address_for_their_mail_is_their_own(desk: Desk) -> None:
    await enrolled(desk)
    teen = await child(desk, 17, born=date(2008, 3, 5))
    await desk.ask(parent(teen, contact="teen@example.com"), SUPPORT)
    desk.clock.move(timedelta(days=1))
    mail = await steps.invite(desk, teen, "teen@example.com")
    await steps.accept_both(desk, mail)
    assert (await desk.reply(steps.complete(mail, born=date(2008, 3, 5)))).status == 200


@pytest.mark.rule("R44")
async def test_of_two_teenagers_verified_at_the_same_moment_one_gets_the_address(
    desk: Desk,
) -> None:
    await enrolled(desk)
    teens = [await child(desk, age) for age in (13, 14)]
    asked = [parent(teen, contact="teens@example.com") for teen in teens]
    both = await asyncio.gather(*(desk.reply(each, SUPPORT) for each in asked))
    assert sorted(answer.status for answer in both) == [201, 409]


@pytest.mark.rule("R44", "R51")
async def test_a_sign_up_and_a_teenagers_mail_that_race_for_one_address(desk: Desk) -> None:
    await enrolled(desk)
    teen = await child(desk, 13)
    mail = await steps.invite(desk, await desk.record("MRN-F"), "same@example.com")
    await steps.accept_both(desk, mail)
    first, second = await asyncio.gather(
        desk.reply(parent(teen, contact="same@example.com"), SUPPORT),
        desk.reply(steps.complete(mail)),
    )
    assert (first.status == 201) != (second.status == 200)
    assert 409 in (first.status, second.status)


@pytest.mark.rule("R53", "R54")
async def test_a_record_that_everybody_left_can_be_merged(desk: Desk) -> None:
    mother = await enrolled(desk)
    ada = await connected(desk, 8, mother)
    into = await child(desk, 8, "MRN-X")
    await desk.ask(Disenrol(patient=ada), mother)
    assert (await desk.reply(MergePatient(patient=ada, into=into), SUPPORT)).status < 300


@pytest.mark.rule("S3")
async def test_staff_neither_end_an_own_enrolment_nor_check_a_parent_twice(desk: Desk) -> None:
    mother = await enrolled(desk)
    own = EndRelation(patient=mother.patient or "", relation=mother.subject, reason="a mistake")
    assert await desk.refused(own, SUPPORT) == "not-found"
    ada = await child(desk, 8)
    done = await desk.ask(parent(ada), SUPPORT)
    check = ConfirmRelation(patient=ada, relation=done["id"])
    assert await desk.refused(check, COLLEAGUE) == "not-needed"


@pytest.mark.rule("R42", "S13")
async def test_who_turned_out_to_be_a_child_shares_no_address(desk: Desk) -> None:
    maria = await enrolled(desk)
    right = CorrectPatient(patient=maria.patient or "", evidence="passport", born=born(15))
    await desk.ask(right, SUPPORT)
    assert await desk.refused(parent(await child(desk, 8)), SUPPORT) == "not-enrolled"
