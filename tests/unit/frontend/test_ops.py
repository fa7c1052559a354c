"""What the operations board leaves out, and what it puts first (S17)."""

from __future__ import annotations

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.testclient import TestClient

from contracts import identity, interop, notifier
from contracts.catalog import SERVICES
from tests.unit.frontend.stub import Stub, problem

DENIED = problem(403, "forbidden", "This is not for your role.")


@pytest.fixture
def support(browser: TestClient) -> TestClient:
    """Somebody of support."""
    browser.cookies.set("sid", "support")
    return browser


@pytest.fixture
def sre(browser: TestClient) -> TestClient:
    """An operator."""
    browser.cookies.set("sid", "sre")
    return browser


def _well(back: Stub) -> None:
    """Nothing fails, nothing waits."""

    def health(request: Request) -> Response:
        service = request.url.path.split("/")[4]
        said = {
            "service": service,
            "stage": "working",
            "folded": [0, 0],
            "head": 9,
            "outbox": 0,
            "repaired": 0,
        }
        return JSONResponse(said | {"reactions": []})

    for service in SERVICES:
        back.extra[f"/api/v1/ops/{service}/health"] = health
        back.extra[f"/api/v1/ops/{service}/parked"] = lambda _: JSONResponse({"items": []})
    back.answers[notifier.GetEmails] = notifier.EmailsAnswer(emails=())
    back.answers[interop.GetQuarantine] = interop.QuarantineAnswer(messages=())
    back.answers[identity.RegistrationQueue] = identity.RegistrationsAnswer(items=())


@pytest.mark.rule("S17")
def test_what_needs_a_look_comes_first(sre: TestClient) -> None:
    page = sre.get("/ops").text
    for words, where in (
        ("1 service does not answer", "#services"),
        ("1 service is behind", "#services"),
        ("1 piece of work is parked", "#parked"),
        ("1 e-mail failed", "#emails"),
    ):
        assert f'<a href="{where}">{words}</a>' in page
        assert f'id="{where[1:]}"' in page
    assert '<a href="/staff/messages">1,204 messages are kept back</a>' in page
    assert "overdue" not in page


@pytest.mark.rule("S17")
def test_support_sees_what_is_overdue(support: TestClient) -> None:
    assert (
        '<a href="/staff/registrations">1 registration is overdue</a>' in support.get("/ops").text
    )


@pytest.mark.rule("S17")
def test_all_is_well(sre: TestClient, back: Stub) -> None:
    _well(back)
    page = sre.get("/ops").text
    assert "All is well" in page
    assert page.count(">Working<") == len(SERVICES)
    assert "This needs a look" not in page


@pytest.mark.rule("S17")
def test_all_is_not_well_while_something_is_silent(support: TestClient, back: Stub) -> None:
    _well(back)
    back.answers[interop.GetSummary] = problem(503, "unavailable", "Nobody answers.")
    page = support.get("/ops").text
    assert "All is well" not in page
    assert "Interop does not answer" in page


@pytest.mark.rule("S17")
def test_a_section_that_is_not_for_this_role_is_left_out(support: TestClient, back: Stub) -> None:
    back.answers[interop.GetQuarantine] = DENIED
    page = support.get("/ops")
    assert page.status_code == 200
    assert "Messages that wait for a person" not in page.text
    assert "E-mails that did not go out" in page.text


def test_whose_session_has_ended_is_told_so(sre: TestClient, back: Stub) -> None:
    back.answers[notifier.GetEmails] = problem(401, "signed-out", "Signed out.")
    assert sre.get("/ops").headers["location"].startswith("/sign-in?why=signed-out")
