"""Leaving and coming back; agreeing to documents (R32-R35, decision i)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from pydantic import SecretStr

from contracts.common import Caller, Role
from contracts.identity import (
    AcceptAgreement,
    Disenrol,
    GetItems,
    GetPatientAccount,
    SendInvitation,
    SignIn,
)
from kernel.turn import Turn, Unit
from services.identity.decider.account import ACCOUNT
from services.identity.decider.patient import PATIENT
from services.identity.events.account import AccountOpened
from services.identity.events.patient import PatientConnected
from tests.unit.identity import steps
from tests.unit.identity.desk import CLINIC, PASSWORD, SUPPORT, Desk, terms
from tests.unit.identity.family import (
    MOTHER,
    agree,
    caregiver,
    connected,
    connections,
    enrolled,
    exchange,
    state_of,
)

SIGN_IN = SignIn(email=MOTHER, password=SecretStr(PASSWORD))


@pytest.mark.rule("R33", "R34")
async def test_the_red_x_ends_every_session_and_all_mail_in_the_same_moment(desk: Desk) -> None:
    session = await steps.enrol(desk, await desk.record(), MOTHER)
    maria = Caller.model_validate(session["caller"])
    other = await desk.ask(SIGN_IN)
    assert maria.patient
    done = await desk.reply(Disenrol(patient=maria.patient), maria)
    assert done.status == 201
    for cookie in (session["cookie"], other["cookie"]):
        with pytest.raises(ValueError, match="token"):
            await exchange(desk, cookie)
    assert (await desk.may_notify("new-result", maria.patient, "e1")).address is None
    assert await desk.refused(SIGN_IN) == "sign-in-refused"


@pytest.mark.rule("R33")
async def test_the_sessions_are_over_even_where_the_bucket_keeps_them(desk: Desk) -> None:
    session = await steps.enrol(desk, await desk.record(), MOTHER)
    kept = dict(desk.bucket.values)
    maria = Caller.model_validate(session["caller"])
    desk.clock.move(timedelta(seconds=1))
    await desk.ask(Disenrol(patient=maria.patient or ""), maria)
    desk.bucket.values = kept
    with pytest.raises(ValueError, match="token"):
        await exchange(desk, session["cookie"])


@pytest.mark.rule("R33")
async def test_a_second_click_finds_nothing_to_remove(desk: Desk) -> None:
    maria = await enrolled(desk)
    await desk.ask(Disenrol(patient=maria.patient or ""), maria)
    assert await desk.refused(Disenrol(patient=maria.patient or ""), maria) == "not-found"
    assert (await desk.names()).count("PatientDisenrolled") == 1


@pytest.mark.rule("R33")
async def test_nobody_removes_a_connection_that_is_not_theirs(desk: Desk) -> None:
    maria = await enrolled(desk)
    paul = await enrolled(desk, "MRN-F", "paul@example.com")
    assert await desk.refused(Disenrol(patient=paul.patient or ""), maria) == "not-found"


@pytest.mark.rule("R34")
async def test_an_invitation_of_before_does_not_let_them_in_again(desk: Desk) -> None:
    patient = await desk.record()
    mail = await steps.invite(desk, patient)
    await steps.accept_both(desk, mail)
    done = await desk.ask(steps.complete(mail))
    maria = Caller.model_validate(done["caller"])
    await desk.ask(Disenrol(patient=patient), maria)
    assert await desk.refused(steps.complete(mail)) == "used"


@pytest.mark.rule("R35")
async def test_they_come_back_the_same_day_by_the_same_sign_up(desk: Desk) -> None:
    maria = await enrolled(desk)
    patient = maria.patient or ""
    await desk.ask(Disenrol(patient=patient), maria)
    desk.clock.move(timedelta(hours=1))
    again = await steps.enrol(desk, patient, MOTHER)
    assert again["caller"]["patient"] == patient
    account = await desk.ask(GetPatientAccount(patient=patient), SUPPORT)
    assert [row["state"] for row in account["relations"]] == ["open", "ended"]


@pytest.mark.rule("R35", "R44")
async def test_the_address_is_free_for_somebody_else_meanwhile(desk: Desk) -> None:
    maria = await enrolled(desk)
    patient = maria.patient or ""
    await desk.ask(Disenrol(patient=patient), maria)
    await enrolled(desk, "MRN-F", MOTHER)
    invite = SendInvitation(patient=patient, email=MOTHER)
    assert await desk.refused(invite, CLINIC) == "address-in-use"
    assert (await steps.enrol(desk, patient, "maria.new@example.com"))["caller"]["patient"]


@pytest.mark.rule("R33", "R34", "R35")
async def test_a_mother_who_leaves_stays_connected_to_her_child(desk: Desk) -> None:
    maria = await enrolled(desk)
    ada = await connected(desk, 8, maria)
    patient = maria.patient or ""
    await desk.ask(Disenrol(patient=patient), maria)
    assert list(await connections(desk, maria)) == [ada]
    assert (await desk.may_notify("new-result", ada, "e1")).address is None  # mail to her stops
    [item] = (await desk.ask(GetItems(), SUPPORT))["items"]
    assert (item["kind"], item["patient"]) == ("notice", patient)
    session = await desk.ask(SIGN_IN)
    assert session["caller"]["patient"] == ada
    # She comes back with the password that her account has.
    mail = await steps.invite(desk, patient, MOTHER)
    await steps.accept_both(desk, mail)
    assert (await desk.ask(steps.complete(mail)))["caller"]["subject"] == maria.subject
    assert (await desk.may_notify("new-result", ada, "e1")).address == MOTHER


@pytest.mark.rule("R33")
async def test_a_proxy_leaves_one_child_and_keeps_the_rest(desk: Desk) -> None:
    session = await steps.enrol(desk, await desk.record("MRN-M"), MOTHER)
    maria = Caller.model_validate(session["caller"])
    ada, ben = await connected(desk, 8, maria), await connected(desk, 5, maria)
    await desk.ask(Disenrol(patient=ada), maria)
    assert set(await connections(desk, maria)) == {maria.patient, ben}
    assert (await exchange(desk, session["cookie"])).caller.patient == maria.patient


@pytest.mark.rule("R32")
async def test_another_provider_asks_for_nothing_and_new_terms_do(desk: Desk) -> None:
    session = await steps.enrol(desk, await desk.record(), MOTHER)
    maria = Caller.model_validate(session["caller"])
    patient = maria.patient or ""
    await desk.record("MRN-1")  # whatever the chart says anew
    assert (await exchange(desk, session["cookie"])).caller.patient == patient
    newer = (terms("terms", "t1"), terms("hipaa", "h1"), terms("terms", "t2", date(2026, 3, 5)))
    await desk.configure(terms=newer)
    assert await state_of(desk, maria, patient) == "open"  # in effect from tomorrow
    desk.clock.move(timedelta(hours=12))
    session = await desk.ask(SIGN_IN)
    due = (await exchange(desk, session["cookie"])).caller
    assert (due.patient, due.barred) == (None, "agreement-due")
    await agree(desk, maria, patient, terms="t2")
    assert (await exchange(desk, session["cookie"])).caller.patient == patient


@pytest.mark.rule("R32", "R51")
async def test_documents_are_accepted_in_order_and_in_their_current_version(desk: Desk) -> None:
    maria = await enrolled(desk)
    await desk.configure(terms=(terms("terms", "t2"), terms("hipaa", "h2")))
    patient = maria.patient or ""

    def accept(document: str, version: str) -> AcceptAgreement:
        return AcceptAgreement.model_validate(
            {"patient": patient, "document": document, "version": version}
        )

    assert await desk.refused(accept("hipaa", "h2"), maria) == "order"
    assert await desk.refused(accept("terms", "t1"), maria) == "version"
    await agree(desk, maria, patient, "t2", "h2")
    assert await state_of(desk, maria, patient) == "open"


@pytest.mark.rule("R32")
async def test_an_enrolment_of_before_documents_were_kept_with_it_is_not_asked_again(
    desk: Desk,
) -> None:
    patient = await desk.record()
    mail = await steps.invite(desk, patient)
    await steps.accept_both(desk, mail)

    async def as_it_was_written_then(turn: Turn) -> None:
        await turn.load(ACCOUNT, "a1")
        await turn.load(PATIENT, patient)
        turn.append(ACCOUNT, "a1", [AccountOpened("a1", patient, MOTHER, "María", "hash")])
        turn.append(PATIENT, patient, [PatientConnected(patient, "a1")])

    await desk.submit(Unit(as_it_was_written_then, actor="then"))
    maria = Caller(subject="a1", role=Role.PATIENT)
    assert await state_of(desk, maria, patient) == "open"
    await desk.configure(terms=(terms("terms", "t1"), terms("hipaa", "h2")))
    assert await state_of(desk, maria, patient) == "agreement-due"
    accept = AcceptAgreement(patient=patient, document="hipaa", version="h2")
    assert (await desk.reply(accept, maria)).status == 201
    assert await state_of(desk, maria, patient) == "open"


@pytest.mark.rule("R33", "R43")
async def test_a_caregiver_who_leaves_does_not_take_the_patients_own_connection(
    desk: Desk,
) -> None:
    niece = await enrolled(desk)
    aunt = await enrolled(desk, "MRN-A", "rosa@example.com")
    patient = aunt.patient or ""
    await desk.ask(caregiver(patient, evidence="power-of-attorney"), SUPPORT)
    await desk.ask(Disenrol(patient=patient), niece)
    assert await state_of(desk, aunt, patient) == "open"
    again = SendInvitation(patient=patient, email="rosa.new@example.com")
    assert await desk.refused(again, CLINIC) == "enrolled"
