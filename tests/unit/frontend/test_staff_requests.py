"""Support's queue of requests: one person each, two business days (S1, S3, S13, R57, R59)."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from contracts import identity
from tests.unit.frontend.stub import Stub, problem

AT = "/staff/requests"


@pytest.fixture
def support(browser: TestClient) -> TestClient:
    """Support, at a browser without scripts."""
    browser.cookies.set("sid", "support")
    return browser


@pytest.mark.rule("R57", "S1")
def test_the_queue_says_kind_due_and_who_works_on_it(support: TestClient) -> None:
    page = support.get(AT).text
    assert page.index("/q1") < page.index("/q2") < page.index("/q4")
    for said in (
        "1 overdue", "Parent asks for access", "Profile correction: date of birth",
        "Notice of the portal", "Taken by Kim Doyle", "Yours", "Due March 6, 2026", "Alvarez, Rosa",
    ):  # fmt: skip
        assert said in page
    assert "is-late" in page


def test_the_queue_looks_again_by_itself(support: TestClient, back: Stub) -> None:
    assert '<main id="main" tabindex="-1" data-live>' in support.get(AT).text
    back.answers[identity.GetItems] = identity.ItemsAnswer(items=())
    assert "Nothing waits" in support.get(AT).text


@pytest.mark.rule("S1")
def test_an_item_is_taken_before_anything_is_done(support: TestClient, back: Stub) -> None:
    page = support.get(f"{AT}/q4").text
    assert "/q4/take" in page
    assert "/close" not in page
    assert "/relations/new" not in page
    taken = support.post(f"{AT}/q4/take", data={"key": "k1"})
    assert taken.headers["location"] == f"{AT}/q4?done=taken"
    assert back.last(identity.TakeItem).headers["idempotency-key"] == "k1"


@pytest.mark.rule("S1")
def test_two_people_cannot_take_the_same_item(support: TestClient, back: Stub) -> None:
    sentence = "A colleague is working on this item."
    back.answers[identity.TakeItem] = problem(409, "taken", sentence)
    late = support.post(f"{AT}/q4/take", data={"key": "k"})
    assert late.status_code == 422
    assert sentence in late.text
    others = support.get(f"{AT}/q5").text
    assert "Kim Doyle took it" in others
    assert "/close" not in others
    assert "/correct" not in others


@pytest.mark.rule("S3", "R54")
def test_a_relation_stands_beside_the_records_that_it_may_mean(support: TestClient) -> None:
    page = support.get(f"{AT}/q1").text
    assert "I can bring his birth certificate" in page
    assert "5 same" in page
    assert 'href="/staff/patients/p7/relations/new?item=q1"' in page


@pytest.mark.rule("S3")
def test_a_record_that_was_searched_for_can_be_chosen(support: TestClient, back: Stub) -> None:
    page = support.post(f"{AT}/q1/find", data={"text": "Lindqvist"}).text
    assert 'href="/staff/patients/p3/relations/new?item=q1"' in page
    assert back.last(identity.FindPatients).fields == {"text": "Lindqvist"}
    assert support.post(f"{AT}/q1/find", data={"text": " "}).status_code == 422


@pytest.mark.rule("S13", "R59")
def test_a_correction_stands_beside_the_record(support: TestClient) -> None:
    page = support.get(f"{AT}/q2").text
    assert "I was born on March 27, 1986." in page
    assert "March 27, 1985" in page
    assert 'href="/staff/patients/p1/correct?item=q2"' in page


def test_a_notice_is_read_and_closed(support: TestClient, back: Stub) -> None:
    page = support.get(f"{AT}/q3").text
    assert "Somebody tried the code." in page
    assert "/correct" not in page
    sent = {"key": "k", "kind": "notice", "answer": "Called the patient"}
    done = support.post(f"{AT}/q3/close", data=sent)
    assert done.headers["location"] == f"{AT}?done=read"
    assert back.last(identity.CloseItem).fields == {"item": "q3", "answer": "Called the patient"}


@pytest.mark.rule("R59")
def test_refusing_a_request_takes_an_answer(support: TestClient, back: Stub) -> None:
    sent = {"key": "k", "kind": "correction", "answer": ""}
    empty = support.post(f"{AT}/q2/close", data=sent)
    assert empty.status_code == 422
    assert 'href="#answer"' in empty.text
    assert "CloseItem" not in back.names()
    done = support.post(f"{AT}/q2/close", data=sent | {"answer": "Please send a copy."})
    assert done.headers["location"] == f"{AT}?done=answered"
    assert "Who asked can read your answer" in support.get(done.headers["location"]).text


def test_an_item_that_is_not_there_is_not_found(support: TestClient) -> None:
    assert support.get(f"{AT}/q99").status_code == 404
