"""Registration through the service's own endpoints: R48, R49, R50, R53, R57, S1."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from contracts.common import HumanName
from contracts.identity import (
    GetRegistration,
    Invitations,
    MergePatient,
    RegistrationQueue,
    RejectRegistration,
    TakeRegistration,
    VerifyRegistration,
)
from tests.unit.identity.desk import COLLEAGUE, SUPPORT, Desk, demographics, form


async def queue(desk: Desk) -> list[dict[str, object]]:
    """Support's queue."""
    return list((await desk.ask(RegistrationQueue(), SUPPORT))["items"])


async def invited(desk: Desk) -> list[dict[str, object]]:
    """The invitations that staff see."""
    return list((await desk.ask(Invitations(), SUPPORT))["invitations"])


@pytest.mark.rule("R48")
async def test_one_matching_record_gets_an_invitation_at_the_forms_address(desk: Desk) -> None:
    patient = await desk.record()
    await desk.ask(form())
    await desk.settle()
    [invitation] = await invited(desk)
    assert (invitation["patient"], invitation["email"]) == (patient, "maria@example.com")
    assert await queue(desk) == []


@pytest.mark.rule("R48", "R49")
async def test_every_form_gets_the_same_bytes_after_the_same_work(desk: Desk) -> None:
    await desk.record()
    answers, written = set(), set()
    forms = [
        form(),  # a match
        form(),  # the same again
        form(given="Nobody"),  # no match
        form(born=date(2020, 1, 1)),  # a child
        *[form(email="often@example.com") for _ in range(8)],  # too many tries
    ]
    for each in forms:
        before = len(await desk.names())
        answer = await desk.reply(each)
        answers.add((answer.status, answer.body))
        written.add(tuple((await desk.names())[before:]))
        await desk.settle()
    assert len(answers) == 1
    assert answers.pop()[0] == 202
    assert written == {("RegistrationRequested",)}


@pytest.mark.rule("R49")
async def test_no_match_opens_an_item_that_names_the_reason_to_support_only(desk: Desk) -> None:
    patient = await desk.record()
    await desk.ask(form(phone="", ssn_last4="9999"))
    await desk.settle()
    [item] = await queue(desk)
    assert item["reason"] == "no identifier fits"
    shown = await desk.ask(GetRegistration(registration=str(item["registration"])), SUPPORT)
    assert [c["patient"] for c in shown["item"]["candidates"]] == [patient]
    assert await invited(desk) == []


@pytest.mark.rule("R49")
async def test_the_sixth_try_within_an_hour_makes_neither_invitation_nor_item(desk: Desk) -> None:
    await desk.record()
    for _ in range(5):
        await desk.ask(form())
        await desk.settle()
    assert len(await invited(desk)) == 5
    await desk.ask(form())
    await desk.ask(form(email="other@example.com"))  # the same person counts as well
    await desk.settle()
    assert len(await invited(desk)) == 5
    assert await queue(desk) == []
    desk.clock.move(timedelta(hours=1))
    await desk.ask(form())
    await desk.settle()
    assert len(await invited(desk)) == 6


@pytest.mark.rule("R44", "R48")
async def test_an_address_of_another_account_goes_to_support(desk: Desk) -> None:
    from tests.unit.identity.steps import enrol

    other = await desk.record("MRN-9", name=HumanName(family="Other", given="Olga"))
    await enrol(desk, other, "maria@example.com")
    await desk.record()
    await desk.ask(form(email="Maria+portal@Example.com"))
    await desk.settle()
    [item] = await queue(desk)
    assert "cannot be used" in str(item["reason"])


@pytest.mark.rule("R48")
async def test_a_merged_record_does_not_match_and_its_survivor_does(desk: Desk) -> None:
    gone = await desk.record("MRN-1")
    into = await desk.record("MRN-2")
    await desk.ask(MergePatient(patient=gone, into=into), SUPPORT)
    await desk.ask(form(phone="", record_number="mrn 1"))
    await desk.settle()
    [invitation] = await invited(desk)
    assert invitation["patient"] == into


@pytest.mark.rule("R50", "S1")
async def test_support_takes_verifies_and_the_invitation_goes_out(desk: Desk) -> None:
    patient = await desk.record()
    await desk.ask(form(given="Mimi"))
    await desk.settle()
    item = str((await queue(desk))[0]["registration"])
    verify = VerifyRegistration(registration=item, patient=patient, evidence="called back")
    assert await desk.refused(verify, SUPPORT) == "not-taken"
    await desk.ask(TakeRegistration(registration=item), SUPPORT)
    assert await desk.refused(TakeRegistration(registration=item), COLLEAGUE) == "taken"
    assert await desk.refused(verify, COLLEAGUE) == "taken"
    assert (await queue(desk))[0]["taken_by"] == "Ann of Support"
    await desk.ask(verify, SUPPORT)
    assert await queue(desk) == []
    [invitation] = await invited(desk)
    assert invitation["email"] == "maria@example.com"
    assert await desk.refused(verify, SUPPORT) == "closed"
    assert len(await invited(desk)) == 1


@pytest.mark.rule("R50", "S1")
async def test_support_rejects_and_nothing_goes_out(desk: Desk) -> None:
    await desk.ask(form())
    await desk.settle()
    item = str((await queue(desk))[0]["registration"])
    await desk.ask(TakeRegistration(registration=item), SUPPORT)
    await desk.ask(RejectRegistration(registration=item, reason="not a patient"), SUPPORT)
    assert await queue(desk) == []
    assert await invited(desk) == []


@pytest.mark.rule("R50")
async def test_verifying_somebody_who_cannot_enrol_is_refused_with_the_reason(desk: Desk) -> None:
    patient = await desk.record(deceased=True)
    await desk.ask(form())
    await desk.settle()
    item = str((await queue(desk))[0]["registration"])
    await desk.ask(TakeRegistration(registration=item), SUPPORT)
    verify = VerifyRegistration(registration=item, patient=patient, evidence="a relative")
    assert await desk.refused(verify, SUPPORT) == "deceased"
    assert (await queue(desk))[0]["state"] == "taken"


@pytest.mark.rule("R53")
async def test_the_18th_birthday_counts_in_the_practices_zone(desk: Desk) -> None:
    # 06:00 UTC on 5 March is still 22:00 on 4 March in Los Angeles.
    desk.clock.at = datetime(2026, 3, 5, 6, 0, tzinfo=UTC)
    await desk.record(born=date(2008, 3, 5))
    await desk.ask(form(born=date(2008, 3, 5)))
    await desk.settle()
    assert [i["reason"] for i in await queue(desk)] == ["under 18"]
    desk.clock.at = datetime(2026, 3, 5, 8, 0, tzinfo=UTC)  # midnight at the practice
    await desk.ask(form(born=date(2008, 3, 5)))
    await desk.settle()
    assert len(await invited(desk)) == 1


@pytest.mark.rule("R57", "S1")
async def test_an_item_is_overdue_after_two_business_days(desk: Desk) -> None:
    await desk.ask(form())  # Wednesday noon
    await desk.settle()
    [item] = await queue(desk)
    assert item["due"] == "2026-03-07T01:30:00Z"  # Friday 17:30 in Los Angeles
    desk.clock.at = datetime(2026, 3, 7, 1, 30, tzinfo=UTC)
    assert (await queue(desk))[0]["overdue"] is False
    desk.clock.move(timedelta(seconds=1))
    assert (await queue(desk))[0]["overdue"] is True


@pytest.mark.rule("R57")
async def test_a_breach_is_on_record_once_and_only_for_an_item_that_still_waits(
    desk: Desk,
) -> None:
    await desk.ask(form())
    await desk.settle()
    desk.clock.at = datetime(2026, 3, 7, 1, 30, tzinfo=UTC)
    await desk.remind()
    assert "RegistrationOverdue" not in await desk.names()
    desk.clock.move(timedelta(seconds=1))
    await desk.remind()
    assert (await desk.names()).count("RegistrationOverdue") == 1

    await desk.ask(form(email="second@example.com"))
    await desk.settle()
    second = (await queue(desk))[-1]["registration"]
    await desk.ask(TakeRegistration(registration=str(second)), SUPPORT)
    await desk.ask(
        RejectRegistration(registration=str(second), reason="could not be reached"), SUPPORT
    )
    desk.clock.move(timedelta(days=9))
    await desk.remind()
    assert (await desk.names()).count("RegistrationOverdue") == 1


@pytest.mark.rule("S1")
async def test_only_support_sees_the_queue(desk: Desk) -> None:
    from tests.unit.identity.desk import ANYONE, CLINIC, NOTIFIER

    for caller in (ANYONE, CLINIC, NOTIFIER):
        assert await desk.refused(RegistrationQueue(), caller) == "forbidden"


@pytest.mark.rule("R48")
async def test_the_other_address_on_record_gets_a_notice_without_a_name(desk: Desk) -> None:
    patient = await desk.record(email="old@example.com")
    await desk.ask(form())
    await desk.settle()
    [invitation] = await invited(desk)
    notice = await desk.may_notify("address-notice", patient, str(invitation["invitation"]))
    assert (notice.address, notice.given, notice.link) == ("old@example.com", "", "")


@pytest.mark.rule("R48")
async def test_the_same_address_on_record_gets_no_notice(desk: Desk) -> None:
    patient = await desk.record(email="MARIA@example.com")
    await desk.ask(form())
    await desk.settle()
    [invitation] = await invited(desk)
    notice = await desk.may_notify("address-notice", patient, str(invitation["invitation"]))
    assert notice.address is None


def test_a_form_prints_no_patient_data() -> None:
    assert "garcia" not in repr(form()).lower()
    assert "García" not in repr(demographics())
