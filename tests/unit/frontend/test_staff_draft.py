"""A set of changes is written without JavaScript, and nothing that was typed is lost (S6)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from contracts import labs
from frontend.forms import Form
from frontend.presenters import draft as present
from tests.unit.frontend.stub import Stub, problem
from tests.unit.frontend.stub_policy import CATEGORIES

AT = "/staff/policy/new"
HEAD = {
    "key": "k1",
    "title": "Words of WESTLAB",
    "effective_month": "4",
    "effective_day": "1",
    "effective_year": "2026",
}
WORDS = {"kind": "add-words", "category": "hepatitis", "words": "viral liver screen\n\nhep pan"}
CODES = {"kind": "allow", "codes": "14334-7, 10535-3\n2345-7"}
MODE = {"kind": "mode", "category": "hpv", "mode": "never"}


@pytest.fixture
def policy(browser: TestClient) -> TestClient:
    """Who keeps the release policy."""
    browser.cookies.set("sid", "policy")
    return browser


def typed(*changes: dict[str, str], **more: str) -> dict[str, str]:
    """The form with these changes; each has a reason."""
    sent = HEAD | more
    for number, change in enumerate(changes, 1):
        named = {"reason": f"Because {number}"} | change
        sent |= {f"{name}-{number}": value for name, value in named.items()}
    return sent


def shown(page: str) -> dict[str, str]:
    """What stands in the fields of the page."""
    found = dict(re.findall(r'name="([a-z_-]+[0-9]*)" [^>]*?value="([^"]*)"', page))
    found |= re.findall(r'<textarea [^>]*name="([^"]*)"[^>]*>([^<]*)</textarea>', page)
    for name, options in re.findall(r'<select [^>]*name="([^"]*)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.findall(r'value="([^"]*)" selected', options)
        found[name] = chosen[0] if chosen else ""
    return found


@pytest.mark.rule("S6")
def test_a_new_set_begins_with_what_should_change(policy: TestClient) -> None:
    page = policy.get(AT).text
    assert "What should change?" in page
    assert "change-1" not in page


@pytest.mark.rule("S6")
def test_a_change_is_added_and_what_was_typed_stays(policy: TestClient, back: Stub) -> None:
    page = policy.post(AT, data=typed(WORDS, kind="mode", action="add"))
    assert page.status_code == 200
    fields = shown(page.text)
    assert fields["title"] == "Words of WESTLAB"
    assert fields["effective_day"] == "1"
    assert fields["words-1"] == WORDS["words"]
    assert fields["category-1"] == "hepatitis"
    assert fields["kind-2"] == "mode"
    assert fields["kind"] == ""
    assert "codes-2" not in fields  # a mode has no numbers
    assert 'id="change-2" tabindex="-1" data-focus' in page.text
    assert "DraftPolicy" not in back.names()


@pytest.mark.rule("S6")
def test_a_change_without_a_kind_is_not_added(policy: TestClient) -> None:
    page = policy.post(AT, data=typed(WORDS, action="add", kind="everything"))
    assert page.status_code == 422
    assert 'href="#kind"' in page.text
    assert "change-2" not in page.text


@pytest.mark.rule("S6")
def test_a_change_is_removed_and_those_after_it_move_up(policy: TestClient) -> None:
    page = policy.post(AT, data=typed(WORDS, CODES, MODE, action="remove-2"))
    fields = shown(page.text)
    assert [fields["kind-1"], fields["kind-2"]] == ["add-words", "mode"]
    assert fields["mode-2"] == "never"
    assert fields["reason-2"] == "Because 3"
    assert "kind-3" not in fields
    assert "codes-2" not in fields


@pytest.mark.rule("S6")
def test_the_enter_key_saves_and_removes_nothing(policy: TestClient) -> None:
    page = policy.post(AT, data=typed(WORDS, action="remove-9")).text
    form = page[page.index('action="/staff/policy/new"') :]
    assert re.findall(r"<button [^>]*value=\"([^\"]*)\"", form)[0] == "save"


@pytest.mark.rule("S6")
def test_a_set_is_sent_with_what_each_kind_has(policy: TestClient, back: Stub) -> None:
    stray = {"codes": "2345-7", "mode": "never"}  # of another kind
    done = policy.post(AT, data=typed(stray | WORDS, CODES, MODE, action="save"))
    assert done.headers["location"] == "/staff/policy/v8?done=drafted"
    asked = back.last(labs.DraftPolicy)
    assert asked.headers["idempotency-key"] == "k1"
    assert asked.fields == {
        "draft": None,
        "title": "Words of WESTLAB",
        "effective": "2026-04-01",
        "changes": [
            {
                "kind": "add-words",
                "category": "hepatitis",
                "words": ["viral liver screen", "hep pan"],
                "reason": "Because 1",
            },
            {"kind": "allow", "codes": ["14334-7", "10535-3", "2345-7"], "reason": "Because 2"},
            {"kind": "mode", "category": "hpv", "mode": "never", "reason": "Because 3"},
        ],
    }


@pytest.mark.rule("S6")
@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"title": ""}, "title"),
        ({"effective_day": ""}, "effective"),
        ({"effective_day": "", "effective_month": "", "effective_year": ""}, "effective"),
        ({"effective_month": "13"}, "effective"),
        ({"category-1": ""}, "category-1"),
        ({"words-1": "  "}, "words-1"),
        ({"reason-1": ""}, "reason-1"),
        ({"codes-2": ""}, "codes-2"),
        ({"mode-3": ""}, "mode-3"),
    ],
)
def test_what_is_missing_is_said_beside_its_field(
    policy: TestClient, back: Stub, more: dict[str, str], field: str
) -> None:
    page = policy.post(AT, data=typed(WORDS, CODES, MODE, action="save") | more)
    assert page.status_code == 422
    assert re.findall(r'<li><a href="#([^"]*)">', page.text) == [field]
    assert f'id="{field}-error"' in page.text
    assert f'id="{field}"' in page.text
    assert "DraftPolicy" not in back.names()


@pytest.mark.rule("S6")
def test_a_set_without_changes_is_none(policy: TestClient) -> None:
    assert 'href="#kind"' in policy.post(AT, data=typed(action="save")).text


@pytest.mark.rule("S6")
def test_imaging_is_named_by_a_number_or_by_a_word(policy: TestClient, back: Stub) -> None:
    by_word = {"kind": "release-imaging", "codes": "", "words": "DEXA"}
    assert policy.post(AT, data=typed(by_word, action="save")).status_code == 303
    assert back.last(labs.DraftPolicy).fields["changes"][0]["words"] == ["DEXA"]
    by_nothing = policy.post(AT, data=typed(by_word | {"words": ""}, action="save"))
    assert 'href="#codes-1"' in by_nothing.text


@pytest.mark.rule("S6")
@pytest.mark.parametrize(
    ("named", "field"),
    [
        ("effective", "effective"),
        ("changes.1.codes", "codes-2"),
        ("changes.1.codes.0", "codes-2"),
        ("changes.0.words", "words-1"),
        ("changes", "kind"),
        ("draft", ""),
    ],
)
def test_a_refusal_stands_beside_its_field(
    policy: TestClient, back: Stub, named: str, field: str
) -> None:
    sentence = "This is not right at all."
    back.answers[labs.DraftPolicy] = problem(422, "not-loinc", "No.", {named: sentence})
    page = policy.post(AT, data=typed(WORDS, CODES, action="save"))
    assert page.status_code == 422
    number = field.rpartition("-")[2]
    said = f"Change {number}: {sentence}" if number.isdigit() else sentence
    link = f'<a href="#{field}">{said}</a>' if field else said
    assert f"<li>{link}</li>" in page.text
    assert (f'id="{field}-error"' in page.text) == bool(field)
    assert shown(page.text)["codes-2"] == CODES["codes"]


@pytest.mark.rule("S6")
def test_what_is_wrong_with_one_change_is_not_said_of_all(policy: TestClient, back: Stub) -> None:
    said = {"changes.0.words": "Not this one.", "changes": "This does not look right."}
    back.answers[labs.DraftPolicy] = problem(422, "invalid", "No.", said)
    page = policy.post(AT, data=typed(WORDS, action="save")).text
    assert "Change 1: Not this one." in page
    assert "This does not look right." not in page


@pytest.mark.rule("S6")
def test_a_title_or_a_reason_that_is_too_long_is_told_how_long_it_may_be(
    policy: TestClient, back: Stub
) -> None:
    page = policy.post(
        AT, data=typed(WORDS | {"reason": "y" * 201}, action="save") | {"title": "x" * 201}
    )
    assert "Change 1: write at most 200 characters" in page.text
    assert "Write at most 200 characters" in page.text
    assert "DraftPolicy" not in back.names()


@pytest.mark.rule("S6")
def test_a_draft_is_written_anew_from_what_it_is(policy: TestClient, back: Stub) -> None:
    fields = shown(policy.get("/staff/policy/v1/edit").text)
    assert fields["title"] == "Therapeutic drug levels are shown"
    assert fields["codes-1"] == "14334-7 10535-3"
    assert fields["words-2"] == "viral liver screen"
    assert fields["mode-3"] == "with pap"
    assert fields["effective_year"] == "2026"
    done = policy.post("/staff/policy/v1/edit", data=fields | {"action": "save"})
    assert done.status_code == 303
    assert back.last(labs.DraftPolicy).fields["draft"] == "v1"
    assert len(back.last(labs.DraftPolicy).fields["changes"]) == 3


@pytest.mark.rule("S6")
def test_what_is_no_draft_any_more_is_not_written_anew(policy: TestClient) -> None:
    assert policy.get("/staff/policy/v5/edit").headers["location"] == "/staff/policy/v5"


@pytest.mark.rule("S6")
def test_a_set_of_the_greatest_size_is_taken(policy: TestClient, back: Stub) -> None:
    many: list[dict[str, str]] = [CODES | {"category": "", "mode": "", "words": ""}] * present.MOST
    assert policy.post(AT, data=typed(*many, action="save")).status_code == 303
    assert len(back.last(labs.DraftPolicy).fields["changes"]) == present.MOST
    full = policy.post(AT, data=typed(*many, kind="allow", action="add"))
    assert "at most 100 changes" in full.text


def test_categories_that_are_new_can_be_chosen() -> None:
    chosen: list[Any] = present.category_choices(CATEGORIES)
    assert ("newborn-drugs", "newborn-drugs") in chosen
    assert ("with pap", "Blocked in an order with Pap smear") in present.mode_choices(CATEGORIES)


def test_removing_what_is_not_there_changes_nothing() -> None:
    form = Form(typed(WORDS, CODES))
    present.remove(form, 7)
    assert [row.kind for row in present.rows(form)] == ["add-words", "allow"]
