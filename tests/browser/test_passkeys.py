"""Signing in with more than a password, in a real browser on the whole portal: a passkey in
Chromium's virtual authenticator, codes of an authenticator app, recovery codes.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pyotp
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.accessibility import check
from tests.system.whole_portal import Person, Running, until, whole_portal

pytestmark = pytest.mark.browser

OWN_DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
"""A phone whose owner always touches the sensor."""
STEP_SECONDS = 30
SMALL: ViewportSize = {"width": 320, "height": 700}


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A fresh portal with the demo practice. Passkeys need its host to be `localhost`."""
    with whole_portal(tmp_path_factory.mktemp("portal")) as running:
        yield running


@pytest.fixture
def phone(chromium: Browser, portal: Running) -> Iterator[Page]:
    """A small phone with a fingerprint sensor."""
    context = chromium.new_context(base_url=portal.url, viewport=SMALL, locale="en-US")
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": OWN_DEVICE})
    yield page
    context.close()


def enter(page: Page, portal: Running, email: str) -> None:
    """The first step: address and password."""
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(portal.password_of(email))
    page.get_by_role("button", name="Sign in", exact=True).click()


def leave(page: Page) -> None:
    """Sign out by the button in the header."""
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/signed-out")


def idle_in(person: Person) -> float:
    """How long until the inactivity limit, by identity's clock."""
    return float(person.get("session", background=True).json()["idle_in"])


def patients(portal: Running) -> list[str]:
    """The demo's patients who sign in, by address."""
    lines = (line.split() for line in portal.said)
    return [words[1] for words in lines if words[:1] == ["patient"]]


def test_a_passkey_replaces_the_password(phone: Page, portal: Running) -> None:
    enter(phone, portal, patients(portal)[0])
    phone.wait_for_url("**/home")
    phone.goto("/security")
    check(phone, "security")
    phone.get_by_role("link", name="Add a passkey").click()
    check(phone, "add a passkey")
    phone.get_by_label("Name of this passkey").fill("My phone")
    phone.get_by_label("Your password").fill("not this one")
    phone.get_by_role("button", name="Add a passkey").click()
    expect(phone.get_by_text("This is not your password")).to_be_visible()
    phone.get_by_label("Your password").fill(portal.password_of(patients(portal)[0]))
    phone.get_by_role("button", name="Add a passkey").click()
    expect(phone.get_by_text("Your passkey is ready")).to_be_visible()
    expect(phone.get_by_role("heading", name="My phone")).to_be_visible()
    leave(phone)

    phone.goto("/sign-in")
    check(phone, "sign in")
    phone.get_by_role("button", name="Sign in with a passkey").click()
    phone.wait_for_url("**/home")
    phone.goto("/security")
    phone.get_by_role("link", name=re.compile("Remove.*My phone")).click()
    phone.get_by_label("Your password").fill(portal.password_of(patients(portal)[0]))
    phone.get_by_role("button", name="Remove the passkey").click()
    expect(phone.get_by_text("The passkey is removed", exact=True)).to_be_visible()
    leave(phone)

    phone.goto("/sign-in")
    phone.get_by_role("button", name="Sign in with a passkey").click()
    expect(phone.get_by_text("The passkey could not sign you in")).to_be_visible()


@pytest.mark.rule("R63")
def test_codes_of_an_app_and_recovery_codes(phone: Page, portal: Running) -> None:
    email = patients(portal)[1]
    enter(phone, portal, email)
    phone.wait_for_url("**/home")
    phone.goto("/security")
    phone.get_by_role("link", name="Set up an authenticator app").click()
    phone.get_by_label("Your password").fill(portal.password_of(email))
    phone.get_by_role("button", name="Go on").click()
    check(phone, "authenticator app")
    app = pyotp.TOTP(phone.locator(".secret code").inner_text().replace(" ", ""))
    phone.get_by_label("Code from the app").fill(app.now())
    phone.get_by_role("button", name="Turn it on").click()
    check(phone, "recovery codes")
    recovery = phone.locator(".recovery-codes code").all_inner_texts()
    assert len(recovery) == 10
    phone.get_by_role("link", name="I have kept them").click()
    leave(phone)

    enter(phone, portal, email)
    phone.wait_for_url("**/sign-in/code")
    check(phone, "the code")
    phone.goto("/results")
    phone.wait_for_url(f"{portal.url}/sign-in/code?next=/results")
    watch = Person(portal.gateway)
    watch.sign_in("sre@harborview.example", portal.password_of("sre@harborview.example"))
    before = idle_in(watch)
    portal.move_clock(STEP_SECONDS)  # the code that set it up is good once
    until(lambda: idle_in(watch) <= before - STEP_SECONDS + 1)
    phone.get_by_label("Code").fill(app.at(app_time(portal)))
    phone.get_by_role("button", name="Continue").click()
    phone.wait_for_url(f"{portal.url}/results")
    leave(phone)

    enter(phone, portal, email)
    phone.get_by_role("link", name="Use a recovery code instead").click()
    phone.get_by_label("Code").fill(recovery[0])
    phone.get_by_role("button", name="Continue").click()
    phone.wait_for_url("**/home")
    phone.goto("/security")
    expect(phone.get_by_text("9 recovery codes left")).to_be_visible()


def test_a_forgotten_password(phone: Page, portal: Running) -> None:
    email, password = patients(portal)[0], "harbor seven quilt lantern dusk"
    phone.goto("/sign-in")
    phone.get_by_role("link", name="Forgot your password?").click()
    phone.get_by_label("E-mail address").fill(email)
    phone.get_by_role("button", name="Send the link").click()
    phone.wait_for_url("**/forgot/sent")
    phone.goto(f"/reset/{reset_link(portal, email)}")
    phone.get_by_role("button", name="Go on").click()
    phone.get_by_label("New password").fill(password)
    phone.get_by_role("button", name="Save the new password").click()
    expect(phone.get_by_text("Your password is changed")).to_be_visible()
    phone.get_by_label("E-mail address").fill(email)
    phone.get_by_label("Password", exact=True).fill(password)
    phone.get_by_role("button", name="Sign in", exact=True).click()
    phone.wait_for_url("**/home")


def app_time(portal: Running) -> int:
    """The time by the portal's clock, which this test has moved."""
    return int(time.time() + float((portal.data / "clock-offset").read_text()))


def reset_link(portal: Running, email: str) -> str:
    """The secret part of the newest reset letter's link."""

    def found() -> str:
        texts = [mail["text"] for mail in portal.mails(to=email)]
        links = (re.search(r"/reset/(\S+)", text) for text in texts)
        return next((link.group(1) for link in links if link), "")

    return str(until(found))
