"""The patient misses a result: the page that asks, explains and answers (R20, R21, R31)."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from contracts import labs, practice
from tests.unit.frontend.stub import Stub, problem
from tests.unit.frontend.stub_missing import mine
from tests.unit.frontend.stub_staff import DIRECTORY

AT = "/results/missing"
ASKED = {
    "key": "k1",
    "test": "Lipid panel",
    "provider": "chen",
    "collected_month": "2",
    "collected_day": "20",
    "collected_year": "2026",
}


@pytest.mark.rule("R21")
def test_the_results_lead_to_the_question(patient: TestClient, parent: TestClient) -> None:
    assert f'href="{AT}"' in patient.get("/results").text
    assert f'href="/for/ada{AT}"' in parent.get("/for/ada/results").text
    assert f'href="{AT}"' in parent.get("/requests").text


@pytest.mark.rule("R20", "R21", "R31")
def test_the_page_says_which_results_do_not_come_and_whom_to_ask(patient: TestClient) -> None:
    page = patient.get(AT).text
    for said in (
        "ordered by a provider outside Harbor View Medical Group do not appear here",
        "X-ray, ultrasound and other radiology reports may not appear here",
        "certain laboratory results do not appear here, regardless of who ordered them",
        "please contact the office that ordered the test",
        "more than a week ago",
    ):
        assert said in page


@pytest.mark.rule("R21")
def test_only_providers_of_the_practice_can_have_ordered(patient: TestClient, back: Stub) -> None:
    outside = practice.Provider(id="elsewhere", name="Outside Doctor, MD")
    back.answers[practice.GetProviders] = practice.ProvidersAnswer(providers=(*DIRECTORY, outside))
    page = patient.get(AT).text
    assert '<option value="" selected>Choose a provider</option>' in page
    assert '<option value="chen">Alice Chen, MD (Family medicine)</option>' in page
    assert "Outside Doctor" not in page


@pytest.mark.rule("R21")
def test_a_question_is_asked_about_the_record_in_view(parent: TestClient, back: Stub) -> None:
    sent = parent.post(f"/for/ada{AT}", data=ASKED)
    assert sent.headers["location"] == f"/for/ada{AT}?done=sent"
    asked = back.last(labs.ReportMissing)
    assert asked.fields == {"test": "Lipid panel", "provider": "chen", "collected": "2026-02-20"}
    assert asked.headers["x-patient"] == "ada"
    assert asked.headers["idempotency-key"] == "k1"
    page = parent.get(sent.headers["location"]).text
    assert "We have your question" in page
    assert "We will look into it, by March 5, 2026." in page


def test_what_is_not_filled_in_is_said_beside_it(patient: TestClient, back: Stub) -> None:
    wrong = patient.post(AT, data={"test": "x", "collected_month": "2", "collected_day": "30"})
    assert wrong.status_code == 422
    for field in ("test", "provider", "collected"):
        assert f'id="{field}-error"' in wrong.text
        assert f'href="#{field}"' in wrong.text
    assert "ReportMissing" not in back.names()


@pytest.mark.rule("R21")
@pytest.mark.parametrize(
    ("lang", "sentence"),
    [
        ("en", "You can ask about this one from February 28, 2026"),
        ("es", "Puede preguntar por este a partir del 28 de febrero de 2026"),
    ],
)
def test_too_early_says_from_when(
    patient: TestClient, back: Stub, lang: str, sentence: str
) -> None:
    back.answers[labs.ReportMissing] = problem(422, "too-early", "No.", {"collected": "Too early."})
    wrong = patient.post(f"{AT}?lang={lang}", data=ASKED)
    assert wrong.status_code == 422
    beside = re.search(r'id="collected-error">(.*?)</p>', wrong.text)
    assert beside
    assert sentence in beside[1]
    assert 'value="Lipid panel"' in wrong.text
    assert '<option value="chen" selected>' in wrong.text


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("future", "This date is still to come"),
        ("unknown-provider", "Choose who ordered the test"),
        ("too-many", "You have asked about several results already"),
    ],
)
def test_other_refusals_are_said_in_our_own_words(
    patient: TestClient, back: Stub, code: str, says: str
) -> None:
    back.answers[labs.ReportMissing] = problem(409, code, "No.")
    wrong = patient.post(AT, data=ASKED)
    assert wrong.status_code == 422
    assert says in wrong.text


@pytest.mark.rule("R21")
def test_own_questions_say_how_far_they_are(patient: TestClient) -> None:
    page = patient.get(AT).text
    for said in (
        "Received", "Being looked into", "Answered", "Thyroid panel", "Ordered by Alice Chen, MD",
        "We will look into it, by March 5, 2026.", "Sample taken February 12, 2026",
        "This result is in the portal now.",
    ):  # fmt: skip
        assert said in page
    assert 'href="tel:+14155550111"' in page
    assert page.count("They can tell you about it.") == 2


@pytest.mark.rule("R21", "R30")
def test_an_answer_reads_the_same_whatever_exists(patient: TestClient, back: Stub) -> None:
    back.answers[labs.GetMyMissing] = labs.MyMissingAnswer(
        tickets=(mine("t7", "answered", "contact-provider"),)
    )
    page = patient.get(AT).text
    mine_only = page.partition('id="mine">')[2].partition("</section>")[0]
    mine_only = re.sub(r"<[^>]*>", "", mine_only).lower()
    assert "please contact the office of alice chen, md, who ordered this test." in mine_only
    for hint in ("block", "hidden", "not allowed", "restricted", "exist", "found", "law"):
        assert hint not in mine_only


@pytest.mark.rule("R21")
def test_an_office_without_a_number_is_reached_through_ours(
    patient: TestClient, back: Stub
) -> None:
    back.answers[labs.GetMyMissing] = labs.MyMissingAnswer(
        tickets=(mine("t5", "answered", "contact-provider", phone=""),)
    )
    page = patient.get(AT).text.partition("<main")[2].partition("</main")[0]
    assert 'href="tel:+18669171690"' in page


def test_the_page_is_for_whoever_sees_a_record(browser: TestClient) -> None:
    browser.cookies.set("sid", "support")
    assert browser.get(AT).status_code == 403
    browser.cookies.set("sid", "lou")
    assert browser.get(AT).headers["location"] == "/connections?why=closed"
    browser.cookies.set("sid", "parent")
    assert browser.get(f"/for/nobody{AT}").headers["location"] == "/connections?why=closed"
