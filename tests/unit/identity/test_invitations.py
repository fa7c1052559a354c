"""Invitations from the clinic to the enrolment: R51, R52, R56, S2, decision m."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from contracts.identity import (
    Invitations,
    OpenInvitation,
    RegistrationQueue,
    RenewInvitation,
    ResendInvitation,
    RevokeInvitation,
    SendInvitation,
)
from tests.unit.identity import steps
from tests.unit.identity.desk import CLINIC, PASSWORD, SUPPORT, Desk, terms
from tests.unit.identity.steps import Letter, accept, accept_both, complete, invite

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


async def opened(desk: Desk, mail: Letter) -> dict[str, Any]:
    """What the page behind the link shows."""
    return dict(await desk.ask(OpenInvitation(link=SecretStr(mail.link))))


async def shown(desk: Desk, invitation: str) -> dict[str, Any]:
    """What staff see of one invitation."""
    rows = (await desk.ask(Invitations(), CLINIC))["invitations"]
    return next(dict(row) for row in rows if row["invitation"] == invitation)


@pytest.mark.rule("R51")
async def test_terms_then_hipaa_then_code_open_an_account_and_a_session(desk: Desk) -> None:
    patient = await desk.record()
    session = await steps.enrol(desk, patient)
    assert len(session["cookie"]) == 43
    assert session["caller"]["patient"] == patient
    names = await desk.names()
    assert names.index("TermsAccepted") < names.index("HipaaAccepted")
    assert names[-5:] == [
        "EmailReserved",
        "AccountOpened",
        "PatientConnected",
        "InvitationCompleted",
        "DeviceRemembered",
    ]
    versions = [e.version for e in await desk.events() if hasattr(e, "version")]
    assert versions == ["t1", "h1"]


@pytest.mark.rule("R51")
async def test_any_other_order_is_refused(desk: Desk) -> None:
    mail = await invite(desk, await desk.record())
    assert await desk.refused(accept(mail, "hipaa", "h1")) == "order"
    assert await desk.refused(complete(mail)) == "order"
    await desk.ask(accept(mail, "terms", "t1"))
    assert await desk.refused(complete(mail)) == "order"  # declining is not accepting
    assert "WrongCodeTried" not in await desk.names()


@pytest.mark.rule("R51")
async def test_only_the_version_in_effect_can_be_accepted(desk: Desk) -> None:
    mail = await invite(desk, await desk.record())
    await accept_both(desk, mail)
    newer = terms("terms", "t2", effective=date(2026, 3, 4))
    later = terms("hipaa", "h2", effective=date(2026, 3, 5))
    await desk.configure(terms=(terms("terms", "t1"), terms("hipaa", "h1"), newer, later))
    assert await desk.refused(accept(mail, "terms", "t1")) == "version"
    assert await desk.refused(complete(mail)) == "order"
    await desk.ask(accept(mail, "terms", "t2"))
    assert (await desk.reply(complete(mail))).status == 200


@pytest.mark.rule("R51")
async def test_accepting_twice_is_one_event(desk: Desk) -> None:
    mail = await invite(desk, await desk.record())
    await accept_both(desk, mail)
    await accept_both(desk, mail)
    assert (await desk.names()).count("TermsAccepted") == 1


@pytest.mark.rule("R51")
async def test_looking_at_the_link_consumes_nothing(desk: Desk) -> None:
    mail = await invite(desk, await desk.record())
    before = await desk.names()
    for _ in range(20):
        assert (await opened(desk, mail))["state"] == "open"
    assert await desk.names() == before


@pytest.mark.rule("R51")
async def test_five_wrong_tries_burn_the_invitation_and_ask_support(desk: Desk) -> None:
    mail = await invite(desk, await desk.record())
    await accept_both(desk, mail)
    wrong = [complete(mail, code="00000-00000"), complete(mail, born=date(1980, 5, 18))]
    codes = [await desk.refused(wrong[n % 2]) for n in range(5)]
    assert codes == ["wrong-code"] * 4 + ["burned"]
    assert await desk.refused(complete(mail)) == "burned"
    assert (await shown(desk, mail.invitation))["state"] == "burned"
    [item] = (await desk.ask(RegistrationQueue(), SUPPORT))["items"]
    assert item["reason"] == "invitation burned"
    assert item["form"]["family"] == "Garcia-López"
    assert (await opened(desk, mail))["state"] == "void"


@pytest.mark.rule("R51")
async def test_the_code_of_another_patient_is_a_wrong_code(desk: Desk) -> None:
    mail = await invite(desk, await desk.record("MRN-1"))
    other = await invite(desk, await desk.record("MRN-2"), "other@example.com")
    await accept_both(desk, mail)
    assert await desk.refused(complete(mail, code=other.code)) == "wrong-code"


@pytest.mark.rule("R51")
async def test_the_code_may_be_typed_as_people_type(desk: Desk) -> None:
    mail = await invite(desk, await desk.record())
    await accept_both(desk, mail)
    typed = " " + mail.code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert (await desk.reply(complete(mail, code=typed))).status == 200


@pytest.mark.rule("R51")
async def test_a_weak_password_is_no_wrong_try(desk: Desk) -> None:
    mail = await invite(desk, await desk.record())
    await accept_both(desk, mail)
    for weak in ("short", "aaaaaaaaaaaaaaaaaaaa", "password12345678", "maria garcia-lopez"):
        assert await desk.refused(complete(mail, password=weak)) == "weak-password"
    assert "WrongCodeTried" not in await desk.names()


@pytest.mark.rule("R51", "R35")
async def test_a_used_invitation_opens_nothing(desk: Desk) -> None:
    mail = await invite(desk, await desk.record())
    await accept_both(desk, mail)
    await desk.ask(complete(mail))
    assert await desk.refused(complete(mail)) == "used"
    assert (await opened(desk, mail))["state"] == "used"
    assert await desk.refused(ResendInvitation(invitation=mail.invitation), CLINIC) == "used"


@pytest.mark.rule("R51")
async def test_forged_links_are_unknown(desk: Desk) -> None:
    mail = await invite(desk, await desk.record())
    for link in ("", ".", "x", mail.invitation, mail.link[:-2], f"{mail.link}é", "a.b.c"):
        forged = Letter(mail.invitation, mail.patient, link, mail.code)
        assert (await opened(desk, forged))["state"] == "unknown"
        assert await desk.refused(complete(forged)) == "unknown"


@pytest.mark.rule("R56")
@pytest.mark.parametrize(
    ("after", "state"),
    [
        (60 * DAY - SECOND, "open"),
        (60 * DAY, "open"),
        (60 * DAY + SECOND, "expired"),
    ],
)
async def test_an_invitation_is_good_for_60_days_from_sent(
    desk: Desk, after: timedelta, state: str
) -> None:
    patient = await desk.record()  # 4 March; daylight saving begins on 8 March
    invitation = (await desk.ask(SendInvitation(patient=patient, email="m@example.com"), CLINIC))[
        "id"
    ]
    desk.clock.move(timedelta(hours=30))  # created is not sent
    sent = desk.clock.now()
    mail = await steps.letter(desk, patient, invitation)
    await accept_both(desk, mail)
    desk.clock.at = sent + after
    assert (await opened(desk, mail))["state"] == state
    answer = await desk.reply(complete(mail))
    assert (answer.status == 200) == (state == "open")


@pytest.mark.rule("R56")
async def test_the_days_are_elapsed_time_across_a_change_of_clocks(desk: Desk) -> None:
    desk.clock.at = datetime(2026, 10, 1, 19, 0, tzinfo=UTC)  # noon, summer time
    mail = await invite(desk, await desk.record())
    row = await shown(desk, mail.invitation)
    assert row["expires"] == "2026-11-30T19:00:00Z"  # 11:00 by winter time's clock


@pytest.mark.rule("R56")
async def test_an_expired_page_gets_a_new_one_to_the_same_address_once(desk: Desk) -> None:
    mail = await invite(desk, await desk.record())
    renew = RenewInvitation(link=SecretStr(mail.link))
    assert await desk.refused(renew) == "still-open"
    desk.clock.move(61 * DAY)
    assert (await desk.reply(renew)).status == 201
    assert await desk.refused(renew) == "void"
    newest = (await desk.ask(Invitations(), CLINIC))["invitations"][0]
    assert (newest["email"], newest["state"]) == ("maria@example.com", "created")
    fresh = await steps.letter(desk, mail.patient, newest["invitation"])
    assert (await opened(desk, fresh))["state"] == "open"


@pytest.mark.rule("R56", "S2")
async def test_resending_voids_the_old_one(desk: Desk) -> None:
    mail = await invite(desk, await desk.record())
    again = await desk.ask(ResendInvitation(invitation=mail.invitation), CLINIC)
    assert (await shown(desk, mail.invitation))["state"] == "void"
    assert (await opened(desk, mail))["state"] == "void"
    assert await desk.refused(accept(mail, "terms", "t1")) == "void"
    assert await desk.refused(ResendInvitation(invitation=mail.invitation), CLINIC) == "void"
    fresh = await steps.letter(desk, mail.patient, again["id"])
    assert (fresh.link, fresh.code) != (mail.link, mail.code)


@pytest.mark.rule("R52")
async def test_a_wrong_address_corrected_voids_what_went_to_the_wrong_one(desk: Desk) -> None:
    patient = await desk.record()
    wrong = await invite(desk, patient, "mario@example.com")
    right = await invite(desk, patient, "maria@example.com")
    assert (await opened(desk, wrong))["state"] == "void"
    assert (await opened(desk, right))["state"] == "open"
    late = await desk.may_notify("invitation", patient, wrong.invitation)
    assert late.address is None


@pytest.mark.rule("R52", "R53")
async def test_whoever_cannot_enrol_is_not_invited(desk: Desk) -> None:
    child = await desk.record("MRN-1", born=date(2015, 1, 1))
    unknown = await desk.record("MRN-2", born=None)
    dead = await desk.record("MRN-3", deceased=True)
    enrolled = await desk.record("MRN-4")
    await steps.enrol(desk, enrolled)
    expected = {child: "under-18", unknown: "born-unknown", dead: "deceased"}
    for patient, code in {**expected, enrolled: "enrolled", "nobody": "not-found"}.items():
        send = SendInvitation(patient=patient, email="other@example.com")
        assert await desk.refused(send, CLINIC) == code


@pytest.mark.rule("S2")
async def test_staff_see_sent_steps_and_failure_but_never_code_or_link(desk: Desk) -> None:
    mail = await invite(desk, await desk.record("MRN-1"))
    await desk.ask(accept(mail, "terms", "t1"))
    row = await shown(desk, mail.invitation)
    assert (row["state"], row["steps"]) == ("opened", ["terms"])
    send = SendInvitation(patient=await desk.record("MRN-2"), email="gone@example.com")
    failed = (await desk.ask(send, CLINIC))["id"]
    assert (await shown(desk, failed))["state"] == "created"
    await desk.bounced("x", failed)
    assert (await shown(desk, failed))["state"] == "failed"
    body = (await desk.reply(Invitations(), CLINIC)).body.decode()
    assert mail.code not in body
    assert mail.link not in body


@pytest.mark.rule("S2")
async def test_a_revoked_invitation_opens_nothing(desk: Desk) -> None:
    mail = await invite(desk, await desk.record())
    for _ in range(2):
        assert (await desk.reply(RevokeInvitation(invitation=mail.invitation), CLINIC)).status < 300
    assert (await opened(desk, mail))["state"] == "void"
    assert (await desk.names()).count("InvitationVoided") == 1


@pytest.mark.rule("R56")
async def test_a_repeated_or_late_word_of_the_mail_server_changes_nothing(desk: Desk) -> None:
    mail = await invite(desk, await desk.record())
    expires = (await shown(desk, mail.invitation))["expires"]
    desk.clock.move(DAY)
    await desk.sent(mail.patient, mail.invitation)
    await desk.bounced(mail.patient, mail.invitation)
    row = await shown(desk, mail.invitation)
    assert (row["state"], row["expires"]) == ("sent", expires)


@pytest.mark.rule("R44")
async def test_the_address_is_taken_once_whoever_finishes_first(desk: Desk) -> None:
    first = await invite(desk, await desk.record("MRN-1"), "shared@example.com")
    second = await invite(desk, await desk.record("MRN-2"), "Shared@Example.com ".strip())
    for mail in (first, second):
        await accept_both(desk, mail)
    import asyncio

    answers = await asyncio.gather(*(desk.reply(complete(m)) for m in (first, second)))
    assert sorted(a.status for a in answers) == [200, 409]
    refusal = next(a.body.decode() for a in answers if a.status == 409)
    assert "address-in-use" in refusal
    assert "Garcia" not in refusal


async def test_nothing_in_the_log_or_the_views_holds_a_secret(desk: Desk) -> None:
    mail = await invite(desk, await desk.record())
    await accept_both(desk, mail)
    await desk.ask(complete(mail))
    stored = repr([vars_of(event) for event in await desk.events()])
    for secret in (mail.code, mail.link, mail.link.split(".")[1], PASSWORD):
        assert secret not in stored


def vars_of(event: Any) -> dict[str, Any]:
    """An event's fields as stored, hidden ones too."""
    if hasattr(event, "model_dump"):
        return dict(event.model_dump())
    return {name: getattr(event, name) for name in event.__dataclass_fields__}
