"""The frontend over the cardboard gateway."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
from starlette.testclient import TestClient

from frontend.app import build
from tests.unit.frontend.stub import NOW, Stub, stub


@pytest.fixture
def back() -> Stub:
    """The gateway that answers."""
    return stub()


@pytest.fixture
def browser(back: Stub) -> Iterator[TestClient]:
    """A browser without scripts, signed out."""
    app = build("http://gateway", None, httpx2.ASGITransport(back.app()), now=lambda: NOW)
    with TestClient(app, follow_redirects=False, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def patient(browser: TestClient) -> TestClient:
    """The same browser, signed in as a patient."""
    browser.cookies.set("sid", "patient")
    return browser


@pytest.fixture
def parent(browser: TestClient) -> TestClient:
    """The same browser, signed in as a mother who acts for a family."""
    browser.cookies.set("sid", "parent")
    return browser
