"""Why is this hidden? Every gate's word, and no value (S6)."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from contracts import labs
from frontend.presenters import explain as present
from tests.unit.frontend.stub import Stub, problem
from tests.unit.frontend.stub_policy import EXPLAINED


@pytest.fixture
def policy(browser: TestClient) -> TestClient:
    """Who keeps the release policy."""
    browser.cookies.set("sid", "policy")
    return browser


def explained(**more: Any) -> labs.ExplainAnswer:
    """The report, a little different."""
    return EXPLAINED.model_copy(update=more)


@pytest.mark.rule("S6", "R30")
def test_an_explanation_names_category_matcher_and_policy(policy: TestClient) -> None:
    page = policy.get("/staff/explain/x2").text
    for said in (
        "Hepatitis A to E", "LOINC number 5196-1", "LOINC 5196-1", "Unknown code",
        "2026-03-01.a1b2c3d4", "HPV by itself is shown", "/staff/trail/p1", "access log",
    ):  # fmt: skip
        assert said in page
    assert '<a href="/staff/policy" aria-current="true">' in page  # the menu says where it belongs
    assert "In the portal today" in page
    assert "Without the values below that are not released." in page


def test_a_report_that_is_not_there_has_the_page_for_404(policy: TestClient, back: Stub) -> None:
    back.answers[labs.ExplainReport] = problem(404, "not-found", "There is no such report.")
    assert policy.get("/staff/explain/x9").status_code == 404


@pytest.mark.rule("S6")
@pytest.mark.parametrize(
    ("more", "closed", "said"),
    [
        ({"verified": False, "waiting": True}, ["Review"], "Waits for a provider."),
        ({"verified": True, "waiting": True}, ["Review"], "What came since waits"),
        ({"age": True}, ["When it was collected"], "shown to nobody"),
        (
            {"ruling": "hold", "matcher": "collection time not known", "age": True},
            ["When it was collected"],
            "The collection time is not known.",
        ),
        (
            {"ruling": "block", "category": "tissue", "matcher": "section:SP"},
            ["What was ordered"],
            "Laboratory section SP",
        ),
        ({"ruling": "hold", "matcher": "unknown code"}, ["What was ordered"], "not known"),
        (
            {
                "ruling": "block",
                "category": "external",
                "matcher": "not affiliated when ordered",
                "standing": "external",
            },
            ["Who ordered"],
            "Not affiliated when ordered",
        ),
        (
            {
                "ruling": "hold",
                "matcher": "orderer matches several directory entries",
                "standing": "unknown",
            },
            ["Who ordered"],
            "Orderer matches several directory entries",
        ),
    ],
)
def test_the_gate_that_is_closed_says_why(
    more: dict[str, Any], closed: list[str], said: str
) -> None:
    report = explained(visible=False, **more)
    gates = present.gates(report)
    found = [gate for gate in gates if gate.tag != present.OPEN]
    assert [gate.name for gate in found] == closed
    assert said in f"{found[0].says} {found[0].why}"
    assert present.verdict(report)[0] == "Not in the portal"
    assert closed[0].lower() in present.verdict(report)[1]


@pytest.mark.rule("S6", "R30")
@pytest.mark.parametrize(("ruling", "tag"), [("block", present.CLOSED), ("hold", present.HELD)])
def test_a_report_without_one_value_to_show_is_closed_by_them(ruling: Any, tag: Any) -> None:
    values = (EXPLAINED.values[1].model_copy(update={"ruling": ruling}),)
    gates = {gate.name: gate for gate in present.gates(explained(values=values, visible=False))}
    assert gates["Its values"].tag == tag
    assert gates["Its values"].says == "0 of 1 may be shown."


@pytest.mark.rule("S6")
def test_what_was_withdrawn_is_not_in_the_portal_though_every_gate_is_open() -> None:
    assert "withdrawn" in present.verdict(explained(visible=False))[1]


@pytest.mark.rule("S6")
def test_what_is_shown_whole_says_so() -> None:
    assert present.verdict(explained(values=EXPLAINED.values[:1]))[1] == "With every value."


@pytest.mark.rule("S6", "R30")
def test_what_hides_the_whole_order_is_not_told_again_for_each_value() -> None:
    hit: dict[str, Any] = {"ruling": "block", "category": "tissue", "matcher": "section:SP"}
    values = (EXPLAINED.values[0].model_copy(update=hit), EXPLAINED.values[1])
    with_order, by_itself = present.values(explained(values=values, **hit))
    assert (with_order.category, with_order.why) == ("", "With the whole order")
    assert (by_itself.category, by_itself.why) == ("Hepatitis A to E", "LOINC number 5196-1")
