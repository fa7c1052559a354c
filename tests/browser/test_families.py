"""A mother, a child of 8, one who turns 12 tomorrow, and one of 13: in a real browser, on the whole portal.

One story with a moved clock (R42, R54, R55): whose record it is always stands on the page, what is taken
from the twelfth birthday on is not there, what was there stays, and the mail about it stops.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.demo.people import people
from tests.browser.test_main_job import PHONE, staff
from tests.system.test_main_job import send_mllp
from tests.system.whole_portal import Running, until, whole_portal

pytestmark = pytest.mark.browser
GRACE = "grace.okafor@mail.example"
DAY = 24 * 3600
BEFORE = 13  # days until Chidi turns 12 tomorrow
ORDERER = "HV1003^Singh^Priya^^^^MD"


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A fresh portal with the demo practice."""
    with whole_portal(tmp_path_factory.mktemp("portal")) as running:
        yield running


@pytest.fixture(scope="module")
def grace(chromium: Browser, portal: Running) -> Iterator[Page]:
    """The mother's phone."""
    context = chromium.new_context(base_url=portal.url, viewport=PHONE, locale="en-US")
    yield context.new_page()
    context.close()


def sign_in(page: Page, portal: Running) -> None:
    """She signs in, and is where a patient begins."""
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(GRACE)
    page.get_by_label("Password", exact=True).fill(portal.password_of(GRACE))
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/home")


def switch_to(page: Page, name: str) -> None:
    """By the switcher, from wherever she is."""
    page.goto("/home")
    page.get_by_role("link", name=name).first.click()
    page.wait_for_url("**/for/**")


def blood_count(number: str, value: str, at: datetime) -> str:
    """Chidi's potassium, taken at this moment."""
    born = next(p.born for p in people(datetime.now(UTC).date()) if p.given == "Chidi")
    when = at.strftime("%Y%m%d%H%M%S+0000")
    return "\n".join(
        [
            rf"MSH|^~\&|LAB|HARBORLAB|PORTAL|HV|{when}||ORU^R01|{number}|P|2.5.1",
            f"PID|1||HV20004^^^HVMG^MR||Okafor^Chidi||{born:%Y%m%d}|M",
            f"OBR|1||{number}|24321-2^Basic metabolic panel^LN|||{when}|||||||||"
            f"{ORDERER}||||||{when}||LAB|F",
            f"OBX|1|NM|2823-3^Potassium^LN||{value}|mmol/L|3.5-5.1|N|||F|||{when}",
        ]
    )


def lab_sends(portal: Running, message: str) -> None:
    """Again while told to try again: the parts see a moved clock one after the other."""
    until(lambda: "MSA|AA" in send_mllp(portal.mllp, message))


def verify_newest(chromium: Browser, portal: Running) -> None:
    """Dr. Singh reviews what came in for Chidi."""
    doctor = staff(chromium, portal, "singh@harborview.example")
    doctor.goto("/staff/inbox")
    doctor.get_by_role("link", name="Chidi").last.click()  # oldest first
    doctor.get_by_role("button", name="Verify").first.click()
    doctor.wait_for_url("**/staff/inbox**")
    doctor.context.close()


@pytest.mark.rule("R42", "R54", "R55")
def test_1_every_page_says_in_whose_record_she_is(portal: Running, grace: Page) -> None:
    sign_in(grace, portal)
    switch_to(grace, "Ada")
    assert "Ada" in grace.title()
    expect(grace.get_by_text("You are looking at Ada").first).to_be_visible()
    grace.get_by_role("link", name="Test results").first.click()
    assert "/for/" in grace.url
    expect(grace.locator("main a.result-row")).to_have_count(1)
    expect(grace.get_by_text("You are looking at Ada").first).to_be_visible()


@pytest.mark.rule("R32", "R54", "R55")
def test_2_of_the_child_of_13_only_what_was_before_twelve_is_there(grace: Page) -> None:
    grace.goto("/home")
    grace.get_by_role("link", name="Ngozi").first.click()
    for _ in ("terms", "hipaa"):
        grace.get_by_role("button", name="I accept").click()
    grace.wait_for_url("**/for/**")
    grace.get_by_role("link", name="Test results").first.click()
    expect(grace.locator("main a.result-row")).to_have_count(1)
    grace.locator("main a.result-row").first.click()
    expect(grace.locator("main")).to_contain_text("7.2")  # at 10, and not the 6.8 of 13


@pytest.mark.rule("R42", "R54")
def test_3_the_day_before_the_birthday_all_is_as_it_was(
    portal: Running, grace: Page, chromium: Browser
) -> None:
    portal.move_clock(BEFORE * DAY)
    at = datetime.now(UTC) + timedelta(days=BEFORE)
    lab_sends(portal, blood_count("FAM1", "4.1", at))
    mails = len(portal.mails(to=GRACE))
    verify_newest(chromium, portal)
    until(lambda: len(portal.mails(to=GRACE)) > mails)
    sign_in(grace, portal)
    expect(grace.locator("main")).to_contain_text("12")
    switch_to(grace, "Chidi")
    grace.get_by_role("link", name="Test results").first.click()
    expect(grace.locator("main a.result-row", has_text="Basic metabolic panel")).to_have_count(1)


@pytest.mark.rule("R42", "R54", "R55", "S3")
def test_4_from_the_birthday_on_new_results_and_their_mail_stay_away(
    portal: Running, grace: Page, chromium: Browser
) -> None:
    portal.move_clock(2 * DAY)
    until(lambda: any("had a birthday" in mail["text"] for mail in portal.mails(to=GRACE)))
    at = datetime.now(UTC) + timedelta(days=BEFORE + 2)
    lab_sends(portal, blood_count("FAM2", "5.0", at))
    mails = len(portal.mails(to=GRACE))
    verify_newest(chromium, portal)
    sign_in(grace, portal)
    switch_to(grace, "Chidi")
    grace.get_by_role("link", name="Test results").first.click()
    rows = grace.locator("main a.result-row", has_text="Basic metabolic panel")
    expect(rows).to_have_count(1)  # the one of the day before
    rows.first.click()
    expect(grace.locator("main")).to_contain_text("4.1")
    assert "5.0" not in grace.content()
    grace.goto("/connections")
    expect(grace.locator("main")).to_contain_text("another address")
    assert len(portal.mails(to=GRACE)) == mails


@pytest.mark.rule("R33")
def test_5_she_removes_one_connection_and_keeps_the_others(portal: Running, grace: Page) -> None:
    grace.goto("/connections")
    grace.get_by_role("link", name="Remove connection to Ada").click()
    grace.get_by_role("button", name="Remove").click()
    grace.wait_for_url("**/connections**")
    grace.goto("/home")
    expect(grace.get_by_role("link", name="Ada")).to_have_count(0)
    expect(grace.get_by_role("link", name="Chidi").first).to_be_visible()
