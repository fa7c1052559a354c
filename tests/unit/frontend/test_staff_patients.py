"""Support and clinic: registrations, patients, invitations (S1, S2)."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from contracts import identity
from tests.unit.frontend.stub import Stub, problem
from tests.unit.frontend.stub_staff import INVITATIONS, ROSA

AT = "/staff/registrations"


@pytest.fixture
def support(browser: TestClient) -> TestClient:
    """Support, at a browser without scripts."""
    browser.cookies.set("sid", "support")
    return browser


@pytest.fixture
def clinic(browser: TestClient) -> TestClient:
    """The front desk."""
    browser.cookies.set("sid", "clinic")
    return browser


@pytest.mark.parametrize(
    ("who", "where"),
    [
        ("provider", "/staff/inbox"),
        ("support", "/staff/registrations"),
        ("clinic", "/staff/patients"),
        ("policy", "/staff/held"),
        ("sre", "/ops"),
        ("patient", "/home"),
    ],
)
def test_each_role_begins_at_its_own_queue(browser: TestClient, who: str, where: str) -> None:
    browser.cookies.set("sid", who)
    assert browser.get("/staff").headers["location"] == where


@pytest.mark.parametrize(
    ("who", "where"),
    [
        ("clinic", "/staff/registrations"),
        ("clinic", "/ops"),
        ("billing", "/staff/patients"),
        ("billing", "/staff/requests"),
        ("clinic", "/staff/requests"),
        ("clinic", "/staff/patients/p7/correct"),
        ("provider", "/staff/patients/p7"),
        ("support", "/staff/view/p7"),
        ("support", "/staff/cover"),
        ("support", "/staff/inbox"),
        ("support", "/staff/held"),
        ("sre", "/staff/invitations"),
        ("patient", "/staff/patients"),
        ("patient", "/ops"),
    ],
)
def test_a_page_of_another_role_is_refused(browser: TestClient, who: str, where: str) -> None:
    browser.cookies.set("sid", who)
    answer = browser.get(where)
    assert answer.status_code == 403
    assert "Alvarez" not in answer.text


def test_signed_out_staff_are_sent_to_sign_in(browser: TestClient) -> None:
    for where in ("/staff", "/staff/inbox", "/ops", AT):
        assert browser.get(where).headers["location"].startswith("/sign-in?why=signed-out")


@pytest.mark.rule("R57", "S1")
def test_the_queue_says_what_is_overdue_and_who_works_on_it(support: TestClient) -> None:
    page = support.get(AT).text
    assert "1 overdue" in page
    assert "Taken by Kim Doyle" in page
    assert "Yours" in page
    assert page.index("/g1") < page.index("/g2") < page.index("/g3")


@pytest.mark.rule("S1", "R50")
def test_an_item_shows_form_and_records_side_by_side(support: TestClient) -> None:
    page = support.get(f"{AT}/g1").text
    assert "rosa.new@mail.example" in page
    assert "5 same" in page
    assert "4 different" in page
    assert page.index("5 same") < page.index("4 different")


@pytest.mark.rule("S1")
def test_only_who_took_an_item_can_close_it(support: TestClient) -> None:
    assert "/g1/verify" in support.get(f"{AT}/g1").text
    other, untaken = support.get(f"{AT}/g2").text, support.get(f"{AT}/g3").text
    assert "A colleague is working on this item" in other
    for page in (other, untaken):
        assert "/verify" not in page
        assert "/reject" not in page
    assert "/g3/take" in untaken


@pytest.mark.rule("S1")
def test_taking_an_item_that_a_colleague_took_first(support: TestClient, back: Stub) -> None:
    taken = support.post(f"{AT}/g3/take", data={"key": "k1"})
    assert taken.headers["location"] == f"{AT}/g3?done=taken"
    assert back.last(identity.TakeRegistration).headers["idempotency-key"] == "k1"
    sentence = "A colleague is working on this item."
    back.answers[identity.TakeRegistration] = problem(409, "taken", sentence)
    late = support.post(f"{AT}/g3/take", data={"key": "k2"})
    assert late.status_code == 422
    assert sentence in late.text


@pytest.mark.rule("R50")
def test_verifying_takes_a_record_and_evidence(support: TestClient, back: Stub) -> None:
    empty = support.post(f"{AT}/g1/verify", data={"key": "k"})
    assert empty.status_code == 422
    assert "Choose the record" in empty.text
    assert 'href="#evidence"' in empty.text
    sent = {"key": "k", "patient": "p1", "evidence": "Photo id at the desk"}
    done = support.post(f"{AT}/g1/verify", data=sent)
    assert done.headers["location"] == f"{AT}?done=verified"
    asked = back.last(identity.VerifyRegistration)
    assert asked.fields == {
        "registration": "g1",
        "patient": "p1",
        "evidence": "Photo id at the desk",
    }
    assert "The invitation is on its way" in support.get(done.headers["location"]).text


def test_rejecting_takes_a_reason(support: TestClient, back: Stub) -> None:
    assert support.post(f"{AT}/g1/reject", data={"key": "k"}).status_code == 422
    done = support.post(f"{AT}/g1/reject", data={"key": "k", "reason": "Nobody answered"})
    assert done.headers["location"] == f"{AT}?done=rejected"
    assert back.last(identity.RejectRegistration).fields["reason"] == "Nobody answered"


def test_a_record_found_by_searching_can_be_chosen_and_stays_chosen(
    support: TestClient, back: Stub
) -> None:
    found = support.post(f"{AT}/g1/find", data={"text": "Lindqvist"}).text
    assert "Lindqvist-Montgomery, Grace" in found
    assert 'value="p3"' in found
    again = support.post(f"{AT}/g1/verify", data={"key": "k", "patient": "p3"}).text
    assert "What did you check" in again
    assert "checked" in again.partition('value="p3"')[2].partition(">")[0]


def test_what_is_searched_for_never_stands_in_an_address(clinic: TestClient, back: Stub) -> None:
    answer = clinic.post("/staff/patients", data={"text": "Alvarez"})
    assert answer.status_code == 200
    assert "2 patients" in answer.text
    assert back.last(identity.FindPatients).fields == {"text": "Alvarez"}
    assert 'method="post" action="/staff/patients"' in answer.text
    assert clinic.post("/staff/patients", data={"text": " "}).status_code == 422


@pytest.mark.rule("S2", "R56")
def test_invitations_show_state_steps_and_end_but_no_secret(clinic: TestClient) -> None:
    page = clinic.get("/staff/invitations").text
    for words in ("Started", "terms accepted", "Not delivered", "Expired", "April 30, 2026"):
        assert words in page
    assert "/invitation/" not in page
    assert page.count("Send again") == 3
    assert page.count("Yes, revoke it") == 2


@pytest.mark.rule("S2")
def test_an_invitation_that_was_never_sent_says_so(clinic: TestClient, back: Stub) -> None:
    created, failed = INVITATIONS[1].model_copy(update={"state": "created"}), INVITATIONS[1]
    for row, said in ((created, "Not yet"), (failed, "Never")):
        back.answers[identity.Invitations] = identity.InvitationsAnswer(invitations=(row,))
        page = clinic.get("/staff/invitations").text
        assert "<dt>Created</dt><dd>March 1, 2026" in page
        assert f"<dt>Sent</dt><dd>{said}</dd>" in page


@pytest.mark.rule("S1", "S2")
def test_an_empty_queue_says_that_nothing_waits(support: TestClient, back: Stub) -> None:
    back.answers[identity.RegistrationQueue] = identity.RegistrationsAnswer(items=())
    back.answers[identity.Invitations] = identity.InvitationsAnswer(invitations=())
    assert "Nothing waits" in support.get(AT).text
    assert "No invitation has been sent yet" in support.get("/staff/invitations").text
    assert (
        "Nobody has invited this patient yet" in support.get("/staff/invitations?patient=p1").text
    )


@pytest.mark.rule("R52", "S2")
def test_the_clinic_sends_an_invitation(clinic: TestClient, back: Stub) -> None:
    page = clinic.get("/staff/invitations?patient=p1").text
    assert 'value="rosa@mail.example"' in page
    assert ">Send invitation</button>" in page
    sent = {"key": "k", "patient": "p1", "email": "rosa.new@mail.example"}
    done = clinic.post("/staff/invitations/send", data=sent)
    assert done.headers["location"] == "/staff/invitations?done=sent&patient=p1"
    assert back.last(identity.SendInvitation).fields["email"] == "rosa.new@mail.example"


@pytest.mark.rule("R52")
def test_a_wrong_address_is_said_beside_the_field(clinic: TestClient, back: Stub) -> None:
    sentence = "This does not look right."
    back.answers[identity.SendInvitation] = problem(422, "invalid", "-", {"email": sentence})
    sent = {"key": "k", "patient": "p1", "email": "rosa@"}
    answer = clinic.post("/staff/invitations/send", data=sent)
    assert answer.status_code == 422
    assert answer.text.count(sentence) == 2
    assert 'value="rosa@"' in answer.text


@pytest.mark.rule("S2")
@pytest.mark.parametrize(("what", "done"), [("resend", "resent"), ("revoke", "revoked")])
def test_resend_and_revoke(clinic: TestClient, back: Stub, what: str, done: str) -> None:
    sent = {"key": "k", "invitation": "i1", "patient": ""}
    answer = clinic.post(f"/staff/invitations/{what}", data=sent)
    assert answer.headers["location"] == f"/staff/invitations?done={done}"
    message = {"resend": identity.ResendInvitation, "revoke": identity.RevokeInvitation}[what]
    assert back.last(message).fields == {"invitation": "i1"}


def test_an_enrolled_patient_is_not_invited(clinic: TestClient, back: Stub) -> None:
    enrolled = ROSA.model_copy(update={"enrolled": True})
    back.answers[identity.GetPatient] = identity.PatientsAnswer(patients=(enrolled,))
    page = clinic.get("/staff/invitations?patient=p1").text
    assert "/staff/invitations/send" not in page
    assert clinic.get("/staff/invitations?patient=p1&done=<b>").text.count("<b>") == 0
