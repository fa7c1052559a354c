"""The help page: whom to call, when, and what to do."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest
from starlette.testclient import TestClient

from contracts import practice
from contracts.practice import Hours
from frontend.presenters.opening import stretches
from tests.unit.frontend.stub import CLOSED, PROFILE, Stub, problem


def _section(page: str, id: str) -> str:
    return page.partition(f'aria-labelledby="{id}"')[2].partition("</section>")[0]


@pytest.mark.rule("R61")
def test_each_telephone_stands_in_its_place(browser: TestClient) -> None:
    page = browser.get("/help").text
    talk = _section(page, "talk")
    help_line, _, after_hours = talk.partition("Outside our opening hours")
    assert 'href="tel:+18669171690"' in help_line
    assert 'href="tel:+18772902133"' in after_hours
    assert 'href="tel:+18772902133"' in _section(page, "registering")


@pytest.mark.rule("R58")
def test_open_now_and_the_hours_also_in_the_readers_time(browser: TestClient) -> None:
    page = _section(browser.get("/help").text, "write")
    assert "portal@harborview.example" in page
    assert "Open now" in page
    assert "Monday to Friday, 8:30 am to 5:30 pm" in page
    assert "America/Los Angeles" in page
    assert 'data-own-time="America/Los_Angeles" hidden' in page


@pytest.mark.rule("R58")
def test_while_closed_it_says_when_it_opens_next(browser: TestClient, back: Stub) -> None:
    back.answers[practice.GetProfile] = CLOSED
    page = _section(browser.get("/help").text, "write")
    assert "Closed now" in page
    assert "Opens Monday, March 9, 2026 at 8:30 am" in page
    assert '<time datetime="2026-03-09T08:30:00-07:00">' in page


@pytest.mark.rule("R58")
def test_hours_are_instants_of_the_next_such_day_over_a_change_of_the_clock() -> None:
    hours = tuple(Hours(weekday=day, opens=time(9), closes=time(17)) for day in (0, 1, 3))
    profile = PROFILE.model_copy(update={"support_hours": hours})
    friday_before_summer_time = datetime(2026, 3, 6, 20, tzinfo=UTC)
    first, second = stretches(profile, friday_before_summer_time, "en")
    assert first.words == "Monday to Tuesday, 9:00 am to 5:00 pm"
    assert (first.opens, first.closes) == (
        "2026-03-09T09:00:00-07:00",
        "2026-03-09T17:00:00-07:00",
    )
    assert second.words.startswith("Thursday")
    already_saturday_in_utc = datetime(2026, 3, 7, 3, tzinfo=UTC)
    assert stretches(profile, already_saturday_in_utc, "en")[0].opens == first.opens


@pytest.mark.rule("R57", "R58", "R59", "R60", "R63")
def test_it_says_what_to_do(browser: TestClient) -> None:
    page = browser.get("/help").text
    for words in (
        "1 to 2 business days",
        "Customer support corrects it",
        "Only your doctor&#39;s office can correct it. Please call them.",
        "never send text messages (SMS)",
        "good for 60 days",
        "call 911",
    ):
        assert words in page


def test_help_is_for_everybody_and_keeps_the_menu_of_who_is_signed_in(
    browser: TestClient, back: Stub
) -> None:
    assert 'href="/sign-in"' in browser.get("/help").text
    browser.cookies.set("sid", "parent")
    page = browser.get("/for/ada/help").text
    assert 'href="/for/ada/results"' in page
    assert "Ada&#39;s record" in page
    browser.cookies.set("sid", "support")
    assert 'class="main-nav"' not in browser.get("/help").text


def test_help_is_linked_from_every_page(browser: TestClient) -> None:
    for path in ("/", "/register", "/sign-in", "/nowhere"):
        assert browser.get(path).text.count('href="/help"') == 2


def test_help_stands_while_the_gateway_is_away(browser: TestClient, back: Stub) -> None:
    browser.get("/help")
    back.answers[practice.GetProfile] = problem(503, "unavailable", "Nobody answers.")
    browser.app.state.gateway._profile_at = -1000.0  # type: ignore[attr-defined]
    page = browser.get("/help")
    assert page.status_code == 200
    assert 'href="tel:+18669171690"' in page.text
