"""E-mailed links: a forgotten password, and a new address."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from contracts import identity
from contracts.identity import LinkAnswer
from tests.unit.frontend.stub import LINK, Stub
from tests.unit.frontend.stub_security import refusal

RESET = f"/reset/{LINK}"
CONFIRM = f"/confirm-address/{LINK}"
NEW = {"step": "finish", "password": "harbor seven quilt lantern"}


@pytest.mark.rule("R44")
def test_forgetting_reveals_nothing(browser: TestClient, back: Stub) -> None:
    assert 'href="/forgot"' in browser.get("/sign-in").text
    sent = {"email": "anybody@mail.example"}
    first = browser.post("/forgot", data=sent)
    back.answers[identity.RequestReset] = refusal(429, "too-many")
    second = browser.post("/forgot", data=sent)
    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"] == "/forgot/sent"
    page = browser.get("/forgot/sent").text
    assert "does not say who has an account" in page
    assert "anybody" not in page


@pytest.mark.parametrize("typed", ["", "nobody", "a@b.example\r\nbcc: c@d.example"])
def test_what_is_no_address_is_said_beside_the_field(browser: TestClient, typed: str) -> None:
    page = browser.post("/forgot", data={"email": typed})
    assert (page.status_code, 'id="email-error"' in page.text) == (422, True)


def test_a_portal_that_is_down_says_so(browser: TestClient, back: Stub) -> None:
    back.answers[identity.RequestReset] = refusal(503, "unavailable")
    assert browser.post("/forgot", data={"email": "a@mail.example"}).status_code == 503


@pytest.mark.parametrize("page", [RESET, CONFIRM])
def test_opening_a_link_asks_nobody(browser: TestClient, back: Stub, page: str) -> None:
    shown = browser.get(page)
    assert shown.status_code == 200
    assert 'method="post"' in shown.text
    assert LINK not in shown.text
    assert browser.head(page).status_code == 200
    assert back.names() == []


def test_a_new_password_and_then_the_sign_in_page(browser: TestClient, back: Stub) -> None:
    form = browser.post(RESET, data={"step": "start"}).text
    assert 'autocomplete="new-password"' in form
    done = browser.post(RESET, data=NEW)
    assert back.last(identity.ResetPassword).fields == {"link": LINK, "password": NEW["password"]}
    assert done.headers["location"] == "/sign-in?why=reset"
    assert "Your password is changed" in browser.get("/sign-in?why=reset").text
    assert "set-cookie" not in done.headers


def test_a_weak_password_stands_beside_the_field(browser: TestClient, back: Stub) -> None:
    back.answers[identity.ResetPassword] = refusal(422, "weak-password", {"password": "-"})
    page = browser.post(RESET, data=NEW)
    assert (page.status_code, 'id="password-error"' in page.text) == (422, True)
    assert NEW["password"] not in page.text
    empty = browser.post(RESET, data=NEW | {"password": ""})
    assert (empty.status_code, back.names().count("ResetPassword")) == (422, 1)


@pytest.mark.parametrize(
    ("state", "says"),
    [("expired", "has expired"), ("used", "no longer good"), ("unknown", "do not know this link")],
)
def test_a_link_that_is_good_for_nothing_says_the_next_step(
    browser: TestClient, back: Stub, state: str, says: str
) -> None:
    answer = LinkAnswer.model_validate({"state": state, "purpose": "password-reset"})
    back.answers[identity.OpenLink] = answer
    page = browser.post(RESET, data={"step": "start"}).text
    assert says in page
    assert 'href="/forgot"' in page
    back.answers[identity.ResetPassword] = refusal(409, state)
    assert says in browser.post(RESET, data=NEW).text
    back.answers[identity.ConfirmAddress] = refusal(409, state)
    assert says in browser.post(CONFIRM).text


def test_a_link_for_something_else_resets_no_password(browser: TestClient, back: Stub) -> None:
    back.answers[identity.OpenLink] = LinkAnswer(state="open", purpose="address-new")
    assert "do not know this link" in browser.post(RESET, data={"step": "start"}).text


@pytest.mark.parametrize(
    ("state", "purpose", "says"),
    [
        ("open", "address-old", "follow the link that we sent to your new address"),
        ("open", "address-new", "follow the link that we sent to your old address"),
        ("used", "address-new", "From now on you sign in with the new one"),
        ("used", "patient-address", "Mail goes there from now on"),
        ("expired", "", "ask for the change again"),
        ("unknown", "", "do not know this link"),
    ],
)
def test_a_confirmed_address_says_what_is_still_missing(
    browser: TestClient, back: Stub, state: str, purpose: str, says: str
) -> None:
    answer = LinkAnswer.model_validate({"state": state, "purpose": purpose})
    back.answers[identity.ConfirmAddress] = answer
    assert says in browser.post(CONFIRM).text
    assert back.last(identity.ConfirmAddress).fields == {"link": LINK}


def test_an_address_that_became_somebodys_meanwhile_changes_nothing(
    browser: TestClient, back: Stub
) -> None:
    back.answers[identity.ConfirmAddress] = refusal(409, "address-in-use")
    assert "Nothing was changed" in browser.post(CONFIRM).text


def test_links_speak_spanish(browser: TestClient) -> None:
    assert "Confirme el correo" in browser.get(f"{CONFIRM}?lang=es").text
    assert "Elija una contraseña nueva" in browser.post(f"{RESET}?lang=es", data={}).text
