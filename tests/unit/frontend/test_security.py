"""Sign-in and security: address, password, passkeys, devices."""

from __future__ import annotations

import pytest
from starlette.responses import Response
from starlette.testclient import TestClient

from contracts import identity
from tests.unit.frontend.stub import PASSWORD, Stub
from tests.unit.frontend.stub_security import CREDENTIAL, answer, refusal

NEW = {"current": PASSWORD, "password": "harbor seven quilt lantern"}


def test_the_page_says_how_one_signs_in_and_where(patient: TestClient) -> None:
    page = patient.get("/security").text
    for words in (
        "You sign in with rosa.alvarez@mail.example",
        "rosa.new@mail.example still waits",
        "My phone",
        "Laptop at home",
        "2 recovery codes left",
        "before you run out",
        "Firefox on Windows",
        "This browser",
    ):
        assert words in page
    assert page.index("Chrome on Android") < page.index("Firefox on Windows")
    assert page.index("Firefox on Windows") < page.index("Safari on an iPad")


def test_without_an_app_it_offers_one(patient: TestClient, back: Stub) -> None:
    back.answers[identity.GetSecurity] = answer(totp=False, passkeys=(), devices=(), email_waits="")
    page = patient.get("/security").text
    assert "Set up an authenticator app" in page
    assert "recovery codes left" not in page
    assert "still waits" not in page
    assert "no passkey yet" in page


def test_staff_have_it_in_their_own_menu_and_in_english(browser: TestClient) -> None:
    browser.cookies.set("sid", "support")
    page = browser.get("/security", headers={"accept-language": "es"}).text
    assert '<html lang="en">' in page
    assert 'href="/staff/registrations"' in page
    assert "Sign-in and security" in page
    browser.cookies.set("sid", "patient")
    page = browser.get("/security", headers={"accept-language": "es"}).text
    assert "Acceso y seguridad" in page
    assert 'href="/results"' in page


@pytest.mark.parametrize("path", ["", "/email", "/password", "/passkeys/add", "/app/remove"])
def test_nobody_sees_it_signed_out(browser: TestClient, path: str) -> None:
    assert browser.get(f"/security{path}").headers["location"].startswith("/sign-in?")


@pytest.mark.rule("R44")
def test_another_address_needs_the_password_and_both_links(patient: TestClient, back: Stub) -> None:
    page = patient.get("/security/email").text
    assert "a link to your old address and one to the new one" in page
    sent = {"email": "rosa@new.example", "password": "not mine"}
    wrong = patient.post("/security/email", data=sent)
    assert (wrong.status_code, 'id="password-error"' in wrong.text) == (422, True)
    assert 'value="rosa@new.example"' in wrong.text
    assert "not mine" not in wrong.text
    done = patient.post("/security/email", data=sent | {"password": PASSWORD})
    assert done.headers["location"] == "/security?done=email"
    assert "written to both addresses" in patient.get("/security?done=email").text
    assert back.last(identity.ChangeEmail).fields["email"] == "rosa@new.example"


def test_an_address_that_is_none_stands_beside_its_field(patient: TestClient) -> None:
    for typed in ("", "nobody", "a@b.example\r\nbcc: c@d.example"):
        sent = {"email": typed, "password": PASSWORD}
        page = patient.post("/security/email", data=sent)
        assert (page.status_code, 'id="email-error"' in page.text) == (422, True)


def test_the_password_changes_with_the_old_one(patient: TestClient, back: Stub) -> None:
    done = patient.post("/security/password", data=NEW)
    assert done.headers["location"] == "/security?done=password"
    assert "signed out everywhere else" in patient.get("/security?done=password").text
    wrong = patient.post("/security/password", data=NEW | {"current": "not mine"})
    assert 'id="current-error"' in wrong.text
    assert all(typed not in wrong.text for typed in ("not mine", NEW["password"]))
    back.answers[identity.ChangePassword] = refusal(422, "weak-password", {"password": "-"})
    weak = patient.post("/security/password", data=NEW)
    assert 'id="password-error"' in weak.text
    assert "A sentence of identity." in weak.text
    weak = patient.post("/security/password?lang=es", data=NEW)
    assert "difícil de adivinar" in weak.text


def test_an_empty_password_form_asks_nobody(patient: TestClient, back: Stub) -> None:
    page = patient.post("/security/password", data={})
    assert page.status_code == 422
    assert "ChangePassword" not in back.names()


def test_too_many_tries_and_a_portal_that_is_down(patient: TestClient, back: Stub) -> None:
    back.answers[identity.ChangePassword] = refusal(429, "too-many")
    assert "too many tries" in patient.post("/security/password", data=NEW).text
    back.answers[identity.ChangePassword] = refusal(503, "unavailable")
    assert patient.post("/security/password", data=NEW).status_code == 503


def test_a_passkey_gets_a_name(patient: TestClient, back: Stub) -> None:
    page = patient.get("/security/passkeys/add").text
    assert "need JavaScript" in page
    assert 'data-passkey="create" hidden' in page
    sent = {"credential": CREDENTIAL, "name": " My phone "}
    nameless = patient.post("/security/passkeys/add", data=sent | {"name": " "})
    assert (nameless.status_code, 'id="name-error"' in nameless.text) == (422, True)
    done = patient.post("/security/passkeys/add", data=sent)
    assert done.headers["location"] == "/security?done=passkey"
    assert back.last(identity.AddPasskey).fields == {"credential": CREDENTIAL, "name": "My phone"}
    back.answers[identity.AddPasskey] = refusal(422, "passkey")
    assert "could not be added" in patient.post("/security/passkeys/add", data=sent).text
    back.answers[identity.AddPasskey] = refusal(409, "too-many")
    assert "Remove one of them first" in patient.post("/security/passkeys/add", data=sent).text


def test_a_passkey_is_removed_with_the_password(patient: TestClient, back: Stub) -> None:
    assert "Remove the passkey My phone?" in patient.get("/security/passkeys/k1/remove").text
    wrong = patient.post("/security/passkeys/k1/remove", data={"password": "not mine"})
    assert "This is not your password" in wrong.text
    done = patient.post("/security/passkeys/k1/remove", data={"password": PASSWORD})
    assert done.headers["location"] == "/security?done=passkey-removed"
    assert back.last(identity.RemovePasskey).fields["passkey"] == "k1"
    assert patient.get("/security/passkeys/not-mine/remove").status_code == 404


def test_a_device_is_signed_out_and_forgotten(patient: TestClient, back: Stub) -> None:
    done = patient.post("/security/devices/d3/end", data={"key": "k"})
    assert done.headers["location"] == "/security?done=device"
    asked = back.last(identity.EndDevice)
    assert (asked.fields, asked.headers["idempotency-key"]) == ({"device": "d3"}, "k")


def test_signing_out_everywhere_is_confirmed_first(patient: TestClient, back: Stub) -> None:
    page = patient.get("/security/sign-out-everywhere").text
    assert "this one too" in page
    assert "SignOutEverywhere" not in back.names()
    done = patient.post("/security/sign-out-everywhere", data={"key": "k"})
    assert done.headers["location"] == "/signed-out"
    assert back.last(identity.SignOutEverywhere).headers["idempotency-key"] == "k"


def test_a_sentence_of_the_address_is_not_shown(patient: TestClient) -> None:
    assert 'class="banner' not in patient.get("/security?done=anything").text


def test_a_browser_is_known_again_and_says_what_it_is(browser: TestClient, back: Stub) -> None:
    def remembered(fields: dict[str, object]) -> Response:
        session = identity.SessionAnswer(
            caller=back.callers["patient"], idle_seconds=600, expires_in=43200
        )
        response = Response(session.model_dump_json(), media_type="application/json")
        response.set_cookie("sid", "patient", httponly=True)
        response.set_cookie("device", "d1.mac", max_age=31_536_000, httponly=True)
        return response

    back.answers[identity.SignIn] = remembered
    sent = {"email": "patient@harborview.example", "password": PASSWORD}
    answered = browser.post("/sign-in", data=sent)
    assert any(
        cookie.startswith("device=d1.mac") and "Max-Age=31536000" in cookie
        for cookie in answered.headers.get_list("set-cookie")
    )
    browser.post("/sign-in", data=sent, headers={"user-agent": "Firefox"})
    asked = back.last(identity.SignIn)
    assert "device=d1.mac" in asked.headers["cookie"]
    assert asked.headers["user-agent"] == "Firefox"
