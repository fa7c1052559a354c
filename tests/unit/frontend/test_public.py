"""The pages for people without an account."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from contracts import identity, practice
from tests.unit.frontend.stub import CLOSED, PROFILE, Stub, problem

FILLED = {
    "key": "k1",
    "given": "Rosa",
    "family": "Alvarez",
    "born_month": "3",
    "born_day": "27",
    "born_year": "1985",
    "zip": "94110",
    "email": "rosa@mail.example",
    "phone": "415-555-0100",
}


@pytest.mark.rule("R58", "R61", "R63")
def test_welcome_says_whom_to_call_and_when_support_reads_its_mail(browser: TestClient) -> None:
    page = browser.get("/").text
    assert "REGISTER NOW" in page
    assert 'href="tel:+18669171690"' in page
    assert 'href="tel:+18772902133"' in page
    assert "Monday to Friday, 8:30 am to 5:30 pm" in page
    assert "Open now" in page
    assert "never send text messages (SMS)" in page


@pytest.mark.rule("R58")
def test_welcome_says_when_support_opens_next(browser: TestClient, back: Stub) -> None:
    back.answers[practice.GetProfile] = CLOSED
    page = browser.get("/").text
    assert "Closed now" in page
    assert "Opens Monday, March 9, 2026 at 8:30 am" in page


@pytest.mark.rule("R61")
def test_telephone_numbers_come_from_the_profile(browser: TestClient, back: Stub) -> None:
    line = practice.Phone(purpose="help", number="1-212-555-0199", label="Our line")
    profile = PROFILE.model_copy(update={"phones": (line,)})
    back.answers[practice.GetProfile] = CLOSED.model_copy(update={"profile": profile})
    page = browser.get("/").text
    assert 'href="tel:+12125550199"' in page
    assert "1-866-917-1690" not in page


def test_the_form_goes_to_identity_as_it_was_typed(browser: TestClient, back: Stub) -> None:
    answer = browser.post("/register", data=FILLED)
    assert answer.headers["location"] == "/register/sent"
    asked = back.last(identity.RequestRegistration)
    assert asked.headers["idempotency-key"] == "k1"
    assert asked.fields["born"] == "1985-03-27"
    identity.RequestRegistration.model_validate(asked.fields)


@pytest.mark.rule("R48", "R49")
def test_every_form_gets_the_same_page_with_a_number_to_call(
    browser: TestClient, back: Stub
) -> None:
    first = browser.post("/register", data=FILLED)
    back.answers[identity.RequestRegistration] = problem(429, "too-many", "Too many tries.")
    second = browser.post("/register", data=FILLED | {"family": "Nobody"})
    assert first.status_code == second.status_code == 303
    assert dict(first.headers) == dict(second.headers)
    assert first.content == second.content
    page = browser.get("/register/sent").text
    assert "If your details match our records" in page
    assert 'href="tel:+18669171690"' in page


def test_errors_stand_beside_their_fields(browser: TestClient, back: Stub) -> None:
    answer = browser.post("/register", data={"given": "Rosa", "born_month": "13"})
    assert answer.status_code == 422
    assert 'id="family-error"' in answer.text
    assert 'href="#born"' in answer.text
    assert 'id="phone-error"' in answer.text
    assert 'value="Rosa"' in answer.text
    assert back.names() == []


def test_the_gateways_errors_stand_beside_their_fields(browser: TestClient, back: Stub) -> None:
    back.answers[identity.RequestRegistration] = problem(
        422,
        "invalid",
        "Not right.",
        {"ssn_last4": "This does not look right.", "line": "Too long."},
    )
    page = browser.post("/register", data=FILLED).text
    assert "Enter exactly four digits" in page
    assert "Too long." in page
    spanish = browser.post("/register?lang=es", data=FILLED).text
    assert "Escriba exactamente cuatro dígitos" in spanish
    assert "Too long." not in spanish


def test_spanish_by_browser_by_choice_and_by_memory(browser: TestClient) -> None:
    assert '<html lang="es">' in browser.get("/", headers={"accept-language": "es-MX,en"}).text
    assert '<html lang="en">' in browser.get("/", headers={"accept-language": "fr"}).text
    assert '<html lang="es">' in browser.get("/?lang=es").text
    assert '<html lang="es">' in browser.get("/sign-in").text


def test_plain_pages_for_what_goes_wrong(browser: TestClient, back: Stub) -> None:
    missing = browser.get("/nowhere")
    assert missing.status_code == 404
    assert "Page not found" in missing.text
    assert browser.put("/register").status_code == 404
    back.answers[practice.GetProfile] = problem(503, "unavailable", "Nobody answers.")
    down = browser.get("/register/sent")
    assert down.status_code == 200
    back.answers[identity.RequestRegistration] = problem(503, "unavailable", "Nobody answers.")
    answer = browser.post("/register", data=FILLED)
    assert answer.status_code == 503
    assert "cannot answer just now" in answer.text


def test_a_mistake_of_ours_shows_no_detail(browser: TestClient, back: Stub) -> None:
    back.answers[practice.GetProfile] = identity.PatientAnswer(patient="unexpected")
    answer = browser.get("/")
    assert answer.status_code == 500
    assert "unexpected" not in answer.text
