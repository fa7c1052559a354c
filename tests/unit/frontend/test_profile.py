"""The profile, and asking for a correction."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from contracts import identity
from tests.unit.frontend.stub import Stub, problem


def test_the_card_of_the_record_in_view(parent: TestClient, back: Stub) -> None:
    own = parent.get("/profile").text
    assert back.last(identity.GetPatient).fields == {"patient": "m1"}
    for words in ("Maria Okafor", "May 1, 2018", "Female", "12 Harbor Way, Oakland, CA 94607"):
        assert words in own
    child = parent.get("/for/ada/profile").text
    assert back.last(identity.GetPatient).fields == {"patient": "ada"}
    assert "Ada Okafor" in child
    assert "Who our records say that Ada is" in child


@pytest.mark.rule("R59")
def test_nothing_can_be_edited_only_asked_for(parent: TestClient, back: Stub) -> None:
    page = parent.get("/profile").text
    assert "<input" not in page.partition("<main")[2].partition("</main")[0]
    assert "Nothing changes until they have" in page
    assert 'href="tel:+18669171690"' in page
    assert 'href="/profile/correction"' in page
    assert back.names() == ["session", "GetPatient"]


@pytest.mark.rule("R59")
def test_a_correction_is_a_request_about_the_record_in_view(parent: TestClient, back: Stub) -> None:
    given = {"field": "born", "says": "It is May 2, 2018", "key": "k1"}
    sent = parent.post("/for/ada/profile/correction", data=given)
    assert sent.headers["location"] == "/for/ada/profile?done=sent"
    asked = back.last(identity.RequestCorrection)
    assert asked.fields == {"field": "born", "says": "It is May 2, 2018"}
    assert asked.headers["x-patient"] == "ada"
    assert asked.headers["idempotency-key"] == "k1"
    page = parent.get("/for/ada/profile?done=sent").text
    assert "We have your request" in page
    assert 'href="/for/ada/requests"' in page


@pytest.mark.rule("R59", "R60")
def test_the_form_asks_what_and_how_and_sends_health_questions_elsewhere(
    parent: TestClient, back: Stub
) -> None:
    assert "Only your doctor&#39;s office can correct it" in parent.get("/profile/correction").text
    wrong = parent.post("/profile/correction", data={"field": "password", "says": "x"})
    assert wrong.status_code == 422
    assert "Choose what is wrong" in wrong.text
    assert "Say what it should be" in wrong.text
    assert "RequestCorrection" not in back.names()
    back.answers[identity.RequestCorrection] = problem(422, "invalid", "No.", {"says": "Too long."})
    wrong = parent.post("/profile/correction", data={"field": "name", "says": "Maria O."})
    assert 'id="says-error"' in wrong.text
    assert "Maria O." in wrong.text
