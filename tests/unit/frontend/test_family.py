"""Asking to be connected, and what became of it."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from contracts import identity
from tests.unit.frontend.stub import Stub, problem

TWO = {
    "key": "k1",
    "count": "2",
    "basis": "parent",
    "given-0": "Ada",
    "family-0": "Okafor",
    "born-0_month": "5",
    "born-0_day": "1",
    "born-0_year": "2018",
    "zip-0": "94607",
    "given-1": "Chidi",
    "family-1": "Okafor",
    "born-1_month": "3",
    "born-1_day": "24",
    "born-1_year": "2014",
    "says": "Call me after five.",
}


@pytest.mark.rule("R54")
def test_a_parent_asks_for_two_children_at_once(parent: TestClient, back: Stub) -> None:
    sent = parent.post("/family/add", data=TWO)
    assert sent.headers["location"] == "/family/sent"
    asked = back.last(identity.RequestRelation)
    assert asked.headers["idempotency-key"] == "k1"
    people = [(p["given"], p["born"], p["zip"]) for p in asked.fields["people"]]
    assert people == [("Ada", "2018-05-01", "94607"), ("Chidi", "2014-03-24", "")]
    assert asked.fields["says"] == "Call me after five."


def test_another_person_is_added_without_scripts_and_nothing_is_lost(
    parent: TestClient, back: Stub
) -> None:
    assert parent.get("/family/add").text.count("<legend>Person") == 1
    page = parent.post("/family/add", data=TWO | {"more": "1"}).text
    assert page.count("<legend>Person") == 3
    assert 'name="count" value="3"' in page
    assert 'value="Chidi"' in page
    assert 'value="2014"' in page
    assert "RequestRelation" not in back.names()
    page = parent.post("/family/add", data=TWO | {"fewer": "1"}).text
    assert page.count("<legend>Person") == 1


def test_there_are_never_more_than_six_and_never_none(parent: TestClient) -> None:
    full = parent.post("/family/add", data=TWO | {"count": "6", "more": "1"}).text
    assert full.count("<legend>Person") == 6
    assert 'name="more"' not in full
    for odd in ("0", "-3", "many", "999999", ""):
        page = parent.post("/family/add", data=TWO | {"count": odd, "fewer": "1"}).text
        assert 1 <= page.count("<legend>Person") <= 6


def test_what_is_missing_stands_beside_its_field(parent: TestClient, back: Stub) -> None:
    answer = parent.post("/family/add", data={"count": "2", "given-0": "Ada", "born-1_month": "13"})
    assert answer.status_code == 422
    for id in ("basis", "family-0", "born-0", "given-1", "born-1"):
        assert f'href="#{id}"' in answer.text
        assert f'id="{id}"' in answer.text
    assert "Enter the first name of person 2" in answer.text
    assert 'id="given-0-error"' not in answer.text
    assert back.names() == ["session"]


def test_what_identity_refuses_stands_beside_its_field(parent: TestClient, back: Stub) -> None:
    errors = {"people.1.given": "Too long.", "says": "Too long."}
    back.answers[identity.RequestRelation] = problem(422, "invalid", "Not right.", errors)
    page = parent.post("/family/add", data=TWO).text
    assert 'id="given-1-error"' in page
    assert "Use at most 1,000 characters" in page


@pytest.mark.rule("R54")
def test_the_form_says_what_staff_will_ask_for(parent: TestClient) -> None:
    page = parent.get("/family/add").text
    assert "birth certificate, an adoption order or a custody order" in page
    assert "guardianship, a court order" in page


@pytest.mark.rule("R48")
def test_the_answer_is_one_page_whoever_was_described(parent: TestClient) -> None:
    first = parent.post("/family/add", data=TWO)
    second = parent.post("/family/add", data=TWO | {"given-0": "Nobody", "key": "k2"})
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert dict(first.headers) == dict(second.headers)
    page = parent.get("/family/sent").text
    assert "within 2 business days" in page
    assert "does not say who is a patient" in page
    assert 'href="/requests"' in page


def test_asking_for_a_connection_belongs_to_connections(parent: TestClient) -> None:
    assert '<a href="/connections" aria-current="true">' in parent.get("/family/add").text


@pytest.mark.rule("R57")
def test_each_request_shows_how_far_it_is(parent: TestClient) -> None:
    page = parent.get("/requests").text
    waiting, taken, done, refused = page.split("<article")[1:]
    assert "Chidi Okafor, as a parent" in waiting
    assert 'Received</span> <span class="soft small">March 3, 2026 at 12:00 pm' in waiting
    assert "Waits for our staff" in waiting
    assert "Answer by March 5, 2026" in waiting
    assert waiting.count('class="reached"') == 1
    assert "<p>Chidi: Address</p>" in taken, "which record and what, in words"
    assert "Being checked by our staff" in taken
    assert taken.count('class="reached"') == 2
    assert "Done</span>" in done
    assert done.count('class="reached"') == 3
    assert "Our answer:</strong> The certificate says the other day." in refused
    assert "Answer by" not in done + refused
    assert "Chidi: Fecha de nacimiento" in parent.get("/requests?lang=es").text


@pytest.mark.rule("R33")
def test_a_request_about_a_record_that_is_not_connected_any_more_names_nobody(
    parent: TestClient, back: Stub
) -> None:
    back.records["parent"] = back.records["parent"][:1]
    page = parent.get("/requests")
    assert page.status_code == 200
    assert "<p>Address</p>" in page.text


def test_who_asked_for_nothing_reads_so(parent: TestClient, back: Stub) -> None:
    back.answers[identity.GetMyRequests] = identity.MyRequestsAnswer(requests=())
    assert "No requests" in parent.get("/requests").text
