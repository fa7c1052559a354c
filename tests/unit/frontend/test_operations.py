"""The operations board (S17) and the demo's mailbox."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from contracts import interop, notifier
from frontend.app import build
from frontend.presenters.operations import Health, Reaction, service_row
from tests.unit.frontend.stub import Stub, problem

MAIL = {
    "id": "1700000000000000-000001",
    "to": "rosa@mail.example",
    "subject": "Your invitation",
    "at": "2026-03-04T20:00:00+00:00",
    "text": "Follow http://localhost:8080/invitation/abc and enter <b>AB-12</b>. "
    "Not http://localhost:8080@elsewhere.example/x nor https://elsewhere.example/y nor http://[z.",
    "html": "<p>Follow</p>",
}


@pytest.fixture
def sre(browser: TestClient) -> TestClient:
    """An operator."""
    browser.cookies.set("sid", "sre")
    return browser


@pytest.mark.rule("S17")
def test_the_board_shows_what_fails_and_what_waits(sre: TestClient, back: Stub) -> None:
    page = sre.get("/ops").text
    for words in ("SMTP 550", "Not sent", "12,345", "TimeoutError"):
        assert words in page
    assert "Does not answer" in page  # interop, of which the rest of the board is known
    assert back.last(notifier.GetEmails).fields == {"failed_only": "true"}


@pytest.mark.rule("S17")
def test_the_board_of_support_is_about_messages_only(browser: TestClient) -> None:
    browser.cookies.set("sid", "support")
    page = browser.get("/ops").text
    assert "SMTP 550" in page
    assert "Parked work" not in page


@pytest.mark.rule("S17")
def test_the_board_stands_while_a_service_is_down(sre: TestClient, back: Stub) -> None:
    down = problem(503, "unavailable", "A part of the portal does not answer.")
    for message in (notifier.GetEmails, interop.GetQuarantine, interop.GetSummary):
        back.answers[message] = down
    page = sre.get("/ops")
    assert page.status_code == 200
    assert "The notifier does not answer" in page.text


@pytest.mark.rule("S17")
def test_the_board_counts_kept_messages_and_leads_to_their_own_page(sre: TestClient) -> None:
    page = sre.get("/ops").text
    assert "<strong>1,204</strong> messages wait." in page
    assert "no usable patient identifier" not in page
    assert "scheduling: PostVisit" in page  # kept for a service to come


@pytest.mark.rule("S17")
def test_parked_work_needs_a_reason(sre: TestClient, back: Stub) -> None:
    taken: list[str] = []

    def take(request: Request) -> Response:
        taken.append(request.headers["idempotency-key"])
        return JSONResponse({})

    back.extra["/api/v1/ops/notifier/skip-parked"] = take
    work = {"key": "k", "field": "reason-1", "service": "notifier", "action": "skip"}
    work |= {"reaction": "send-invitation", "position": "77"}
    unsaid = sre.post("/ops/parked", data=work)
    assert unsaid.status_code == 422
    assert 'href="#reason-1"' in unsaid.text
    done = sre.post("/ops/parked", data=work | {"reason": "The address is gone"})
    assert done.headers["location"] == "/ops?done=skipped"
    assert taken == ["k"]
    for wrong in ({"service": "../session"}, {"action": "wipe"}):
        assert sre.post("/ops/parked", data=work | {"reason": "abc"} | wrong).status_code == 422


def test_a_service_in_words() -> None:
    def health(lag: int, waiting: int, stage: str = "working") -> Health:
        reactions = [Reaction(name="mail", lag=lag, waiting=waiting)]
        folded = (4000, 9000) if stage == "folding" else (0, 0)
        return Health(
            service="x", stage=stage, folded=folded, head=9, outbox=0, reactions=reactions
        )

    assert service_row("x", None).words == "Does not answer"
    assert service_row("x", health(0, 0)).words == "Working"
    assert service_row("x", health(3, 1)).words == "Needs a look"
    assert service_row("x", health(3, 1)).slowest == "mail"
    assert service_row("x", health(9000, 0, "starting")).words == "Starting"
    folding = service_row("x", health(9000, 0, "folding"))
    assert folding.words == "Making its views: 4,000 of 9,000 events"


# -- the demo's mailbox ----------------------------------------------------------------------------


@pytest.fixture
def mailbox(back: Stub) -> Iterator[TestClient]:
    """The frontend beside a mailbox with one mail."""

    def listing(request: Request) -> Response:
        return Response(json.dumps({"mails": [MAIL]}), media_type="application/json")

    def one(request: Request) -> Response:
        known = request.path_params["id"] == MAIL["id"]
        return JSONResponse(MAIL) if known else JSONResponse({}, 404)

    app = Starlette(routes=[Route("/mail", listing), Route("/mail/{id}", one)])
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config: Any = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        pages = build("http://gateway", url, httpx2.ASGITransport(back.app()))
        with TestClient(pages, follow_redirects=False) as client:
            yield client
        server.should_exit = True
        thread.join()


def test_the_demo_mailbox_makes_links_of_addresses_and_nothing_else(mailbox: TestClient) -> None:
    assert "Your invitation" in mailbox.get("/demo/mailbox").text
    page = mailbox.get(f"/demo/mailbox/{MAIL['id']}").text
    assert 'href="http://localhost:8080/invitation/abc"' in page
    assert "&lt;b&gt;AB-12&lt;/b&gt;" in page
    assert "https://elsewhere.example/y" in page
    assert page.count('href="http') == 1  # only what leads into this portal is a link
    assert mailbox.get("/demo/mailbox/9").status_code == 404


def test_the_html_of_a_mail_can_do_nothing(mailbox: TestClient) -> None:
    frame = mailbox.get(f"/demo/mailbox/{MAIL['id']}/html")
    assert frame.text == MAIL["html"]
    assert frame.headers["content-security-policy"].startswith("sandbox; default-src 'none'")


def test_without_a_demo_there_is_no_mailbox(browser: TestClient) -> None:
    assert browser.get("/demo/mailbox").status_code == 404
    assert browser.get("/demo/mailbox/1").status_code == 404
