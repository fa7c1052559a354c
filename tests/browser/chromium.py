"""Finds a Chromium for the browser tests, so that no machine needs a set-up of its own.

Browsers that are already there come first; a download is only made when the system's own package
manager can do it for us (root with apt-get, which is what CI and containers are).
Run as `python -m tests.browser.chromium` it prints the path, or says what to do and fails.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_APPS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
PLAYWRIGHT_CACHES = ("~/.cache/ms-playwright", "~/Library/Caches/ms-playwright")
PLAYWRIGHT_PATTERNS = (
    "chromium-*/chrome-linux*/chrome",
    "chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
)
ADVICE = (
    "No Chromium was found, so the browser tests cannot run. Install one with your package manager "
    "(apt install chromium), or run `.venv/bin/playwright install chromium`, or name one in the "
    "environment variable CHROMIUM."
)


class NoChromium(RuntimeError):
    """There is no browser here and we may not install one."""


def find() -> Path | None:
    """The best browser on this machine; a choice in CHROMIUM beats every guess."""
    return next((path for path in _candidates() if os.access(path, os.X_OK)), None)


def find_or_install() -> Path:
    """The path to give to Playwright as `executable_path`."""
    path = find() or (_apt_install() and find())
    if not path:
        raise NoChromium(ADVICE)
    return path


def _candidates() -> Iterator[Path]:
    if chosen := os.environ.get("CHROMIUM"):
        yield Path(chosen)
    yield from (Path(found) for name in NAMES if (found := shutil.which(name)))
    yield from map(Path, MAC_APPS)
    caches = (os.environ.get("PLAYWRIGHT_BROWSERS_PATH", ""), *PLAYWRIGHT_CACHES)
    for cache in filter(None, caches):
        for pattern in PLAYWRIGHT_PATTERNS:
            yield from sorted(Path(cache).expanduser().glob(pattern), reverse=True)


def _apt_install() -> bool:
    """Adds the distribution's own Chromium; only root may, and only where apt-get is."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    print("Installing chromium for the browser tests ...", file=sys.stderr)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
        done = subprocess.run(["apt-get", "-qq", *step], env=quiet, stdout=sys.stderr, check=False)
        if done.returncode:
            return False
    return True


def main() -> int:
    """Says which browser the tests will use."""
    try:
        print(f"Browser for the tests: {find_or_install()}")
    except NoChromium as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
