"""The release policy: seen, written, tried, approved by a second person, taken back (S6)."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from contracts import labs
from frontend.presenters import categories as words
from frontend.presenters import policy as present
from tests.unit.frontend.stub import Stub, problem
from tests.unit.frontend.stub_policy import CHANGES, FOUND, HALFWAY, MINE, THEIRS

AT = "/staff/policy"


@pytest.fixture
def policy(browser: TestClient) -> TestClient:
    """Who keeps the release policy."""
    browser.cookies.set("sid", "policy")
    return browser


def test_the_policy_is_in_the_menu_of_those_who_keep_it(policy: TestClient) -> None:
    assert f'<a href="{AT}">Release policy</a>' in policy.get("/staff/held").text
    for who in ("provider", "support", "sre", "clinic"):
        policy.cookies.set("sid", who)
        for page in (AT, f"{AT}/new", f"{AT}/v1", f"{AT}/v1/approve", "/staff/explain/x2"):
            assert policy.get(page).status_code == 403, (who, page)


@pytest.mark.rule("S6")
def test_the_policy_of_today_says_how_every_category_rules(policy: TestClient) -> None:
    page = policy.get(AT).text
    for said in (
        "2026-03-01.a1b2c3d4", "Hepatitis A to E", "Always blocked", "211",
        "Blocked in an order with Pap smear", "Blocked, except for types that are released",
        f"{AT}/categories/hepatitis", "newborn-drugs",
    ):  # fmt: skip
        assert said in page
    in_order = [page.index(f"categories/{one}") for one in ("hepatitis", "hpv", "radiology")]
    assert in_order == sorted(in_order)
    assert "R23" not in page  # our own numbers say nothing to staff


@pytest.mark.rule("S6")
def test_sets_of_changes_stand_in_groups_drafts_first(policy: TestClient) -> None:
    page = policy.get(AT).text
    order = [page.index(f">{group}<") for group, _ in present.GROUPS]
    assert order == sorted(order)
    assert order[0] < page.index("/v1") < order[1] < page.index("/v4") < order[2]
    assert order[3] < page.index("/v6") < page.index("/v7")
    assert page.count(">Yours<") == 1


@pytest.mark.rule("S6")
def test_a_policy_that_nobody_changed_says_so(policy: TestClient, back: Stub) -> None:
    back.answers[labs.GetPolicies] = labs.PoliciesAnswer(label="x", categories=(), versions=())
    assert "It is as the portal was shipped." in policy.get(AT).text


@pytest.mark.rule("S6")
def test_a_category_shows_all_that_it_is_matched_by(policy: TestClient) -> None:
    page = policy.get(f"{AT}/categories/hepatitis").text
    for said in ("13955-0", "HEP/VIR", "hep(?:atitis)?[ -]?[a-e]", "viral liver screen"):
        assert said in page
    assert "Specimens" not in page  # it has none
    assert policy.get(f"{AT}/categories/nothing").status_code == 404


@pytest.mark.rule("S6")
def test_a_set_of_changes_is_told_in_sentences(policy: TestClient) -> None:
    page = policy.get(f"{AT}/v1").text
    for said in (
        "These LOINC numbers are not blocked by their class any more.", "14334-7",
        "Hepatitis A to E: a name with one of these words belongs to it.", "viral liver screen",
        "HPV with a Pap smear: blocked in an order with Pap smear.",
        "Why: Levels that a patient doses by", "Ben Adler", "April 1, 2026",
    ):  # fmt: skip
        assert said in page
    assert policy.get(f"{AT}/v99").status_code == 404


@pytest.mark.parametrize("kind", labs.ChangeKind.__args__)  # type: ignore[attr-defined]
def test_every_kind_of_change_has_its_own_sentence(kind: labs.ChangeKind) -> None:
    change = CHANGES[1].model_copy(update={"kind": kind, "mode": "never"})
    others = [
        CHANGES[1].model_copy(update={"kind": other, "mode": "never"})
        for other in labs.ChangeKind.__args__  # type: ignore[attr-defined]
        if other != kind
    ]
    said = present.changes([change])[0].says
    assert said not in [other.says for other in present.changes(others)]


@pytest.mark.rule("S6")
def test_a_dry_run_says_what_patients_would_see(policy: TestClient) -> None:
    page = policy.get(f"{AT}/v1").text
    assert "Patients would see more of 3 reports and less of 12 reports." in page
    assert "4 reports not verified yet would be judged differently." in page
    assert "It looked at 1,204 reports." in page
    assert "data-live>" in page
    assert "/staff/explain/x1" in page
    assert "Toxicology · LOINC class DRUG/TOX" in page
    assert "The name has “viral liver screen”" in page
    assert "The first 200 are listed" not in page
    assert page.index(">Decide<") < page.index("/staff/explain/x1")  # not below 200 reports


@pytest.mark.rule("S6")
def test_a_dry_run_that_finds_nothing_says_so() -> None:
    none = FOUND.model_copy(update={"reveal": 0, "hide": 0, "waiting": 0})
    assert present.outcome(none) == "Nothing that is stored would change for a patient."
    one = none.model_copy(update={"hide": 1})
    assert present.outcome(one) == "Patients would see less of 1 report."
    waiting = present.outcome(none.model_copy(update={"waiting": 1}))
    assert waiting.startswith("Patients would see no difference in what is verified.")


@pytest.mark.rule("S6")
def test_a_running_dry_run_shows_how_far_it_is(policy: TestClient) -> None:
    page = policy.get(f"{AT}/v3").text
    assert 'data-live="moving">' in page
    assert '<progress id="progress" value="400" max="1204">' in page
    assert f'<a href="{AT}/v3">Look again now</a>' in page
    assert "/v3/dry-run" not in page
    assert "when its dry run is finished" in page
    assert "Approve it" not in page


@pytest.mark.rule("S6")
def test_a_dry_run_is_of_the_revision_on_the_page(policy: TestClient, back: Stub) -> None:
    page = policy.get(f"{AT}/v8").text
    assert "It can be approved after its dry run." in page
    assert "Start the dry run" in page
    done = policy.post(f"{AT}/v8/dry-run", data={"key": "k1", "revision": "2"})
    assert done.headers["location"] == f"{AT}/v8?done=tried"
    asked = back.last(labs.DryRunPolicy)
    assert asked.fields == {"draft": "v8", "revision": 2}
    assert asked.headers["idempotency-key"] == "k1"


@pytest.mark.rule("S6")
def test_who_wrote_it_finds_no_button_to_approve_it(policy: TestClient) -> None:
    page = policy.get(f"{AT}/v2").text
    assert "You wrote this, so another person approves it." in page
    assert f"{AT}/v2/approve" not in page
    assert policy.get(f"{AT}/v2/approve").headers["location"] == f"{AT}/v2"


@pytest.mark.rule("S6")
@pytest.mark.parametrize(
    ("row", "run", "may", "waits"),
    [
        (THEIRS, FOUND, True, ""),
        (THEIRS, None, False, "after its dry run"),
        (THEIRS, HALFWAY, False, "is finished"),
        (MINE, FOUND, False, "another person"),
        (THEIRS.model_copy(update={"state": "scheduled"}), FOUND, False, ""),
    ],
)
def test_approving_takes_another_person_and_a_finished_dry_run(
    row: labs.PolicyRow, run: labs.DryRun | None, may: bool, waits: str
) -> None:
    answer = labs.PolicyVersionAnswer(row=row, changes=CHANGES, dry_run=run)
    doors = present.doors(answer)
    assert doors.approve is may
    assert waits in doors.waits
    assert bool(waits) == bool(doors.waits)


@pytest.mark.rule("S6")
def test_approving_shows_the_counts_once_more(policy: TestClient, back: Stub) -> None:
    assert f'href="{AT}/v1/approve"' in policy.get(f"{AT}/v1").text
    page = policy.get(f"{AT}/v1/approve").text
    assert "Patients would see more of 3 reports and less of 12 reports." in page
    assert '<input type="hidden" name="revision" value="2">' in page
    assert "ApprovePolicy" not in back.names()
    done = policy.post(f"{AT}/v1/approve", data={"key": "k2", "revision": "2"})
    assert done.headers["location"] == f"{AT}/v1?done=approved"
    asked = back.last(labs.ApprovePolicy)
    assert asked.fields == {"draft": "v1", "revision": 2}
    assert asked.headers["idempotency-key"] == "k2"


@pytest.mark.rule("S6")
def test_a_draft_that_was_written_anew_meanwhile_is_not_approved(
    policy: TestClient, back: Stub
) -> None:
    sentence = "It was written anew. Please look again."
    back.answers[labs.ApprovePolicy] = problem(409, "stale", sentence)
    late = policy.post(f"{AT}/v1/approve", data={"key": "k", "revision": "1"})
    assert late.status_code == 422
    assert sentence in late.text


@pytest.mark.rule("S6")
def test_who_approves_their_own_words_is_told_so(policy: TestClient, back: Stub) -> None:
    sentence = "Another person than those who wrote it must approve it."
    back.answers[labs.ApprovePolicy] = problem(403, "same-person", sentence)
    own = policy.post(f"{AT}/v2/approve", data={"key": "k", "revision": "2"})
    assert own.status_code == 422
    assert sentence in own.text


@pytest.mark.rule("S6")
def test_a_draft_can_be_discarded(policy: TestClient, back: Stub) -> None:
    done = policy.post(f"{AT}/v1/discard", data={"key": "k3"})
    assert done.headers["location"] == f"{AT}/v1?done=dropped"
    assert back.last(labs.DiscardPolicy).fields == {"draft": "v1"}
    assert back.last(labs.DiscardPolicy).headers["idempotency-key"] == "k3"


@pytest.mark.rule("S6")
def test_taking_it_back_takes_a_reason(policy: TestClient, back: Stub) -> None:
    for version in ("v4", "v5"):
        assert f"{AT}/{version}/roll-back" in policy.get(f"{AT}/{version}").text
    none = policy.post(f"{AT}/v5/roll-back", data={"key": "k", "reason": " "})
    assert none.status_code == 422
    assert 'href="#reason"' in none.text
    sent = {"key": "k4", "reason": "It showed too much"}
    done = policy.post(f"{AT}/v5/roll-back", data=sent)
    assert done.headers["location"] == f"{AT}/v5?done=rolled-back"
    assert back.last(labs.RollBackPolicy).fields == {
        "version": "v5",
        "reason": "It showed too much",
    }


@pytest.mark.rule("S6")
@pytest.mark.parametrize("version", ["v6", "v7"])
def test_what_has_ended_has_no_buttons(policy: TestClient, version: str) -> None:
    page = policy.get(f"{AT}/{version}").text
    posts = re.findall(r'<form method="post" action="([^"]*)"', page)
    assert [where for where in posts if where.startswith(AT)] == []
    assert "/edit" not in page
    assert "/roll-back" not in page
    assert ("It hid an ordinary panel" in page) == (version == "v6")


@pytest.mark.parametrize(
    ("matcher", "said"),
    [
        ("loinc:5196-1", "LOINC number 5196-1"),
        ("class:DRUG/TOX", "LOINC class DRUG/TOX"),
        ("mapped:XQ77", "Staff mapped XQ77"),
        ("text", "A text in it names it"),  # the words themselves are a part of the result
        ("unknown code", "Unknown code"),
        ("later:something", "Later:something"),  # a kind that is new to this page
        ("", ""),
    ],
)
def test_a_matcher_is_said_in_words(matcher: str, said: str) -> None:
    assert words.matcher_in_words(matcher) == said
