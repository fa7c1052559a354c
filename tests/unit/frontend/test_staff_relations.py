"""Verifying that a parent or legal caregiver may act for a patient (S3, R42-R44, R54)."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from contracts import identity
from tests.unit.frontend.stub import Stub, problem

AT = "/staff/patients/p7/relations/new"
GIVEN = {
    "key": "k", "item": "", "given": "Maria", "family": "Okafor", "email": "maria@mail.example",
    "basis": "parent", "evidence": "birth-certificate", "since_month": "3", "since_day": "4",
    "since_year": "2026", "until_month": "", "until_day": "", "until_year": "", "contact": "",
}  # fmt: skip


@pytest.fixture
def support(browser: TestClient) -> TestClient:
    """Support, at a browser without scripts."""
    browser.cookies.set("sid", "support")
    return browser


@pytest.mark.rule("S3")
def test_a_verified_relation_is_sent_whole(support: TestClient, back: Stub) -> None:
    until = {"until_month": "1", "until_day": "31", "until_year": "2027"}
    more = until | {"contact": "other@mail.example", "item": "q1"}
    done = support.post(AT, data=GIVEN | more)
    assert done.headers["location"] == "/staff/patients/p7?done=related"
    asked = back.last(identity.VerifyRelation)
    assert asked.headers["idempotency-key"] == "k"
    assert asked.fields == {
        "patient": "p7", "email": "maria@mail.example", "given": "Maria", "family": "Okafor",
        "basis": "parent", "evidence": "birth-certificate", "since": "2026-03-04",
        "until": "2027-01-31", "contact": "other@mail.example", "item": "q1",
        "registration": None,
    }  # fmt: skip


@pytest.mark.rule("S3")
def test_what_is_optional_is_sent_as_nothing(support: TestClient, back: Stub) -> None:
    support.post(AT, data=GIVEN)
    fields = back.last(identity.VerifyRelation).fields
    assert (fields["until"], fields["contact"], fields["item"]) == (None, None, None)


@pytest.mark.rule("S3")
@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"given": " "}, "given"),
        ({"family": ""}, "family"),
        ({"email": ""}, "email"),
        ({"basis": ""}, "basis"),
        ({"evidence": ""}, "evidence"),
        ({"since_month": "13"}, "since"),
        ({"since_month": "", "since_day": "", "since_year": ""}, "since"),
        ({"until_day": "1"}, "until"),
    ],
)
def test_nothing_is_sent_while_something_is_missing(
    support: TestClient, back: Stub, wrong: dict[str, str], field: str
) -> None:
    answer = support.post(AT, data=GIVEN | wrong)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert f'id="{field}-error"' in answer.text
    assert "VerifyRelation" not in back.names()


@pytest.mark.rule("S3", "R42", "R44")
@pytest.mark.parametrize(
    ("code", "field", "status"),
    [
        ("evidence", "evidence", 422),
        ("grown-up", "basis", 422),
        ("dates", "until", 422),
        ("not-enrolled", "email", 409),
        ("needs-contact", "contact", 409),
        ("address-in-use", "contact", 409),
        ("connected", "email", 409),
    ],
)
def test_each_refusal_stands_beside_its_field(
    support: TestClient, back: Stub, code: str, field: str, status: int
) -> None:
    sentence = f"A sentence about {code}."
    back.answers[identity.VerifyRelation] = problem(status, code, sentence, {field: sentence})
    answer = support.post(AT, data=GIVEN)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert sentence in answer.text.partition(f'id="{field}-error"')[2]
    assert 'value="maria@mail.example"' in answer.text


@pytest.mark.rule("S3")
def test_a_refusal_without_a_field_is_said_on_top(support: TestClient, back: Stub) -> None:
    back.answers[identity.VerifyRelation] = problem(409, "unavailable", "Closed to relations.")
    assert "Closed to relations." in support.post(AT, data=GIVEN).text


@pytest.mark.rule("S3", "R42", "R54")
def test_the_form_says_what_the_rules_ask(support: TestClient) -> None:
    page = support.get(AT).text
    assert "a second person of the staff must confirm" in page
    assert "from 12 on they need another address" in page
    for proof in ("Parent: birth certificate", "Legal caregiver: power of attorney"):
        assert proof in page


@pytest.mark.rule("S3", "R54")
def test_a_request_begins_the_form_and_names_stay_out_of_the_address(support: TestClient) -> None:
    page = support.get(f"{AT}?item=q1").text
    for value in ("Maria Ann", "Okafor", "maria@mail.example", "q1"):
        assert f'value="{value}"' in page
    assert "checked" in page.partition('value="parent"')[2].partition(">")[0]


@pytest.mark.rule("R54")
def test_a_registration_of_a_minor_leads_to_the_form_with_its_address(support: TestClient) -> None:
    item = support.get("/staff/registrations/g4").text
    assert f'href="{AT}?registration=g4"' in item
    assert "/g4/verify" not in item
    assert "/g4/reject" in item
    page = support.get(f"{AT}?registration=g4").text
    assert 'value="maria@mail.example"' in page
    assert 'name="registration" value="g4"' in page
    assert 'value="Chidi"' not in page


@pytest.mark.rule("R54")
def test_other_registrations_do_not_lead_there(support: TestClient) -> None:
    assert "/relations/new" not in support.get("/staff/registrations/g1").text


def test_the_front_desk_verifies_without_reading_supports_items(
    browser: TestClient, back: Stub
) -> None:
    browser.cookies.set("sid", "clinic")
    page = browser.get(f"{AT}?item=q1")
    assert page.status_code == 200
    assert "GetItem" not in back.names()
    assert browser.post(AT, data=GIVEN).status_code == 303
