"""In whose record one is: the address says it, and every page with it."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from contracts import identity, labs
from contracts.common import Caller, Role
from tests.unit.frontend.stub import Stub, problem
from tests.unit.frontend.stub_family import answer, choice, connection

PAGES = ("/home", "/results", "/results/r1", "/profile", "/profile/correction", "/access-log")
FAMILY = ("/connections", "/family/add", "/family/sent", "/requests", "/help")


def _title(page: str) -> str:
    return page.partition("<title>")[2].partition("</title>")[0]


def _strip(page: str) -> str:
    return page.partition('<div class="whose')[2].partition("</nav>")[0]


@pytest.mark.rule("R43")
@pytest.mark.parametrize("path", [*PAGES, *FAMILY])
def test_every_page_of_anothers_record_says_whose_it_is(parent: TestClient, path: str) -> None:
    page = parent.get(f"/for/ada{path}").text
    assert "You are looking at Ada&#39;s record. You act as a parent." in _strip(page)
    assert "Ada&#39;s record" in _title(page)
    assert 'class="for-other ' in page
    assert 'data-record="ada"' in page


@pytest.mark.parametrize("path", [*PAGES, *FAMILY])
def test_ones_own_record_looks_like_ones_own(parent: TestClient, path: str) -> None:
    page = parent.get(path).text
    assert "Your own record, Maria" in _strip(page)
    assert "record" not in _title(page).replace("this record", "")
    assert "for-other" not in page
    assert "data-record" not in page


@pytest.mark.rule("R43")
@pytest.mark.parametrize("path", PAGES)
def test_every_call_of_such_a_page_names_the_patient(
    parent: TestClient, back: Stub, path: str
) -> None:
    parent.get(f"/for/ada{path}")
    asked = [a for a in back.asked if a.name != "GetProfile"]
    assert asked
    assert {a.headers.get("x-patient") for a in asked} == {"ada"}
    back.asked.clear()
    parent.get(path)
    assert all("x-patient" not in a.headers for a in back.asked)


@pytest.mark.parametrize("path", [*PAGES, *FAMILY])
def test_every_link_and_form_stays_in_the_record(parent: TestClient, path: str) -> None:
    page = parent.get(f"/for/ada{path}").text
    for switching in (
        r'<nav aria-label="Whose record">.*?</nav>',
        r'<a class="(card person|button button-secondary)" href="(/for/\w+)?/home"',
    ):
        page = re.sub(switching, "", page, flags=re.DOTALL)
    leads = set(re.findall(r'(?:href|action)="(/[^"]*)"', page))
    assert "/for/ada/home" in leads
    outside = {at for at in leads if not at.startswith(("/for/ada/", "/static/"))}
    assert outside <= {"/sign-out", "/security", "/agreement?for=grandpa"}


def test_the_switcher_names_everybody_and_marks_who_is_in_view(parent: TestClient) -> None:
    strip = _strip(parent.get("/for/ada/results").text)
    assert '<a href="/for/ada/home" aria-current="true">' in strip
    assert strip.count("aria-current") == 1
    for href in ("/home", "/for/chidi/home", "/for/grandpa/home"):
        assert f'<a href="{href}">' in strip
    assert "Agreement needed first" in strip
    assert "Obi" not in strip, "nobody can switch to a record that is closed for good"


def test_who_comes_for_themselves_alone_has_nothing_to_switch(
    patient: TestClient, back: Stub
) -> None:
    page = patient.get("/home").text
    assert "Your own record, Rosa" in page
    assert "Switch person" not in page
    assert "Whose record would you like to see?" not in page
    assert "GetConnections" not in back.names()


def test_a_parent_without_an_own_record_lands_in_the_childs_address(browser: TestClient) -> None:
    browser.cookies.set("sid", "kim")
    assert browser.get("/home").headers["location"] == "/for/ada/home"
    assert browser.get("/results/r1").headers["location"] == "/for/ada/results/r1"


def test_two_tabs_are_in_two_records(parent: TestClient) -> None:
    assert "Ada&#39;s record" in _title(parent.get("/for/ada/results").text)
    assert "Chidi&#39;s record" in _title(parent.get("/for/chidi/results").text)
    assert "Ada&#39;s record" in _title(parent.get("/for/ada/home").text)


def test_a_print_of_a_childs_result_bears_the_childs_name(parent: TestClient) -> None:
    page = parent.get("/for/ada/results/r1").text
    assert "Patient: <strong>Ada Okafor</strong>" in page
    assert "Maria" not in page.partition("<main")[2]


@pytest.mark.rule("R33")
@pytest.mark.parametrize("patient", ["stranger", "old"])
def test_a_record_that_one_may_not_see_leads_to_connections(
    parent: TestClient, patient: str
) -> None:
    for path in PAGES:
        gone = parent.get(f"/for/{patient}{path}")
        assert gone.headers["location"] == "/connections?why=closed"
    page = parent.get("/connections?why=closed").text
    assert "That record cannot be shown now" in page
    assert "decides alone now" in page


def test_an_access_that_ends_between_two_calls_leads_there_too(
    parent: TestClient, back: Stub
) -> None:
    back.answers[labs.GetResults] = problem(403, "no-record", "There is no record in view.")
    assert parent.get("/for/ada/results").headers["location"] == "/connections?why=closed"
    back.answers[labs.GetResults] = problem(403, "agreement-due", "Accept first.")
    assert parent.get("/for/ada/results").headers["location"].startswith("/agreement?for=ada&then=")


def test_a_missing_result_is_only_a_missing_result(parent: TestClient) -> None:
    assert parent.get("/for/ada/results/r9").status_code == 404


def test_without_any_record_one_lands_on_connections(browser: TestClient, back: Stub) -> None:
    browser.cookies.set("sid", "lou")
    back.answers[identity.GetConnections] = answer()
    assert browser.get("/home").headers["location"] == "/connections?why=closed"
    assert "You are not connected to any record" in browser.get("/connections").text


def test_an_address_that_no_header_can_carry_is_no_page(parent: TestClient, back: Stub) -> None:
    for evil in ("a%0d%0aX-Evil:1", "%C3%A9", "a%22b", "x" * 65):
        assert parent.get(f"/for/{evil}/home").status_code == 404
    assert back.names() == []


def test_staff_have_no_record_of_their_own_here(browser: TestClient, back: Stub) -> None:
    back.callers["doctor"] = Caller(subject="s1", role=Role.PROVIDER, provider="chen")
    browser.cookies.set("sid", "doctor")
    for path in (*PAGES, "/connections", "/family/add", "/requests"):
        assert browser.get(path).status_code == 403


@pytest.mark.rule("R32")
def test_an_agreement_due_comes_first_and_then_where_they_were(
    parent: TestClient, back: Stub
) -> None:
    first = parent.get("/for/grandpa/results").headers["location"]
    assert first == "/agreement?for=grandpa&then=%2Ffor%2Fgrandpa%2Fresults"
    page = parent.get(first).text
    assert "Step 1 of 2" in page
    assert "For Emeka Okafor&#39;s record" in page
    assert "Terms of use, version 2." in page
    given = {"for": "grandpa", "version": "2", "then": "/for/grandpa/results", "key": "k1"}
    half = connection("grandpa", "Emeka", "caregiver", state="agreement-due", terms="2")
    back.answers[identity.GetConnections] = answer(half)
    page = parent.post("/agreement", data=given | {"document": "terms"}).text
    asked = back.last(identity.AcceptAgreement)
    assert asked.fields == {"patient": "grandpa", "document": "terms", "version": "2"}
    assert asked.headers["idempotency-key"] == "k1"
    assert "Step 2 of 2" in page
    assert "HIPAA agreement, version 2." in page
    back.answers[identity.GetConnections] = answer(connection("grandpa", "Emeka", "caregiver"))
    done = parent.post("/agreement", data=given | {"document": "hipaa", "key": "k2"})
    assert done.headers["location"] == "/for/grandpa/results"


@pytest.mark.rule("R32")
def test_the_own_agreement_is_found_without_being_named(browser: TestClient, back: Stub) -> None:
    back.callers["own"] = Caller(subject="a2", role=Role.PATIENT, barred="agreement-due")
    back.records["own"] = (choice("p2", "Lee", "self", "agreement-due"),)
    due = connection("p2", "Lee", "self", state="agreement-due")
    back.answers[identity.GetConnections] = answer(due)
    browser.cookies.set("sid", "own")
    assert browser.get("/home").headers["location"] == "/agreement?for=p2&then=%2Fhome"
    assert "For your own record" in browser.get("/agreement").text
    back.answers[identity.GetConnections] = answer(connection("p2", "Lee", "self"))
    assert browser.get("/agreement?for=p2").headers["location"] == "/home"


@pytest.mark.rule("R32")
def test_a_version_that_has_just_changed_is_read_anew(parent: TestClient, back: Stub) -> None:
    half = connection("grandpa", "Emeka", "caregiver", state="agreement-due", terms="2")
    back.answers[identity.GetConnections] = answer(half)
    back.answers[identity.AcceptAgreement] = problem(409, "version", "Another version.")
    page = parent.post("/agreement", data={"for": "grandpa", "document": "hipaa", "version": "1"})
    assert "This document has just changed" in page.text
    assert "HIPAA agreement, version 2." in page.text
    newer = connection("grandpa", "Emeka", "caregiver", state="agreement-due", terms="1")
    back.answers[identity.GetConnections] = answer(newer)
    back.answers[identity.AcceptAgreement] = problem(409, "order", "Terms first.")
    page = parent.post("/agreement", data={"for": "grandpa", "document": "hipaa", "version": "2"})
    assert "Terms of use, version 2." in page.text


@pytest.mark.parametrize("then", ["//evil.example", "/\\evil.example", "https://evil.example", ""])
def test_after_the_agreement_nobody_is_led_to_another_site(
    parent: TestClient, back: Stub, then: str
) -> None:
    back.answers[identity.GetConnections] = answer(connection("grandpa", "Emeka", "caregiver"))
    given = {"for": "grandpa", "document": "hipaa", "version": "2", "then": then}
    assert parent.post("/agreement", data=given).headers["location"] == "/for/grandpa/home"


@pytest.mark.rule("R54", "R42")
def test_home_says_what_waits_and_which_birthday_comes(parent: TestClient, back: Stub) -> None:
    page = parent.get("/home").text
    assert "Chidi turns 12 on March 24, 2026" in page
    assert "recorded from the age of 12 through 17 is not available in the portal" in page
    assert "until Chidi is 18" not in page, "the hidden years stay hidden (decision c)"
    assert "Ada turns 12" not in page, "four years ahead is nothing to be told of now"
    assert "We need another e-mail address for Zora" in page
    assert 'href="/connections/zora/mail"' in page
    assert 'href="/agreement?for=grandpa"' in page
    soon = connection("ada", "Ada", turns_18="2026-04-03")
    later = connection("chidi", "Chidi", turns_18="2026-04-04")
    back.answers[identity.GetConnections] = answer(soon, later)
    page = parent.get("/home").text
    assert "Ada turns 18 on April 3, 2026" in page
    assert "Chidi turns 18" not in page


def test_the_page_in_another_language_is_about_the_same_record(parent: TestClient) -> None:
    page = parent.get("/agreement?for=grandpa&then=/for/grandpa/results").text
    link = re.search(r'href="(\?[^"]*lang=es[^"]*)"', page)
    assert link
    spanish = parent.get("/agreement" + link.group(1).replace("&amp;", "&")).text
    assert "Para el historial de Emeka Okafor" in spanish
    assert 'name="then" value="/for/grandpa/results"' in spanish
