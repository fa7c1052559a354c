"""Pages in a real browser: accessibility (axe), 320 px, the inactivity warning, live updates."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from contracts import identity, labs
from contracts.identity import InvitationAnswer
from tests.browser.accessibility import check
from tests.browser.conftest import Place
from tests.unit.frontend.stub import LINK, RESULT

pytestmark = pytest.mark.browser

PUBLIC = ("/", "/register", "/register/sent", "/sign-in?why=signed-out", "/signed-out", "/nowhere")
LINKS = ("/forgot", "/forgot/sent", f"/reset/{LINK}", f"/confirm-address/{LINK}")
OWN = ("/home", "/results", "/results/r1", "/results/missing?done=sent")
SECURITY = tuple(
    f"/security{page}"
    for page in ("", "/email", "/password", "/passkeys/add", "/app/remove", "/sign-out-everywhere")
)


@pytest.fixture
def page(page: Page, place: Place) -> Page:
    """The small phone, signed in as a patient."""
    page.context.add_cookies([{"name": "sid", "value": "patient", "url": place.url}])
    return page


@pytest.mark.rule("R62")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible_and_fits_a_small_phone(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for where in (*PUBLIC, *LINKS, *OWN, *SECURITY):
        page.goto(where)
        check(page, where)
    page.goto("/register?lang=es")
    page.locator("main button").click()
    expect(page.get_by_role("alert")).to_be_focused()
    check(page, "/register with errors, in Spanish")
    page.goto("/results/missing")
    page.locator("main button").click()
    expect(page.get_by_role("alert")).to_be_focused()
    check(page, "/results/missing with errors, in Spanish")


@pytest.mark.rule("R62", "R51")
def test_enrolment_on_a_small_phone(page: Page, place: Place) -> None:
    page.goto(f"/invitation/{LINK}")
    check(page, "start")
    page.get_by_role("button", name="Start").click()
    check(page, "terms")
    place.back.answers[identity.OpenInvitation] = InvitationAnswer(
        state="open", terms_accepted=True, hipaa_accepted=True
    )
    page.get_by_role("button", name="I accept").click()
    check(page, "code")
    page.get_by_label("Invitation code").fill("ABCD-1234")
    page.get_by_label("Month").fill("3")
    page.get_by_label("Day").fill("27")
    page.get_by_label("Year").fill("1985")
    page.get_by_label("New password").fill("lantern orchard seven tides")
    page.get_by_role("button", name="Finish").click()
    expect(page).to_have_url(f"{place.url}/home")


@pytest.mark.rule("R45")
def test_a_warning_two_minutes_before_with_one_key_to_stay(page: Page, place: Place) -> None:
    page.clock.install()
    page.goto("/home")
    page.clock.fast_forward(470_000)
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    place.back.idle_in = 118
    with page.expect_response("**/api/v1/session"):
        page.clock.fast_forward(12_000)
    warning = page.get_by_role("alertdialog")
    expect(warning).to_be_visible()
    expect(warning.get_by_role("status")).to_contain_text("signed out in 2 minutes")
    expect(warning.get_by_role("button", name="Stay signed in")).to_be_focused()
    assert place.back.names()[-1] == "session"
    assert place.back.asked[-1].headers["x-background"] == "1"
    check(page, "warning")
    place.back.idle_in = 600
    with page.expect_response("**/api/v1/session/extend"):
        page.keyboard.press("Enter")
    expect(warning).to_be_hidden()
    assert place.back.asked[-1].name == "extend"
    assert "x-background" not in place.back.asked[-1].headers


@pytest.mark.rule("R45")
def test_at_the_limit_the_page_is_cleared_also_after_sleep(page: Page, place: Place) -> None:
    page.clock.install()
    page.goto("/results/r1")
    page.clock.fast_forward(3_600_000)  # the lid was closed for an hour
    expect(page).to_have_url(f"{place.url}/signed-out?why=idle")
    page.context.clear_cookies()
    page.go_back()
    expect(page.get_by_text("LDL cholesterol")).to_have_count(0)


@pytest.mark.rule("R45")
def test_extending_or_signing_out_in_one_tab_counts_in_all(page: Page, place: Place) -> None:
    page.clock.install()
    page.goto("/home")
    place.back.idle_in = 100
    page.clock.fast_forward(500_000)
    expect(page.get_by_role("alertdialog")).to_be_visible()
    place.back.idle_in = 600
    other = page.context.new_page()
    other.clock.install(time=page.evaluate("Date.now()"))
    other.goto("/results")
    expect(page.get_by_role("alertdialog")).to_be_hidden()
    other.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{place.url}/signed-out")


def test_a_hint_brings_a_new_result_without_moving_the_limit(page: Page, place: Place) -> None:
    hinted = threading.Event()

    def hints(_: Request) -> Response:
        def flow() -> Iterator[bytes]:
            yield b": still here\n\n"
            hinted.wait(20)
            yield b"event: changed\ndata:\n\n"

        return StreamingResponse(flow(), media_type="text/event-stream")

    place.back.extra["/api/v1/live"] = hints
    page.goto("/results")
    row = labs.ResultRow(
        report="r5",
        name="Vitamin D",
        collected=None,
        reported=RESULT.reported,
        verified=RESULT.verified,
        abnormal=False,
        being_corrected=False,
        is_new=True,
    )
    place.back.answers[labs.GetResults] = labs.ResultsAnswer(results=(row,))
    hinted.set()
    expect(page.get_by_text("Vitamin D")).to_be_visible()
    expect(page.locator("#live-message")).to_contain_text("new information")
    assert place.back.last(labs.GetResults).headers["x-background"] == "1"
