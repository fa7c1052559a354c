"""What a provider sees after verifying, and of what does not reach the portal (S4)."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from contracts import labs
from tests.unit.frontend.stub import Stub, problem
from tests.unit.frontend.stub_staff import REPORT, staff_value

AT = "/staff/inbox"


@pytest.fixture
def provider(browser: TestClient) -> TestClient:
    """A provider, at a browser without scripts."""
    browser.cookies.set("sid", "provider")
    return browser


@pytest.mark.rule("S4")
def test_after_verifying_the_next_one_is_marked(provider: TestClient) -> None:
    assert ">Next<" not in provider.get(AT).text
    page = provider.get(f"{AT}?done=reviewed").text
    assert page.count(">Next<") == 1
    assert page.index(">Next<") < page.index("Hemoglobin A1c")
    assert "Verified. What the release rules let through is in the portal now." in page


@pytest.mark.rule("S4")
def test_the_inbox_looks_again_by_itself(provider: TestClient) -> None:
    assert '<main id="main" tabindex="-1" data-live>' in provider.get(AT).text


@pytest.mark.rule("S4")
@pytest.mark.parametrize(
    ("chosen", "onward"),
    [(("2345",), f"{AT}/b1?done=reviewed-some"), (("2345", "2823"), f"{AT}?done=reviewed")],
)
def test_choosing_all_that_waits_is_verifying_all(
    provider: TestClient, chosen: tuple[str, ...], onward: str
) -> None:
    sent = {"key": "k", "revision": "2", "what": "some", "waiting": "2", "values": list(chosen)}
    assert provider.post(f"{AT}/b1/verify", data=sent).headers["location"] == onward


@pytest.mark.rule("S4", "S5", "R30")
@pytest.mark.parametrize(
    ("ruling", "words"),
    [
        ({"ruling": "release"}, "May be shown"),
        ({"ruling": "release", "verified": True}, "Passed for the portal"),
        ({"ruling": "block", "category": "hiv"}, "Will not reach the portal: HIV"),
        ({"ruling": "hold", "matcher": "unknown code"}, "Held: code not known"),
        ({"ruling": "hold", "matcher": "unknown orderer"}, "Held: orderer not known"),
        ({"ruling": "hold"}, "Held: not settled"),
    ],
)
def test_each_value_says_what_becomes_of_it(
    provider: TestClient, back: Stub, ruling: dict[str, object], words: str
) -> None:
    only = (staff_value("2345", "Glucose", "131", **ruling),)
    back.answers[labs.GetReport] = REPORT.model_copy(update={"values": only})
    assert f">{words}<" in provider.get(f"{AT}/b1").text


@pytest.mark.rule("S4")
def test_versions_say_who_verified_them(provider: TestClient) -> None:
    page = provider.get(f"{AT}/b1").text
    assert "Earlier versions (1)" in page
    assert "Verified by Alice Chen, MD on March 2, 2026" in page


@pytest.mark.rule("S4")
def test_a_stale_report_is_no_mistake_of_the_reader(provider: TestClient, back: Stub) -> None:
    back.answers[labs.VerifyReport] = problem(409, "stale", "A newer version came in.")
    page = provider.post(f"{AT}/b1/verify", data={"key": "k", "revision": "1", "what": "all"}).text
    assert "Nothing was verified" in page
    assert "There is a problem" not in page


def test_what_is_refused_otherwise_says_why(provider: TestClient, back: Stub) -> None:
    back.answers[labs.VerifyReport] = problem(409, "already", "Nothing is left to verify.")
    answer = provider.post(f"{AT}/b1/verify", data={"key": "k", "revision": "2", "what": "all"})
    assert answer.status_code == 422
    assert "Nothing is left to verify." in answer.text
