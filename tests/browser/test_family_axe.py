"""The pages of a family in a real browser: accessibility, 320 px, switching, live updates."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from contracts import practice
from tests.browser.accessibility import check
from tests.browser.conftest import Place
from tests.unit.frontend.stub import CLOSED

pytestmark = pytest.mark.browser

PAGES = (
    "/home",
    "/for/ada/home",
    "/for/ada/results/r1",
    "/for/ada/results/missing",
    "/connections?why=closed",
    "/connections?done=removed",
    "/connections/ada/remove",
    "/connections/zora/mail",
    "/agreement?for=grandpa",
    "/family/add",
    "/family/sent",
    "/requests",
    "/for/ada/profile",
    "/profile/correction",
    "/access-log",
    "/help",
    "/signed-out?why=left",
)


@pytest.fixture
def page(page: Page, place: Place) -> Page:
    """The small phone, signed in as a mother who acts for a family."""
    page.context.add_cookies([{"name": "sid", "value": "parent", "url": place.url}])
    return page


@pytest.mark.rule("R62", "R33")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["en", "es"])
def test_every_page_is_accessible_and_fits_a_small_phone(
    page: Page, scheme: str, lang: str
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(f"/help?lang={lang}")
    for where in PAGES:
        page.goto(where)
        check(page, where)
        for menu in page.locator("details.menu").all():
            menu.locator("summary").click()
            check(page, f"{where} with a menu open")
            page.keyboard.press("Escape")
            expect(menu.locator("summary")).to_be_focused()


@pytest.mark.rule("R62", "R43")
def test_switching_person_with_the_keyboard(page: Page, place: Place) -> None:
    page.goto("/home")
    page.get_by_text("Switch person").focus()
    page.keyboard.press("Enter")
    page.get_by_role("navigation", name="Whose record").get_by_role("link", name="Ada").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{place.url}/for/ada/home")
    expect(page.get_by_text("You are looking at Ada's record.")).to_be_visible()
    expect(page).to_have_title("Home - Ada's record - Harbor View Medical Group")


@pytest.mark.rule("R33")
def test_an_access_that_ends_clears_the_open_page_at_the_next_hint(
    page: Page, place: Place
) -> None:
    hinted, asked = threading.Event(), []

    def hints(request: Request) -> Response:
        asked.append(request.query_params.get("patient"))

        def flow() -> Iterator[bytes]:
            yield b": still here\n\n"
            hinted.wait(20)
            yield b"event: changed\ndata:\n\n"

        return StreamingResponse(flow(), media_type="text/event-stream")

    place.back.extra["/api/v1/live"] = hints
    page.goto("/for/ada/results")
    expect(page.get_by_text("Lipid panel")).to_be_visible()
    place.back.records["parent"] = place.back.records["parent"][:1]
    hinted.set()
    expect(page).to_have_url(f"{place.url}/connections?why=closed")
    assert asked[0] == "ada"


@pytest.mark.rule("R58")
def test_opening_hours_also_in_the_readers_own_time(page: Page, place: Place) -> None:
    place.back.answers[practice.GetProfile] = CLOSED
    assert page.context.browser
    east = page.context.browser.new_context(base_url=place.url, timezone_id="America/New_York")
    there = east.new_page()
    there.goto("/help")
    expect(there.get_by_text("Where you are: 11:30 AM to 8:30 PM")).to_be_visible()
    east.close()
    west = page.context.browser.new_context(base_url=place.url, timezone_id="America/Los_Angeles")
    here = west.new_page()
    here.goto("/help")
    expect(here.get_by_text("Opens Monday")).to_be_visible()
    expect(here.get_by_text("Where you are").first).to_be_hidden()
    west.close()
