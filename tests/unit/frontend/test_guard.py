"""What every response carries, and what no request may be."""

from __future__ import annotations

import httpx2
import pytest
from starlette.testclient import TestClient

from contracts import identity, labs
from frontend.app import build
from tests.unit.frontend.stub import PASSWORD, Stub


def test_headers_of_a_page(browser: TestClient) -> None:
    headers = browser.get("/").headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "sent",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://elsewhere.example"},
    ],
)
def test_posts_of_other_sites_are_refused(browser: TestClient, sent: dict[str, str]) -> None:
    assert browser.post("/sign-out", headers=sent).status_code == 403


def test_own_posts_are_taken(browser: TestClient) -> None:
    for sent in ({"sec-fetch-site": "same-origin"}, {"origin": "http://testserver"}):
        assert browser.post("/sign-out", headers=sent).status_code == 303


def test_static_files_are_kept_by_version(browser: TestClient) -> None:
    page = browser.get("/").text
    address = page.partition('href="/static/portal.css')[2].partition('"')[0]
    answer = browser.get(f"/static/portal.css{address}")
    assert "immutable" in answer.headers["cache-control"]
    assert browser.get("/static/portal.css").headers["cache-control"] == "no-cache"
    assert "--accent:#0b6e6e" in browser.get("/static/theme.css").text


def test_one_browsers_cookie_never_reaches_the_call_of_another(back: Stub) -> None:
    app = build("http://gateway", None, httpx2.ASGITransport(back.app()))
    with TestClient(app, follow_redirects=False) as client:
        form = {"email": "patient@harborview.example", "password": PASSWORD}
        assert "sid=patient" in client.post("/sign-in", data=form).headers["set-cookie"]
        client.cookies.clear()
        assert client.get("/results").headers["location"].startswith("/sign-in?why=signed-out")


def test_calls_go_in_the_name_of_the_browser(patient: TestClient, back: Stub) -> None:
    patient.get("/results", headers={"x-background": "1", "x-forwarded-for": "6.6.6.6"})
    asked = back.last(labs.GetResults)
    assert asked.headers["x-background"] == "1"
    assert asked.headers["x-forwarded-for"] == "testclient"
    assert asked.headers["cookie"] == "sid=patient"


def test_the_api_is_passed_through(patient: TestClient, back: Stub) -> None:
    answer = patient.get("/api/v1/labs/result?report=r1")
    assert answer.json()["report"] == "r1"
    assert answer.headers["x-idle-in"] == "600"
    answer = patient.post("/api/v1/identity/sign-out", json={})
    assert "sid=" in answer.headers["set-cookie"]
    assert back.names()[-1] == identity.SignOut.__name__
    assert patient.get("/api/v1/nothing").status_code == 404
    unusual = patient.delete("/api/v1/labs/results")  # the gateway says what it takes
    assert (unusual.status_code, "GET" in unusual.headers["allow"]) == (405, True)


def test_live_hints_flow_through(patient: TestClient) -> None:
    answer = patient.get("/api/v1/live")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text == ": still here\n\n"


@pytest.mark.parametrize("path", ["/sign-in", "/api/v1/session"])
def test_a_cookie_that_another_site_under_our_domain_set_breaks_no_page(
    browser: TestClient, path: str
) -> None:
    """Its bytes go on to the gateway as they came: they may be of any alphabet."""
    reply = browser.get(path, headers=[(b"cookie", b"other=\xff\xfe; device=\xe9")])
    assert reply.status_code < 500
