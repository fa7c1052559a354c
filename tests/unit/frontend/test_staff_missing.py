"""The desk behind missing results, and what came for one patient: the pages (S12, R21)."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from contracts import labs
from tests.unit.frontend.stub import Stub, problem
from tests.unit.frontend.stub_missing import mine

AT = "/staff/missing"
CONTACT = "Please contact the office of Alice Chen, MD, who ordered this test. They can tell you about it."


@pytest.fixture
def support(browser: TestClient) -> TestClient:
    """Support, at a browser without scripts."""
    browser.cookies.set("sid", "support")
    return browser


@pytest.fixture
def policy(browser: TestClient) -> TestClient:
    """Somebody of release policy."""
    browser.cookies.set("sid", "policy")
    return browser


@pytest.mark.rule("S12")
def test_the_queue_says_what_is_due_and_who_works_on_it(support: TestClient) -> None:
    page = support.get(AT).text
    assert page.index('id="t1"') < page.index('id="t2"') < page.index('id="t3"')
    for said in (
        "1 overdue", "Overdue since March 2, 2026", "Yours", "Taken by Kim Doyle", "Vitamin D",
        "Due March 6, 2026", "Alvarez, Rosa", "Lindqvist-Montgomery, Grace", "is-late",
        "Collected February 12, 2026",
    ):  # fmt: skip
        assert said in page
    assert "data-live" in page


@pytest.mark.rule("S12")
def test_a_question_is_taken_before_it_is_answered(support: TestClient, back: Stub) -> None:
    page = support.get(AT).text
    assert "/t3/take" in page
    assert "/t3/answer" not in page
    assert "/t2/take" not in page
    assert "/t2/answer" not in page
    done = support.post(f"{AT}/t3/take", data={"key": "k"})
    assert done.headers["location"] == f"{AT}?done=taken#t3"
    asked = back.last(labs.TakeMissing)
    assert asked.fields == {"ticket": "t3"}
    assert asked.headers["idempotency-key"] == "k"
    back.answers[labs.TakeMissing] = problem(409, "taken", "A colleague works on this question.")
    late = support.post(f"{AT}/t3/take", data={"key": "k"})
    assert late.status_code == 422
    assert "A colleague works on this question." in late.text


@pytest.mark.rule("S12", "R21")
def test_there_are_two_answers_in_the_words_that_the_patient_reads(
    support: TestClient, back: Stub
) -> None:
    page = support.get(AT).text
    assert page.count('type="radio"') == 2
    assert CONTACT in page
    assert "This result is in the portal now." in page
    unsaid = support.post(f"{AT}/t1/answer", data={"key": "k", "field": "reply-1"})
    assert unsaid.status_code == 422
    assert 'href="#reply-1"' in unsaid.text
    chosen = {"key": "k", "field": "reply-1", "reply-1": "contact-provider"}
    done = support.post(f"{AT}/t1/answer", data=chosen)
    assert done.headers["location"] == f"{AT}?done=told"
    asked = back.last(labs.AnswerMissing)
    assert asked.fields == {"ticket": "t1", "reply": "contact-provider"}
    assert asked.headers["idempotency-key"] == "k"
    back.answers[labs.GetMyMissing] = labs.MyMissingAnswer(
        tickets=(mine("t1", "answered", "contact-provider"),)
    )
    support.cookies.set("sid", "patient")
    assert CONTACT in support.get("/results/missing").text


@pytest.mark.rule("S12")
def test_no_answer_can_be_made_up(support: TestClient, back: Stub) -> None:
    made_up = {"key": "k", "field": "reply-1", "reply-1": "It is blocked"}
    assert support.post(f"{AT}/t1/answer", data=made_up).status_code == 422
    assert "AnswerMissing" not in back.names()


@pytest.mark.rule("S12")
def test_support_sees_whose_question_and_policy_what_came(browser: TestClient, back: Stub) -> None:
    browser.cookies.set("sid", "support")
    assert "/staff/trail/" not in browser.get(AT).text
    assert browser.get("/staff/trail/p1").status_code == 403
    browser.cookies.set("sid", "policy")
    back.asked.clear()
    page = browser.get(AT).text
    assert 'href="/staff/trail/p1"' in page
    assert "Alvarez" not in page
    assert "GetPatients" not in back.names()


@pytest.mark.rule("S12")
def test_the_trail_says_where_each_order_and_report_stands(policy: TestClient, back: Stub) -> None:
    page = policy.get("/staff/trail/p1").text
    assert back.last(labs.GetTrail).fields == {"patient": "p1"}
    for said in (
        "Blocked", "Hepatitis A to E", "Ordered, nothing came yet",
        "Judged by release policy 2026-01-01.a1b2", "In the portal", "F-100", 'href="/staff/explain/r7"',
    ):  # fmt: skip
        assert said in page
    assert page.count("/staff/explain/") == 2  # an order without a report has nothing to explain
    back.answers[labs.GetTrail] = labs.TrailAnswer(rows=())
    assert "Nothing came" in policy.get("/staff/trail/p1").text


@pytest.mark.parametrize("who", ["patient", "provider", "clinic", "billing", "sre"])
def test_the_desk_is_not_for_everybody(browser: TestClient, who: str) -> None:
    browser.cookies.set("sid", who)
    assert browser.get(AT).status_code == 403
    assert browser.get("/staff/trail/p1").status_code == 403


def test_an_empty_queue_says_so(support: TestClient, back: Stub) -> None:
    back.answers[labs.GetMissingTickets] = labs.MissingTicketsAnswer(tickets=())
    assert "Nobody misses a result" in support.get(AT).text
