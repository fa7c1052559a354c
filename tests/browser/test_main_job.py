"""The portal's main job in a real browser, on the whole portal, with nothing in anybody's place.

One story in six steps: register, accept, results arrive, the provider verifies, the result page,
ten idle minutes. The laboratory's messages are sent by somebody else's program (`mllp_send`).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.system.test_main_job import PASSWORD, form_of, potassium
from tests.system.whole_portal import Running, invitation_in, until, whole_portal

pytestmark = pytest.mark.browser
PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A fresh portal with the demo practice."""
    with whole_portal(tmp_path_factory.mktemp("portal")) as running:
        yield running


@pytest.fixture(scope="module")
def patient(chromium: Browser, portal: Running) -> Iterator[Page]:
    """The patient's phone, for the whole story. Its clock can be moved."""
    context = chromium.new_context(base_url=portal.url, viewport=PHONE, locale="en-US")
    page = context.new_page()
    yield page
    context.close()


def staff(chromium: Browser, portal: Running, email: str) -> Page:
    """Somebody of the staff, signed in at a desk."""
    page = chromium.new_context(base_url=portal.url, locale="en-US").new_page()
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(portal.password_of(email))
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/staff/**")
    return page


def fill_register(page: Page, given: str, **changes: str) -> None:
    """The form behind REGISTER NOW."""
    form = {**form_of(given), **changes}
    year, month, day = form["born"].split("-")
    page.goto("/")
    page.get_by_role("link", name="REGISTER NOW").click()
    for label, value in (
        ("First name", form["given"]),
        ("Last name", form["family"]),
        ("Month", str(int(month))),
        ("Day", str(int(day))),
        ("Year", year),
        ("Street address", form["line"]),
        ("ZIP code", form["zip"]),
        ("E-mail address", form["email"]),
        ("Medical record number", form["record_number"]),
    ):
        page.get_by_label(label).first.fill(value)
    page.get_by_role("button", name="Send").click()


def lab_sends(portal: Running, folder: Path, message: str) -> None:
    """The laboratory's program sends a file; it prints the acknowledgement."""
    file = folder / "message.hl7"
    file.write_text(message.replace("\n", "\r"))
    sender = Path(sys.executable).parent / "mllp_send"
    done = subprocess.run(
        [sender, "--loose", "--file", file, "--port", str(portal.mllp), "127.0.0.1"],
        capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    assert "MSA|AA" in done.stdout


@pytest.mark.rule("R48", "R49", "R61")
def test_1_register(portal: Running, patient: Page) -> None:
    fill_register(patient, "Noelle")
    expect(patient.get_by_role("heading", level=1)).to_contain_text("Thank you")
    expect(patient.get_by_role("link", name="1-877-290-2133").first).to_be_visible()
    answer = patient.locator("main").inner_html()
    fill_register(patient, "Samuel", zip="00000", record_number="HV99999")
    assert patient.locator("main").inner_html() == answer
    until(lambda: portal.mails(to=form_of("Noelle")["email"]))


@pytest.mark.rule("R50", "S1")
def test_1b_support_sends_the_invitation_that_no_match_could(
    portal: Running, chromium: Browser
) -> None:
    page = staff(chromium, portal, "support@harborview.example")
    page.goto("/staff/registrations")
    page.get_by_role("link", name="Samuel").click()
    page.get_by_role("button", name="Take").click()
    page.get_by_label("What did you check?").fill("Photo id at the desk")
    page.get_by_role("button", name="invitation").click()
    until(lambda: portal.mails(to="samuel.abara@mail.example"))


@pytest.mark.rule("R51", "R53", "R56")
def test_2_accept(portal: Running, patient: Page) -> None:
    patient.goto("/demo/mailbox")
    patient.get_by_role("link", name="noelle.delacroix").first.click()
    mail = portal.mails(to=form_of("Noelle")["email"])[0]
    link, code = invitation_in(mail["text"])
    patient.goto(f"/invitation/{link}")
    patient.get_by_role("button", name="Start").click()
    for _ in ("terms", "hipaa"):
        patient.get_by_role("button", name="I accept").click()
    year, month, day = form_of("Noelle")["born"].split("-")
    patient.get_by_label("Invitation code").fill(code)
    patient.get_by_label("Month").fill(str(int(month)))
    patient.get_by_label("Day").fill(str(int(day)))
    patient.get_by_label("Year").fill(year)
    patient.get_by_label("New password").fill(PASSWORD)
    patient.get_by_role("button", name="Finish").click()
    patient.wait_for_url("**/home")


@pytest.mark.rule("R18", "R19", "S4")
def test_3_and_4_results_arrive_and_appear_when_verified(
    portal: Running, patient: Page, chromium: Browser, tmp_path: Path
) -> None:
    patient.goto("/results")
    lab_sends(portal, tmp_path, potassium("HV20012", "WEB0001", "4.1", days_ago=40))
    lab_sends(portal, tmp_path, potassium("HV20012", "WEB0002", "5.6"))
    doctor = staff(chromium, portal, "chen@harborview.example")
    mails = len(portal.mails(to=form_of("Noelle")["email"]))
    expect(patient.locator("main")).not_to_contain_text("Basic metabolic panel")
    for shown in (1, 2):
        doctor.goto("/staff/inbox")
        doctor.get_by_role("link", name="Noelle").first.click()
        doctor.get_by_role("button", name="Verify").first.click()
        rows = patient.locator("main a.result-row", has_text="Basic metabolic panel")
        expect(rows).to_have_count(shown)  # the open page, without a reload
    until(lambda: len(portal.mails(to=form_of("Noelle")["email"])) >= mails + 2)


@pytest.mark.rule("R7")
def test_5_the_result_page(patient: Page) -> None:
    patient.goto("/results")
    patient.locator("main a.result-row").first.click()
    main = patient.locator("main")
    for text in ("Potassium", "5.6", "mmol/L", "3.5-5.1", "Above", "Collected", "Reported"):
        expect(main).to_contain_text(text)
    expect(main.locator("svg.trend circle")).to_have_count(2)


@pytest.mark.rule("R45")
def test_6_ten_idle_minutes(portal: Running, patient: Page) -> None:
    patient.clock.install(time=datetime.now(UTC))
    patient.goto("/results")
    portal.move_clock(8 * 60 + 5)
    until(lambda: _idle_in(patient) < 120)
    patient.clock.fast_forward((8 * 60 + 5) * 1000)
    expect(patient.get_by_role("alertdialog")).to_be_visible()
    patient.get_by_role("button", name="Stay signed in").click()
    expect(patient.get_by_role("alertdialog")).to_be_hidden()
    portal.move_clock(10 * 60 + 1)
    until(lambda: _idle_in(patient) == 0)
    patient.clock.fast_forward(10 * 60 * 1000 + 1000)
    patient.wait_for_url("**/signed-out**")
    patient.goto("/results")
    patient.wait_for_url("**/sign-in**")
    patient.go_back()
    expect(patient.locator("body")).not_to_contain_text("Potassium")


def _idle_in(page: Page) -> float:
    """What the server says is left, asked in the background; 0 when the session has ended."""
    answer = page.request.get("/api/v1/session", headers={"X-Background": "1"})
    return float(answer.json()["idle_in"]) if answer.ok else 0
