"""A patient's account page: who is connected, the second check, ending, correcting (S3, S13, S14)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from contracts import identity
from tests.unit.frontend.stub import NOW, Stub, problem
from tests.unit.frontend.stub_accounts import CHIDI, MOTHER, OWN, PREVIEW, account

AT = "/staff/patients/p7"
RECORD = {
    "key": "k", "item": "", "given": "Chidi", "family": "Okafor", "suffix": "", "born_month": "3",
    "born_day": "24", "born_year": "2014", "sex": "male", "line": "9 Mission St",
    "city": "Oakland", "state": "CA", "zip": "94607", "phones": "510 555 0111", "email": "",
    "evidence": "Birth certificate",
}  # fmt: skip


@pytest.fixture
def support(browser: TestClient) -> TestClient:
    """Support, at a browser without scripts."""
    browser.cookies.set("sid", "support")
    return browser


def part(page: str, start: str, end: str) -> str:
    """What stands between two words of a page."""
    return page.partition(start)[2].partition(end)[0]


@pytest.mark.rule("S14")
@pytest.mark.parametrize("who", ["support", "clinic"])
def test_the_account_page_says_that_opening_it_is_on_record(browser: TestClient, who: str) -> None:
    browser.cookies.set("sid", who)
    page = browser.get(AT).text
    assert "on the patient's access log" in page
    assert "Results are not part of your work" in page
    assert "11 years old" in page
    assert "510 555 0111" in page


@pytest.mark.rule("S14", "S3")
def test_everybody_connected_stands_there_with_evidence_checks_and_mail(
    support: TestClient,
) -> None:
    page = support.get(AT).text
    now, _, before = page.partition("Connected before")
    for said in (
        "Birth certificate", "Verified by", "Has access", "No mail: a parent needs another address",
        "Terms 2, HIPAA agreement 2", "No access before a second person has checked",
        "January 31, 2027", "Invited, not enrolled yet",
    ):  # fmt: skip
        assert said in now
    assert "The court gave custody to the mother" in before
    assert "End it" not in before


@pytest.mark.rule("S14")
@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("agreement-due", "No access before they accept the current terms"),
        ("not-yet", "No access before it begins"),
        ("expired", "No access: its last day has passed"),
        ("grown-up", "No access: the patient is 18 or more"),
        ("unavailable", "No access: this record is closed to them"),
    ],
)
def test_every_state_is_said_in_words(
    support: TestClient, back: Stub, state: str, said: str
) -> None:
    only = MOTHER.model_copy(update={"state": state})
    back.answers[identity.GetPatientAccount] = account(only)
    page = support.get(AT).text
    assert said in page
    assert "Has access" not in page


@pytest.mark.rule("S14", "R33")
def test_enrolled_left_and_never_enrolled_are_told_apart(support: TestClient, back: Stub) -> None:
    assert "Not enrolled" in support.get(AT).text
    back.answers[identity.GetPatientAccount] = account(OWN, enrolled=NOW)
    assert "Enrolled since March 4, 2026" in support.get(AT).text
    back.answers[identity.GetPatientAccount] = account(left=NOW - timedelta(days=1))
    assert "Left on March 3, 2026" in support.get(AT).text


@pytest.mark.rule("S14")
def test_the_own_enrolment_cannot_be_ended_as_a_relation(support: TestClient, back: Stub) -> None:
    back.answers[identity.GetPatientAccount] = account(OWN, enrolled=NOW)
    page = support.get(AT).text
    assert "The patient" in page
    assert "End it" not in page


def test_a_merged_entry_leads_to_the_one_that_is_used(support: TestClient, back: Stub) -> None:
    back.answers[identity.GetPatientAccount] = account(merged_into="p1")
    page = support.get(AT).text
    assert 'href="/staff/patients/p1"' in page
    assert "/relations/new" not in page


@pytest.mark.rule("S13")
def test_the_front_desk_is_not_offered_to_correct_a_profile(browser: TestClient) -> None:
    browser.cookies.set("sid", "clinic")
    page = browser.get(AT).text
    assert "/correct" not in page
    assert f"{AT}/relations/new" in page


@pytest.mark.rule("S3")
def test_only_somebody_else_is_asked_for_the_second_check(support: TestClient, back: Stub) -> None:
    page = support.get(AT).text
    assert f"{AT}/relations/r2/confirm" in page
    assert f"{AT}/relations/r3/confirm" not in page
    assert "You verified it, so a colleague must check it" in page
    done = support.post(f"{AT}/relations/r2/confirm", data={"key": "k"})
    assert done.headers["location"] == f"{AT}?done=confirmed"
    assert back.last(identity.ConfirmRelation).fields == {"patient": "p7", "relation": "r2"}


@pytest.mark.rule("S3")
def test_a_second_check_by_the_first_person_is_refused_in_words(
    support: TestClient, back: Stub
) -> None:
    sentence = "Another person than the one who verified it must check."
    back.answers[identity.ConfirmRelation] = problem(409, "same-person", sentence)
    answer = support.post(f"{AT}/relations/r3/confirm", data={"key": "k"})
    assert answer.status_code == 422
    assert sentence in answer.text


@pytest.mark.rule("S3")
def test_ending_a_relation_takes_a_reason(support: TestClient, back: Stub) -> None:
    sent = {"key": "k", "field": "reason-1", "reason-1": " "}
    answer = support.post(f"{AT}/relations/r1/end", data=sent)
    assert answer.status_code == 422
    assert 'href="#reason-1"' in answer.text
    assert "EndRelation" not in back.names()
    sent["reason-1"] = "The order was lifted"
    done = support.post(f"{AT}/relations/r1/end", data=sent)
    assert done.headers["location"] == f"{AT}?done=ended"
    asked = back.last(identity.EndRelation)
    assert asked.fields == {"patient": "p7", "relation": "r1", "reason": "The order was lifted"}
    assert asked.headers["idempotency-key"] == "k"


@pytest.mark.rule("S13", "R59")
def test_only_what_differs_is_sent(support: TestClient, back: Stub) -> None:
    sent = RECORD | {"family": "Okafor-Eze", "item": "q2"}
    done = support.post(f"{AT}/correct", data=sent)
    assert done.headers["location"] == f"{AT}?done=corrected"
    assert back.last(identity.CorrectPatient).fields == {
        "patient": "p7",
        "evidence": "Birth certificate",
        "item": "q2",
        "name": {"given": "Chidi", "family": "Okafor-Eze", "suffix": ""},
    }


@pytest.mark.rule("S13")
def test_the_form_begins_with_what_is_on_record(support: TestClient, back: Stub) -> None:
    page = support.get(f"{AT}/correct").text
    for value in ("Chidi", "Okafor", "9 Mission St", "94607", "2014"):
        assert f'value="{value}"' in page
    unchanged = support.post(f"{AT}/correct", data=RECORD)
    assert unchanged.status_code == 422
    assert "Nothing is different" in unchanged.text
    assert "CorrectPatient" not in back.names()


@pytest.mark.rule("S13")
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"family": ""}, "Enter a last name"),
        ({"born_day": "31", "born_month": "2"}, "Enter a date, like"),
        ({"born_day": "", "born_month": "", "born_year": ""}, "Enter a date of birth"),
        ({"zip": "94608", "evidence": ""}, "Say how you know"),
    ],
)
def test_what_is_not_right_is_said_before_anything_is_sent(
    support: TestClient, back: Stub, wrong: dict[str, str], said: str
) -> None:
    answer = support.post(f"{AT}/correct", data=RECORD | wrong)
    assert answer.status_code == 422
    assert said in answer.text
    assert "CorrectPatient" not in back.names()


@pytest.mark.rule("S13")
def test_an_address_on_record_cannot_be_emptied(support: TestClient, back: Stub) -> None:
    card = CHIDI.model_copy(update={"email": "old@mail.example"})
    back.answers[identity.GetPatientAccount] = account(card=card)
    answer = support.post(f"{AT}/correct", data=RECORD)
    assert "can be corrected, not removed" in answer.text


@pytest.mark.rule("S13", "R53", "R54")
def test_another_birth_date_shows_its_consequences_before_anything_changes(
    support: TestClient, back: Stub
) -> None:
    sent = RECORD | {"born_month": "2"}
    page = support.post(f"{AT}/correct", data=sent)
    assert page.status_code == 200
    assert back.last(identity.PreviewCorrection).fields == {"patient": "p7", "born": "2014-02-24"}
    assert "CorrectPatient" not in back.names()
    for said in (
        "Nothing is changed yet", "March 24, 2026 to March 23, 2032",
        "February 24, 2026 to February 23, 2032",
    ):  # fmt: skip
        assert said in page.text
    mother = part(page.text, "Maria Okafor", "</li>")
    assert "Changes" in mother
    assert "a parent needs another address" in mother
    assert "Stays as it is" in part(page.text, "Ngozi Eze", "</li>")
    done = support.post(f"{AT}/correct", data=sent | {"shown": "2014-02-24"})
    assert done.headers["location"] == f"{AT}?done=corrected"
    assert back.last(identity.CorrectPatient).fields["born"] == "2014-02-24"


@pytest.mark.rule("S13")
def test_consequences_seen_for_one_date_do_not_count_for_another(
    support: TestClient, back: Stub
) -> None:
    sent = RECORD | {"born_month": "1", "shown": "2014-02-24"}
    page = support.post(f"{AT}/correct", data=sent)
    assert "Nothing is changed yet" in page.text
    assert "CorrectPatient" not in back.names()


@pytest.mark.rule("S13")
def test_a_missing_birth_date_and_nobody_connected_are_said(
    support: TestClient, back: Stub
) -> None:
    nothing = {"age_before": None, "hidden_from_before": None, "hidden_until_before": None}
    back.answers[identity.PreviewCorrection] = PREVIEW.model_copy(
        update=nothing | {"connections": ()}
    )
    page = support.post(f"{AT}/correct", data=RECORD | {"born_month": "2"}).text
    assert "Not known without a birth date" in page
    assert "Nobody is connected to this record" in page


@pytest.mark.rule("S13")
def test_a_refused_correction_is_said_beside_its_field(support: TestClient, back: Stub) -> None:
    said = {"address.zip": "This is too long.", "phones.0": "Not a number."}
    back.answers[identity.CorrectPatient] = problem(422, "invalid", "-", said)
    answer = support.post(f"{AT}/correct", data=RECORD | {"zip": "94608"})
    assert answer.status_code == 422
    assert 'href="#zip"' in answer.text
    assert 'href="#phones"' in answer.text
    assert 'value="94608"' in answer.text


@pytest.mark.rule("S14", "R50")
def test_support_removes_a_lost_second_factor_and_says_how_they_checked(
    support: TestClient, back: Stub
) -> None:
    page = support.get(AT).text
    email = part(page, 'name="email" value="', '"')
    field = part(page, 'name="field" value="factor-', '"')
    sent = {"key": "k", "email": email, "field": f"factor-{field}", f"factor-{field}": ""}
    assert "Say how you checked" in support.post(f"{AT}/factors", data=sent).text
    sent[f"factor-{field}"] = "Photo id at the desk"
    done = support.post(f"{AT}/factors", data=sent)
    assert done.headers["location"] == f"{AT}?done=factors"
    asked = back.last(identity.RemoveFactors).fields
    assert asked == {"email": email, "evidence": "Photo id at the desk"}


@pytest.mark.rule("S14")
def test_the_front_desk_does_not_remove_second_factors(browser: TestClient) -> None:
    browser.cookies.set("sid", "clinic")
    assert "Lost their second factor" not in browser.get(AT).text
