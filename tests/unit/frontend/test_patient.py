"""Signing in, home and results."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from contracts import labs
from contracts.common import Caller, Role
from contracts.labs import ResultsAnswer
from tests.unit.frontend.stub import PASSWORD, RESULT, Stub, problem, value


def _form(who: str, password: str = PASSWORD) -> dict[str, str]:
    return {"email": f"{who}@harborview.example", "password": password}


def test_the_role_decides_where_a_person_begins(browser: TestClient, back: Stub) -> None:
    back.callers["doctor"] = Caller(subject="a2", role=Role.PROVIDER, provider="chen")
    assert browser.post("/sign-in", data=_form("patient")).headers["location"] == "/home"
    assert browser.post("/sign-in", data=_form("doctor")).headers["location"] == "/staff"


def test_a_refused_sign_in_keeps_the_address_and_not_the_password(browser: TestClient) -> None:
    answer = browser.post("/sign-in", data=_form("patient", "something-wrong"))
    assert answer.status_code == 422
    assert "or the password is not right" in answer.text
    assert "patient@harborview.example" in answer.text
    assert "something-wrong" not in answer.text
    assert browser.post("/sign-in", data={}).status_code == 422


@pytest.mark.rule("R45")
def test_signed_out_pages(browser: TestClient) -> None:
    assert browser.get("/home").headers["location"].startswith("/sign-in?why=signed-out")
    assert browser.get("/results", headers={"x-background": "1"}).status_code == 401
    assert "You were signed out" in browser.get("/sign-in?why=signed-out").text
    assert "no activity" in browser.get("/signed-out?why=idle").text


def test_signing_out(patient: TestClient) -> None:
    answer = patient.post("/sign-out")
    assert answer.headers["location"] == "/signed-out"
    assert "sid=" in answer.headers["set-cookie"]
    assert "Max-Age=0" in answer.headers["set-cookie"]


@pytest.mark.rule("R45")
def test_signed_in_pages_know_when_the_limit_comes(patient: TestClient, back: Stub) -> None:
    back.idle_in = 480
    for page in ("/home", "/results", "/results/r1"):
        text = patient.get(page).text
        assert 'data-idle-in="480"' in text
        assert 'content="482; url=/signed-out?why=idle"' in text


def test_home_greets_and_counts_what_is_new(patient: TestClient, back: Stub) -> None:
    page = patient.get("/home").text
    assert "Hello, Rosa" in page
    assert "You have 2 new test results" in page
    back.answers[labs.GetResults] = ResultsAnswer(results=())
    assert "no new test results" in patient.get("/home").text


@pytest.mark.rule("R7")
def test_the_list_shows_dates_and_states(patient: TestClient) -> None:
    page = patient.get("/results").text
    assert "<main" in page
    assert "data-live" in page
    assert "Collected: March 2, 2026" in page
    assert "Reported: March 3, 2026" in page
    assert [page.count(f">{tag}<") for tag in ("New", "Outside range", "Being corrected")] == [
        2,
        1,
        1,
    ]


@pytest.mark.rule("R20", "R21", "R31")
def test_the_help_text_is_always_the_same(patient: TestClient, back: Stub) -> None:
    def help_of(page: str) -> str:
        return page.partition('<section class="help-text')[2].partition("</section>")[0]

    full = help_of(patient.get("/results").text)
    back.answers[labs.GetResults] = ResultsAnswer(results=())
    empty = patient.get("/results").text
    assert "No results yet" in empty
    assert help_of(empty) == full
    for words in ("outside Harbor View", "radiology reports", "certain laboratory", "after a week"):
        assert words in full


@pytest.mark.rule("R7")
def test_a_result_shows_each_part_of_each_value(patient: TestClient) -> None:
    page = patient.get("/results/r1").text
    for words in (
        "LDL cholesterol",
        "142",
        "mg/dL",
        "Usual range: 0 - 99",
        "Above the usual range",
        "Within the usual range",
        "&lt;5",
        "Slightly hemolyzed.",
        "Preliminary",
        "Note from the laboratory",
        "March 2, 2026 at 12:00 pm",
        "Alice Chen, MD on March 4, 2026 at 12:00 pm",
        "Fasting specimen.",
        "Patient: <strong>Rosa Alvarez</strong>",
    ):
        assert words in page
    assert page.count('class="range-bar"') == 3
    assert page.count("<table>") == page.count('class="trend"') == 2


def test_opening_a_result_marks_it_seen_each_time(patient: TestClient, back: Stub) -> None:
    patient.get("/results/r1")
    asked = back.last(labs.MarkSeen)
    assert asked.fields == {"report": "r1"}
    assert "idempotency-key" not in asked.headers, "a stored answer would leave it new for ever"
    count = len(back.names())
    patient.get("/results/r1", headers={"x-background": "1"})
    assert back.names()[count:] == ["session", "GetResult"]


def test_a_result_that_cannot_be_marked_is_shown(patient: TestClient, back: Stub) -> None:
    back.answers[labs.MarkSeen] = problem(503, "unavailable", "Nobody answers.")
    assert patient.get("/results/r1").status_code == 200
    back.answers[labs.MarkSeen] = problem(401, "signed-out", "Signed out.")
    assert patient.get("/results/r1").status_code == 303


def test_a_result_being_corrected_shows_no_value(patient: TestClient, back: Stub) -> None:
    back.answers[labs.GetResult] = RESULT.model_copy(update={"being_corrected": True})
    page = patient.get("/results/r1").text
    assert "This result is being corrected" in page
    assert "142" not in page
    assert "Fasting" not in page


def test_what_is_not_there_has_one_page(patient: TestClient) -> None:
    assert patient.get("/results/r9").status_code == 404
    assert patient.get("/results/r8").content == patient.get("/results/r9").content


def test_what_the_laboratory_wrote_is_never_markup(patient: TestClient, back: Stub) -> None:
    evil = value("x", "<b>name</b>", "<script>alert(1)</script>")
    back.answers[labs.GetResult] = RESULT.model_copy(update={"values": (evil,)})
    page = patient.get("/results/r1").text
    assert "<script>alert" not in page
    assert "<b>name" not in page
