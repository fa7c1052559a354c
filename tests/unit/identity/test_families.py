"""Parents and caregivers: who may be linked to which address, and what a birthday ends (R42-R44, R54)."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from contracts.common import Caller, Role
from contracts.identity import (
    ConfirmRelation,
    EndRelation,
    Exchange,
    GetAccessLog,
    GetPatientAccount,
    MayNotify,
    SendInvitation,
)
from tests.unit.identity import steps
from tests.unit.identity.desk import (
    CLINIC,
    COLLEAGUE,
    NOTIFIER,
    OPERATOR,
    PASSWORD,
    SUPPORT,
    Desk,
)
from tests.unit.identity.family import (
    MOTHER,
    agree,
    born,
    caregiver,
    child,
    connected,
    connections,
    enrolled,
    exchange,
    parent,
    state_of,
)
from tests.unit.identity.signing import staff


@pytest.mark.rule("R42", "R54", "S3")
async def test_an_enrolled_mother_is_connected_to_her_child_at_once(desk: Desk) -> None:
    mother = await enrolled(desk)
    ada = await child(desk, 8)
    await desk.ask(parent(ada), SUPPORT)
    assert await state_of(desk, mother, ada) == "agreement-due"
    await agree(desk, mother, ada)
    found = (await connections(desk, mother))[ada]
    assert (found.state, found.basis, found.mail, found.mail_to) == (
        "open",
        "parent",
        "sent",
        MOTHER,
    )
    assert (found.turns_12, found.turns_18) == (date(2030, 1, 15), date(2036, 1, 15))


@pytest.mark.rule("R42")
async def test_an_adult_who_has_not_enrolled_cannot_share_an_address(desk: Desk) -> None:
    first, second = await child(desk, 8), await child(desk, 5)
    await desk.ask(parent(first, email="jo@example.com"), SUPPORT)
    [row] = [e for e in await desk.events() if type(e).__name__ == "InvitationIssued"]
    mail = await steps.letter(desk, first, row.invitation)
    await steps.accept_both(desk, mail)
    done = await desk.ask(steps.complete(mail, born=born(8)))
    assert done["caller"]["basis"] == "parent"
    assert await desk.refused(parent(second, email="jo@example.com"), SUPPORT) == "not-enrolled"


@pytest.mark.rule("R42")
async def test_from_twelve_a_parent_needs_another_address_or_a_caregivers_proof(desk: Desk) -> None:
    await enrolled(desk)
    teen = await child(desk, 13)
    assert await desk.refused(parent(teen), SUPPORT) == "needs-contact"
    assert await desk.refused(parent(teen, contact=MOTHER), SUPPORT) == "address-in-use"
    assert (await desk.reply(parent(teen, contact="ada@example.com"), SUPPORT)).status == 201


@pytest.mark.rule("R43")
async def test_a_verified_caregiver_may_share_at_any_age(desk: Desk) -> None:
    mother = await enrolled(desk)
    teen = await child(desk, 14)
    await desk.ask(caregiver(teen), SUPPORT)
    await agree(desk, mother, teen)
    found = (await connections(desk, mother))[teen]
    assert (found.state, found.mail) == ("open", "sent")


@pytest.mark.rule("R43", "S3")
async def test_an_adult_dependent_needs_a_second_person_of_the_staff(desk: Desk) -> None:
    mother = await enrolled(desk)
    aunt = await child(desk, 71)
    done = await desk.ask(caregiver(aunt, evidence="power-of-attorney"), SUPPORT)
    assert await state_of(desk, mother, aunt) == "unconfirmed"
    confirm = ConfirmRelation(patient=aunt, relation=done["id"])
    assert await desk.refused(confirm, SUPPORT) == "same-person"
    await desk.ask(confirm, COLLEAGUE)
    await agree(desk, mother, aunt)
    assert await state_of(desk, mother, aunt) == "open"


@pytest.mark.rule("S3")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"evidence": "guardianship"}, "evidence"),
        ({"since": date(2026, 1, 1), "until": date(2026, 3, 3)}, "dates"),
        ({"since": date(2026, 5, 1), "until": date(2026, 4, 1)}, "dates"),
    ],
)
async def test_evidence_and_dates_must_go_together(
    desk: Desk, change: dict[str, Any], code: str
) -> None:
    await enrolled(desk)
    ada = await child(desk, 8)
    assert await desk.refused(parent(ada, **change), SUPPORT) == code


@pytest.mark.rule("S3", "R54")
async def test_a_parent_cannot_act_for_an_adult(desk: Desk) -> None:
    await enrolled(desk)
    assert await desk.refused(parent(await child(desk, 18)), SUPPORT) == "grown-up"


@pytest.mark.rule("S3")
async def test_ending_a_relation_cuts_access_with_the_next_question(desk: Desk) -> None:
    session = await steps.enrol(desk, await desk.record("MRN-M"), MOTHER)
    mother = Caller.model_validate(session["caller"])
    ada = await connected(desk, 8, mother)
    assert (await exchange(desk, session["cookie"], ada)).caller.patient == ada
    account = await desk.ask(GetPatientAccount(patient=ada), SUPPORT)
    relation = account["relations"][0]["relation"]
    await desk.ask(EndRelation(patient=ada, relation=relation, reason="court order"), CLINIC)
    refused = await desk.reply(_asked(session["cookie"], ada))
    assert refused.status == 404
    assert (await desk.may_notify("new-result", ada, "e1")).address is None
    again = EndRelation(patient=ada, relation=relation, reason="court order")
    assert (await desk.reply(again, CLINIC)).status == 201


@pytest.mark.rule("S3", "R51")
async def test_ending_a_relation_voids_the_invitation_that_waits(desk: Desk) -> None:
    ada = await child(desk, 8)
    done = await desk.ask(parent(ada, email="jo@example.com"), SUPPORT)
    [row] = [e for e in await desk.events() if type(e).__name__ == "InvitationIssued"]
    mail = await steps.letter(desk, ada, row.invitation)
    await desk.ask(EndRelation(patient=ada, relation=done["id"], reason="a mistake"), SUPPORT)
    assert await desk.refused(steps.accept(mail, "terms", "t1")) == "void"


@pytest.mark.rule("S3")
async def test_a_relation_lets_nobody_in_before_and_after_its_days(desk: Desk) -> None:
    mother = await enrolled(desk)
    ada = await child(desk, 8)
    days: dict[str, Any] = {"since": date(2026, 3, 6), "until": date(2026, 3, 8)}
    await desk.ask(parent(ada, **days), SUPPORT)
    await agree(desk, mother, ada)
    seen = []
    for _ in range(7):
        seen.append(await state_of(desk, mother, ada))
        desk.clock.move(timedelta(days=1))
    assert seen == ["not-yet", "not-yet", "open", "open", "open", "expired", "expired"]


@pytest.mark.rule("R42", "R54", "R55")
async def test_the_twelfth_birthday_ends_the_mail_and_not_the_view(desk: Desk) -> None:
    mother = await enrolled(desk)
    ada = await child(desk, 11, born=date(2014, 3, 5))  # twelve tomorrow, at the practice
    await desk.ask(parent(ada), SUPPORT)
    await agree(desk, mother, ada)
    assert (await desk.may_notify("new-result", ada, "e1")).address == MOTHER
    desk.clock.move(timedelta(hours=12, minutes=-1))  # 23:59 in Los Angeles
    assert (await desk.may_notify("new-result", ada, "e1")).address == MOTHER
    desk.clock.move(timedelta(minutes=1))
    assert (await desk.may_notify("new-result", ada, "e1")).address is None
    found = (await connections(desk, mother))[ada]
    assert (found.state, found.mail, found.turns_12) == ("open", "needs-address", None)


@pytest.mark.rule("R54", "R53")
async def test_the_eighteenth_birthday_ends_what_a_parent_sees(desk: Desk) -> None:
    mother = await enrolled(desk)
    teen = await child(desk, 17, born=date(2008, 3, 5))
    await desk.ask(parent(teen, contact="teen@example.com"), SUPPORT)
    await agree(desk, mother, teen)
    assert await state_of(desk, mother, teen) == "open"
    desk.clock.move(timedelta(hours=12))
    assert await state_of(desk, mother, teen) == "grown-up"
    assert (await desk.may_notify("new-result", teen, "e1")).address is None


@pytest.mark.rule("R35", "R53")
async def test_who_was_a_child_enrols_themself_at_eighteen(desk: Desk) -> None:
    mother = await enrolled(desk)
    teen = await child(desk, 17, born=date(2008, 3, 5))
    await desk.ask(parent(teen, contact="teen@example.com"), SUPPORT)
    invite = SendInvitation(patient=teen, email="ada@example.com")
    assert await desk.refused(invite, CLINIC) == "under-18"
    desk.clock.move(timedelta(days=1))
    mail = await steps.invite(desk, teen, "ada@example.com")
    await steps.accept_both(desk, mail)
    done = await desk.ask(steps.complete(mail, born=date(2008, 3, 5)))
    assert done["caller"]["basis"] == "self"
    assert await state_of(desk, mother, teen) == "grown-up"


@pytest.mark.rule("R42", "R44")
async def test_two_parents_see_one_child_each_with_an_agreement_of_their_own(desk: Desk) -> None:
    mother = await enrolled(desk)
    father = await enrolled(desk, "MRN-F", "paul@example.com")
    ada = await connected(desk, 8, mother)
    await desk.ask(parent(ada, email="paul@example.com", given="Paul"), SUPPORT)
    assert await state_of(desk, mother, ada) == "open"
    assert await state_of(desk, father, ada) == "agreement-due"
    letter = await desk.may_notify("new-result", ada, "e1")
    [other] = letter.others
    theirs = await desk.ask(
        MayNotify(kind="new-result", patient=ada, reference="e1", account=other), NOTIFIER
    )
    assert {letter.address, theirs["address"]} == {MOTHER, "paul@example.com"}


@pytest.mark.rule("R44", "R54")
async def test_a_guardian_is_verified_for_two_children_at_the_same_moment(desk: Desk) -> None:
    mother = await enrolled(desk)
    ada, ben = await child(desk, 8), await child(desk, 5)
    both = await asyncio.gather(desk.reply(parent(ada), SUPPORT), desk.reply(parent(ben), SUPPORT))
    assert [answer.status for answer in both] == [201, 201]
    assert set(await connections(desk, mother)) >= {ada, ben}


@pytest.mark.rule("R44", "R51")
async def test_two_invitations_for_one_new_address_open_one_account(desk: Desk) -> None:
    ada, ben = await child(desk, 8), await child(desk, 5)
    mails = []
    for patient in (ada, ben):
        await desk.ask(caregiver(patient, email="jo@example.com"), SUPPORT)
    for event in [e for e in await desk.events() if type(e).__name__ == "InvitationIssued"]:
        mails.append(await steps.letter(desk, event.patient, event.invitation))
        await steps.accept_both(desk, mails[-1])
    first = await desk.ask(steps.complete(mails[0], born=born(8)))
    wrong = steps.complete(mails[1], born=born(5), password="a quite different long one")
    assert await desk.refused(wrong) == "wrong-password"
    second = await desk.ask(steps.complete(mails[1], born=born(5), password=PASSWORD))
    assert first["caller"]["subject"] == second["caller"]["subject"]
    assert set(await connections(desk, Caller.model_validate(second["caller"]))) == {ada, ben}


@pytest.mark.rule("R44")
async def test_the_address_of_one_of_the_staff_is_never_a_parents(desk: Desk) -> None:
    await desk.ask(staff("doc@practice.example"), OPERATOR)
    ada = await child(desk, 8)
    refused = await desk.refused(parent(ada, email="doc@practice.example"), SUPPORT)
    assert refused == "address-in-use"


@pytest.mark.rule("R54", "S14")
async def test_what_staff_did_at_13_is_not_in_the_log_that_a_parent_reads(desk: Desk) -> None:
    mother = await enrolled(desk)
    ada = await child(desk, 11, born=date(2014, 3, 5))
    await desk.ask(parent(ada), SUPPORT)
    await agree(desk, mother, ada)
    await desk.ask(GetPatientAccount(patient=ada), SUPPORT)  # the day before the birthday
    desk.clock.move(timedelta(days=2))
    await desk.ask(GetPatientAccount(patient=ada), COLLEAGUE)
    seen = Caller(subject=mother.subject, role=Role.PATIENT, patient=ada, basis="parent")
    log = await desk.ask(GetAccessLog(), seen)
    assert len(log["rows"]) == 1


def _asked(cookie: str, patient: str) -> Exchange:
    return Exchange.model_validate({"cookie": cookie, "active": False, "patient": patient})


@pytest.mark.rule("R44")
async def test_two_teenagers_do_not_share_the_other_address_either(desk: Desk) -> None:
    await enrolled(desk)
    first, second = await child(desk, 13), await child(desk, 14)
    await desk.ask(parent(first, contact="teens@example.com"), SUPPORT)
    again = parent(second, contact="Teens+2@example.com")
    assert await desk.refused(again, SUPPORT) == "address-in-use"


@pytest.mark.rule("S3", "R54")
async def test_a_second_check_made_for_a_child_would_outlive_the_childhood_so_it_waits(
    desk: Desk,
) -> None:
    mother = await enrolled(desk)
    teen = await child(desk, 17, born=date(2008, 3, 5))
    done = await desk.ask(caregiver(teen), SUPPORT)
    await agree(desk, mother, teen)
    confirm = ConfirmRelation(patient=teen, relation=done["id"])
    assert await desk.refused(confirm, COLLEAGUE) == "not-needed"
    account = await desk.ask(GetPatientAccount(patient=teen), COLLEAGUE)
    assert not account["relations"][0]["may_confirm"]
    desk.clock.move(timedelta(days=1))
    assert await state_of(desk, mother, teen) == "grown-up"
    account = await desk.ask(GetPatientAccount(patient=teen), COLLEAGUE)
    assert account["relations"][0]["may_confirm"]
    await desk.ask(confirm, COLLEAGUE)
    assert await state_of(desk, mother, teen) == "open"
