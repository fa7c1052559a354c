"""What every page must pass."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SERIOUS = ("serious", "critical")


def check(page: Page, where: str) -> None:
    """No serious finding of axe, and no sideways scrolling on a small phone."""
    found = [v for v in Axe().run(page).response["violations"] if v["impact"] in SERIOUS]
    assert found == [], where
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, where
