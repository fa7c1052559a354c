"""The demo's mailbox, seen by somebody who looks for their invitation."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from frontend.app import build
from tests.unit.frontend.stub import Stub

MAIL = {
    "id": "1700000000000000-000001",
    "to": "rosa@mail.example",
    "subject": "Your <new> result",
    "at": "2026-03-04T20:00:00+00:00",
    "text": "See http://localhost:8080/results and http://elsewhere.example/results today.",
    "html": "",
}


@pytest.fixture
def mails() -> list[dict[str, str]]:
    """What the mailbox holds."""
    return [MAIL]


@pytest.fixture
def mailbox(back: Stub, mails: list[dict[str, str]]) -> Iterator[TestClient]:
    """The frontend beside a mailbox."""

    def listing(request: Request) -> Response:
        return Response(json.dumps({"mails": mails}), media_type="application/json")

    def one(request: Request) -> Response:
        return JSONResponse(MAIL)

    app = Starlette(routes=[Route("/mail", listing), Route("/mail/{id}", one)])
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        pages = build("http://gateway", url, httpx2.ASGITransport(back.app()))
        with TestClient(pages, follow_redirects=False) as client:
            yield client
        server.should_exit = True
        thread.join()


def test_each_mail_is_one_link_with_address_and_subject(mailbox: TestClient) -> None:
    page = mailbox.get("/demo/mailbox").text
    link = page.partition(f'href="/demo/mailbox/{MAIL["id"]}"')[2].partition("</a>")[0]
    assert "rosa@mail.example" in link
    assert "Your &lt;new&gt; result" in link
    assert "1 e-mail<" in page
    assert "Nothing has left this computer" in page
    assert "Look for new mail" in page


def test_only_our_own_addresses_are_links(mailbox: TestClient) -> None:
    page = mailbox.get(f"/demo/mailbox/{MAIL['id']}").text
    assert '<a href="http://localhost:8080/results">' in page
    assert 'href="http://elsewhere.example' not in page
    assert "http://elsewhere.example/results" in page
    assert "<iframe" not in page


def test_an_empty_mailbox_says_how_mail_comes(
    mailbox: TestClient, mails: list[dict[str, str]]
) -> None:
    mails.clear()
    page = mailbox.get("/demo/mailbox").text
    assert "Nothing has been sent so far" in page
    assert 'href="/register"' in page


def test_a_mailbox_that_is_away_is_no_mistake_of_ours(back: Stub) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    pages = build("http://gateway", f"http://127.0.0.1:{port}", httpx2.ASGITransport(back.app()))
    with TestClient(pages, raise_server_exceptions=False) as client:
        assert client.get("/demo/mailbox").status_code == 503
