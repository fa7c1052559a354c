"""The pages behind the e-mailed link."""

from __future__ import annotations

from datetime import date

import pytest
from starlette.testclient import TestClient

from contracts import identity
from contracts.identity import InvitationAnswer
from tests.unit.frontend.stub import LINK, Stub, problem

PAGE = f"/invitation/{LINK}"
BORN = {"born_month": "3", "born_day": "27", "born_year": "1985"}
LAST = {"step": "finish", "code": "ABCD-1234", "password": " four words in a row "} | BORN


@pytest.mark.rule("R51")
def test_opening_the_link_asks_nobody(browser: TestClient, back: Stub) -> None:
    page = browser.get(PAGE)
    assert page.status_code == 200
    assert 'method="post"' in page.text
    assert browser.head(PAGE).status_code == 200
    assert back.names() == []


@pytest.mark.rule("R51")
def test_terms_then_hipaa_then_code_then_home(browser: TestClient, back: Stub) -> None:
    first = browser.post(PAGE, data={"step": "start"}).text
    assert "Step 1 of 3" in first
    assert "Terms of use, version 2." in first
    back.answers[identity.OpenInvitation] = InvitationAnswer(state="open", terms_accepted=True)
    agreed = {"step": "accept", "key": "k1", "document": "terms", "version": "2"}
    second = browser.post(PAGE, data=agreed).text
    assert back.last(identity.AcceptDocument).fields == {
        "link": LINK,
        "document": "terms",
        "version": "2",
    }
    assert "Step 2 of 3" in second
    assert "HIPAA agreement, version 2." in second
    back.answers[identity.OpenInvitation] = InvitationAnswer(
        state="open", terms_accepted=True, hipaa_accepted=True
    )
    third = browser.post(PAGE, data=agreed | {"document": "hipaa"}).text
    assert "Step 3 of 3" in third
    done = browser.post(PAGE, data=LAST)
    assert done.headers["location"] == "/home"
    assert "sid=patient" in done.headers["set-cookie"]
    sent = back.last(identity.CompleteEnrolment).fields
    assert identity.CompleteEnrolment.model_validate(sent).born == date(1985, 3, 27)
    assert sent["password"] == " four words in a row "


@pytest.mark.rule("R51")
def test_declining_tells_nobody(browser: TestClient, back: Stub) -> None:
    page = browser.post(PAGE, data={"step": "decline"}).text
    assert "You have not accepted" in page
    assert back.names() == []


@pytest.mark.rule("R56")
def test_an_expired_invitation_offers_a_new_one(browser: TestClient, back: Stub) -> None:
    back.answers[identity.OpenInvitation] = InvitationAnswer(state="expired")
    page = browser.post(PAGE, data={"step": "start"}).text
    assert "good for 60 days" in page
    assert "Send me a new invitation" in page
    page = browser.post(PAGE, data={"step": "renew", "key": "k2"}).text
    assert "on its way" in page
    assert back.last(identity.RenewInvitation).headers["idempotency-key"] == "k2"


@pytest.mark.parametrize(
    ("state", "says"),
    [("void", "no longer good"), ("used", "registered already"), ("unknown", "do not know")],
)
@pytest.mark.rule("R61")
def test_other_endings_say_what_to_do(
    browser: TestClient, back: Stub, state: str, says: str
) -> None:
    back.answers[identity.OpenInvitation] = InvitationAnswer.model_validate({"state": state})
    page = browser.post(PAGE, data={"step": "start"}).text
    assert says in page
    assert 'class="phone" href="tel:+18772902133"' in page


def _ready(back: Stub) -> None:
    back.answers[identity.OpenInvitation] = InvitationAnswer(
        state="open", terms_accepted=True, hipaa_accepted=True
    )


def test_a_wrong_code_stands_beside_its_field(browser: TestClient, back: Stub) -> None:
    _ready(back)
    sentence = "The code or the date of birth is not right. You can try 4 more times."
    back.answers[identity.CompleteEnrolment] = problem(
        422, "wrong-code", sentence, {"code": sentence}
    )
    answer = browser.post(PAGE, data=LAST)
    assert answer.status_code == 422
    assert answer.text.count(sentence) == 2
    assert "four words" not in answer.text


def test_a_burned_invitation_says_to_call(browser: TestClient, back: Stub) -> None:
    back.answers[identity.CompleteEnrolment] = problem(409, "burned", "Too many wrong tries.")
    page = browser.post(PAGE, data=LAST).text
    assert "we have closed this invitation" in page


def test_an_empty_last_step_is_not_a_try(browser: TestClient, back: Stub) -> None:
    _ready(back)
    page = browser.post(PAGE, data={"step": "finish"})
    assert page.status_code == 422
    assert back.names() == ["OpenInvitation"]


def test_a_document_that_changed_meanwhile_is_shown_again(browser: TestClient, back: Stub) -> None:
    back.answers[identity.AcceptDocument] = problem(409, "version", "A newer version.")
    sent = {"step": "accept", "document": "terms", "version": "1"}
    page = browser.post(PAGE, data=sent).text
    assert "has just changed" in page
    assert "Terms of use, version 2." in page


def test_what_cannot_be_finished_says_to_call_and_the_rest_is_no_invitation_page(
    browser: TestClient, back: Stub
) -> None:
    back.answers[identity.RenewInvitation] = problem(409, "unavailable", "Please call us.")
    assert "Please call us" in browser.post(PAGE, data={"step": "renew"}).text
    back.answers[identity.RenewInvitation] = problem(409, "still-open", "Still good.")
    assert "Step 1 of 3" in browser.post(PAGE, data={"step": "renew"}).text
    back.answers[identity.RenewInvitation] = problem(503, "unavailable", "Nobody answers.")
    assert browser.post(PAGE, data={"step": "renew"}).status_code == 503
    back.answers[identity.RenewInvitation] = problem(429, "too-many", "Too many tries.")
    assert "too many tries" in browser.post(PAGE, data={"step": "renew"}).text


@pytest.mark.rule("R54")
def test_a_parent_is_asked_for_the_childs_date_of_birth(browser: TestClient, back: Stub) -> None:
    back.answers[identity.OpenInvitation] = InvitationAnswer(
        state="open", terms_accepted=True, hipaa_accepted=True, for_another=True
    )
    page = browser.post(PAGE, data={"step": "start"}).text
    assert "Date of birth of the person you act for" in page
    assert 'autocomplete="bday' not in page


@pytest.mark.rule("R35")
def test_an_address_that_signs_in_already_wants_its_own_password(
    browser: TestClient, back: Stub
) -> None:
    back.answers[identity.OpenInvitation] = InvitationAnswer(
        state="open", terms_accepted=True, hipaa_accepted=True
    )
    said = "This address signs in already: use the password that it has. You can try 4 more times."
    back.answers[identity.CompleteEnrolment] = problem(
        422, "wrong-password", said, {"password": said}
    )
    page = browser.post(PAGE, data=LAST)
    assert page.status_code == 422
    assert said in page.text
    assert "tiene una cuenta" in browser.post(f"{PAGE}?lang=es", data=LAST).text


@pytest.mark.rule("R54")
def test_who_leaves_the_date_out_is_asked_for_that_of_whoever_they_act_for(
    browser: TestClient, back: Stub
) -> None:
    back.answers[identity.OpenInvitation] = InvitationAnswer(
        state="open", terms_accepted=True, hipaa_accepted=True, for_another=True
    )
    page = browser.post(PAGE, data=LAST | {"born_year": ""})
    assert page.status_code == 422
    assert "your date of birth" not in page.text.lower()
