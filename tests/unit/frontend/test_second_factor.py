"""Signing in beyond the password: where one lands, codes, passkeys, and the authenticator app."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from contracts import identity, labs
from frontend import landing
from tests.unit.frontend.stub import PASSWORD, PATIENT, Stub
from tests.unit.frontend.stub_security import (
    CODE,
    CODES,
    CREDENTIAL,
    NEW_STAFF,
    RECOVERY,
    SECRET,
    URI,
    refusal,
)

WAITING = {"email": "waiting@harborview.example", "password": PASSWORD}


@pytest.fixture
def waiting(browser: TestClient) -> TestClient:
    """Somebody whose password was right, and whose code is asked for."""
    browser.cookies.set("sid", "waiting")
    return browser


@pytest.fixture
def new_staff(browser: TestClient) -> TestClient:
    """One of the staff, outside the demo, who has no second factor yet."""
    browser.cookies.set("sid", "new-staff")
    return browser


def test_who_comes_by_a_link_lands_there_after_signing_in(browser: TestClient) -> None:
    asked = browser.get("/results/r1?lang=en").headers["location"]
    assert asked == "/sign-in?why=signed-out&next=/results/r1%3Flang%3Den"
    form = browser.get(asked).text
    assert 'name="next" value="/results/r1?lang=en"' in form
    sent = {"email": "patient@harborview.example", "password": PASSWORD}
    wanted = sent | {"next": "/results/r1?lang=en"}
    assert browser.post("/sign-in", data=wanted).headers["location"] == "/results/r1?lang=en"
    assert browser.post("/sign-in", data=sent).headers["location"] == "/home"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/home//evil.example",
        "javascript:alert(1)",
        "home",
        "/home\r\nset-cookie: a=b",
        "/home\n",
        "/sign-out",
        "/api/v1/session",
        "/" + "a" * 600,
        "/staff/inbox",
    ],
)
def test_nobody_is_led_anywhere_else(browser: TestClient, elsewhere: str) -> None:
    sent = {"email": "patient@harborview.example", "password": PASSWORD, "next": elsewhere}
    assert browser.post("/sign-in", data=sent).headers["location"] == "/home"


def test_staff_land_on_pages_of_staff_only() -> None:
    sam = PATIENT.model_copy(update={"role": "support"})
    assert landing.after(sam, "/staff/patients") == "/staff/patients"
    assert landing.after(sam, "/security") == "/security"
    assert landing.after(sam, "/home") == "/staff"
    assert landing.after(NEW_STAFF, "/staff/patients") == "/security/set-up"


def test_the_password_alone_leads_to_the_code_where_there_is_a_second_factor(
    browser: TestClient,
) -> None:
    answer = browser.post("/sign-in", data=WAITING | {"next": "/results"})
    assert answer.headers["location"] == "/sign-in/code?next=/results"
    page = browser.get("/sign-in/code?next=/results").text
    assert 'inputmode="numeric"' in page
    assert 'autocomplete="one-time-code"' in page
    assert "never send codes by text message" in page


@pytest.mark.rule("R63")
def test_no_page_offers_a_code_by_sms_or_telephone(
    waiting: TestClient, new_staff: TestClient
) -> None:
    page = new_staff.get("/security/set-up").text
    assert "no codes by SMS" in page
    assert 'type="tel"' not in page
    new_staff.cookies.set("sid", "patient")
    assert "never send codes by text message (SMS)" in new_staff.get("/security").text


def test_a_session_that_waits_is_led_to_the_code_from_every_page(waiting: TestClient) -> None:
    assert waiting.get("/results").headers["location"] == "/sign-in/code?next=/results"
    assert waiting.get("/results", headers={"x-background": "1"}).status_code == 401
    assert waiting.get("/security").headers["location"] == "/sign-in/code?next=/security"


def test_the_code_page_is_for_sessions_that_wait(patient: TestClient) -> None:
    assert patient.get("/sign-in/code").headers["location"] == "/home"
    patient.cookies.clear()
    asked = patient.get("/sign-in/code").headers["location"]
    assert asked == "/sign-in?why=signed-out"


@pytest.mark.parametrize("typed", [f"{CODE[:3]} {CODE[3:]}", f" {RECOVERY} "])
def test_the_code_or_a_recovery_code_opens_the_session(
    waiting: TestClient, back: Stub, typed: str
) -> None:
    answer = waiting.post("/sign-in/code", data={"code": typed, "next": "/results"})
    assert answer.headers["location"] == "/results"
    assert "sid=patient" in answer.headers["set-cookie"]
    sent = back.last(identity.ConfirmSecondFactor).fields
    assert sent == {"code": "".join(typed.split())}


def test_letters_have_a_keyboard_with_letters(waiting: TestClient) -> None:
    page = waiting.get("/sign-in/code?with=recovery&next=/results").text
    assert "recovery codes that you kept" in page
    assert 'inputmode="numeric"' not in page
    assert 'name="next" value="/results"' in page


def test_a_wrong_code_stands_beside_its_field_and_is_not_shown_again(waiting: TestClient) -> None:
    answer = waiting.post("/sign-in/code", data={"code": "000000", "next": "/results"})
    assert answer.status_code == 422
    assert 'id="code-error"' in answer.text
    assert "000000" not in answer.text
    assert 'value="/results"' in answer.text
    assert waiting.post("/sign-in/code", data={"code": "1"}).status_code == 422


def test_too_many_wrong_codes_lead_back_to_the_password(waiting: TestClient, back: Stub) -> None:
    back.answers[identity.ConfirmSecondFactor] = refusal(401, "signed-out")
    answer = waiting.post("/sign-in/code", data={"code": CODE, "next": "/results"})
    assert answer.headers["location"] == "/sign-in?why=code&next=/results"
    assert "too many wrong codes" in waiting.get(answer.headers["location"]).text


def test_a_portal_that_is_down_is_no_wrong_code(waiting: TestClient, back: Stub) -> None:
    back.answers[identity.ConfirmSecondFactor] = refusal(503, "unavailable")
    assert waiting.post("/sign-in/code", data={"code": CODE}).status_code == 503
    back.answers[identity.ConfirmSecondFactor] = refusal(429, "too-many")
    assert "too many tries" in waiting.post("/sign-in/code", data={"code": CODE}).text


def test_a_passkey_signs_in_and_a_wrong_one_says_what_else_to_do(browser: TestClient) -> None:
    sent = {"credential": CREDENTIAL, "next": "/results"}
    answer = browser.post("/sign-in/passkey", data=sent)
    assert answer.headers["location"] == "/results"
    assert "sid=patient" in answer.headers["set-cookie"]
    answer = browser.post("/sign-in/passkey", data=sent | {"credential": "{}"})
    assert answer.headers["location"] == "/sign-in?why=passkey&next=/results"
    assert "use your password" in browser.get(answer.headers["location"]).text


def test_a_portal_that_is_down_is_no_wrong_passkey(browser: TestClient, back: Stub) -> None:
    back.answers[identity.SignInWithPasskey] = refusal(503, "unavailable")
    sent = {"credential": CREDENTIAL}
    assert browser.post("/sign-in/passkey", data=sent).status_code == 503


def test_staff_with_a_passkey_do_not_come_in_with_a_password(
    browser: TestClient, back: Stub
) -> None:
    back.answers[identity.SignIn] = refusal(401, "use-passkey")
    answer = browser.post("/sign-in", data=WAITING)
    assert (answer.status_code, "sign in with your passkey" in answer.text) == (422, True)


def test_passkeys_wait_for_javascript(browser: TestClient) -> None:
    page = browser.get("/sign-in").text
    assert 'data-passkey="get" hidden' in page
    assert 'src="/static/passkeys.js' in page


def test_staff_without_a_second_factor_set_one_up_first(new_staff: TestClient, back: Stub) -> None:
    for where in ("/staff", "/staff/patients", "/home", "/security"):
        at = new_staff.get(where)
        while at.headers.get("location", "").startswith(("/home", "/staff")):
            at = new_staff.get(at.headers["location"])
        assert at.headers["location"] == "/security/set-up"
    assert new_staff.get("/security/set-up").status_code == 200
    done = new_staff.post("/security/app/confirm", data={"uri": URI, "code": CODE}).text
    assert 'href="/staff"' in done
    sent = {"credential": CREDENTIAL, "name": "Badge"}
    assert new_staff.post("/security/passkeys/add", data=sent).headers["location"] == "/staff"
    back.answers[identity.ChangePassword] = refusal(403, "forbidden")
    sent = {"current": "a", "password": "b"}
    assert new_staff.post("/security/password", data=sent).headers["location"] == "/security/set-up"


def test_nobody_else_has_anything_to_set_up_first(patient: TestClient, back: Stub) -> None:
    assert patient.get("/security/set-up").headers["location"] == "/security"
    back.answers[labs.GetResults] = refusal(403, "forbidden")
    assert patient.get("/results").status_code == 403


def test_the_app_is_set_up_by_qr_code_or_by_typing(patient: TestClient, back: Stub) -> None:
    assert "First enter your password" in patient.get("/security/app").text
    assert "BeginTotp" not in back.names()
    page = patient.post("/security/app", data={"password": PASSWORD}).text
    assert back.last(identity.BeginTotp).fields == {"password": PASSWORD}
    assert 'class="qr-ink" d="M' in page
    assert "style=" not in page
    assert "JBSW Y3DP" in page
    done = patient.post("/security/app/confirm", data={"uri": URI, "code": "492 817"})
    assert back.last(identity.ConfirmTotp).fields == {"code": CODE}
    assert done.headers["cache-control"] == "no-store"
    assert all(code in done.text for code in CODES)
    assert "only now" in done.text
    assert "data-print" in done.text


def test_a_wrong_code_shows_the_same_qr_code_again(patient: TestClient, back: Stub) -> None:
    first = patient.post("/security/app").text
    again = patient.post("/security/app/confirm", data={"uri": URI, "code": "000000"})
    assert again.status_code == 422
    assert 'id="code-error"' in again.text
    assert _qr(again.text) == _qr(first)
    assert back.names().count("BeginTotp") == 1
    short = patient.post("/security/app/confirm", data={"uri": URI, "code": "1"})
    assert short.status_code == 422
    assert back.names().count("ConfirmTotp") == 1
    back.answers[identity.ConfirmTotp] = refusal(409, "no-offer")
    page = patient.post("/security/app/confirm", data={"uri": URI, "code": CODE}).text
    assert "Please begin again" in page


@pytest.mark.parametrize("uri", ["", "https://evil.example/?secret=A", URI + "x" * 700])
def test_only_an_offer_of_ours_is_shown_again(patient: TestClient, uri: str) -> None:
    answer = patient.post("/security/app/confirm", data={"uri": uri, "code": CODE})
    assert answer.headers["location"] == "/security"


def test_new_recovery_codes_need_the_password(patient: TestClient) -> None:
    assert "become void" in patient.get("/security/recovery-codes").text
    wrong = patient.post("/security/recovery-codes", data={"password": "not mine"})
    assert (wrong.status_code, CODES[0] in wrong.text) == (422, False)
    assert "This is not your password" in wrong.text
    done = patient.post("/security/recovery-codes", data={"password": PASSWORD}).text
    assert all(code in done for code in CODES)


def test_the_app_is_removed_with_the_password(patient: TestClient, back: Stub) -> None:
    assert "Remove the authenticator app?" in patient.get("/security/app/remove").text
    empty = patient.post("/security/app/remove", data={"password": ""})
    assert (empty.status_code, "Enter your password" in empty.text) == (422, True)
    done = patient.post("/security/app/remove", data={"password": PASSWORD})
    assert "sign in without its code" in patient.get(done.headers["location"]).text
    back.answers[identity.RemoveTotp] = refusal(409, "needed")
    page = patient.post("/security/app/remove", data={"password": PASSWORD}).text
    assert "Add another one first" in page


def test_no_secret_stands_in_an_address(patient: TestClient, back: Stub) -> None:
    patient.post("/security/app")
    patient.post("/security/app/confirm", data={"uri": URI, "code": CODE})
    patient.post("/security/recovery-codes", data={"password": PASSWORD})
    assert all("idempotency-key" not in asked.headers for asked in back.asked)
    assert SECRET not in str(patient.get("/security").url)


def _qr(page: str) -> str:
    return page.partition('class="qr-ink"')[2].partition("/>")[0]


def test_the_app_is_not_offered_to_who_does_not_know_the_password(
    patient: TestClient, back: Stub
) -> None:
    back.answers[identity.BeginTotp] = refusal(422, "wrong-password")
    page = patient.post("/security/app", data={"password": "a guess"})
    assert page.status_code == 422
    assert "This is not your password" in page.text
    assert "qr-ink" not in page.text
