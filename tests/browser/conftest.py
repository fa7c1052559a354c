"""For the browser tests: one Chromium, and the frontend over the stub gateway."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from frontend.app import build
from tests.browser.chromium import find_or_install
from tests.unit.frontend.stub import Stub, stub

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic"]


@dataclass(slots=True)
class Place:
    """Where the pages are, and the stub behind them."""

    url: str
    back: Stub


@pytest.fixture
def place() -> Iterator[Place]:
    """The frontend over the stub, served by uvicorn in a thread."""
    back = stub()
    app = build("http://gateway", None, httpx2.ASGITransport(back.app()))
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield Place(f"http://127.0.0.1:{listening.getsockname()[1]}", back)
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One real Chromium for all tests of a file."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_or_install()), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, place: Place) -> Iterator[Page]:
    """A small phone, signed out; an error in its console fails the test."""
    context = chromium.new_context(base_url=place.url, viewport={"width": 320, "height": 700})
    opened = context.new_page()
    broken: list[str] = []
    opened.on("pageerror", lambda error: broken.append(str(error)))
    opened.on("console", lambda said: broken.append(said.text) if "Policy" in said.text else None)
    yield opened
    context.close()
    assert broken == []
