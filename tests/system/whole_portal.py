"""The whole portal as a child process, as a user starts it, and a browser-like HTTP client."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx

from kernel.bus.embedded import free_port

START_SECONDS = 60
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Running:
    """A running portal: where it is, and what it printed."""

    process: subprocess.Popen[str]
    data: Path
    url: str
    mllp: int
    said: list[str]

    @property
    def gateway(self) -> str:
        places = json.loads((self.data / "portal.json").read_text())
        return f"http://127.0.0.1:{places['gateway']}"

    def password_of(self, email: str) -> str:
        """What the portal printed as this account's password."""
        line = next(line for line in self.said if email in line)
        return line.split()[2]

    def mails(self, to: str = "") -> list[dict[str, Any]]:
        """The demo's mails, newest first."""
        places = json.loads((self.data / "portal.json").read_text())
        listed: list[dict[str, Any]] = httpx.get(
            f"http://127.0.0.1:{places['mailbox']}/mail", timeout=10
        ).json()["mails"]
        return [mail for mail in listed if to in mail["to"]]

    def move_clock(self, seconds: float) -> None:
        """Move the demo's clock, for all processes at once."""
        file = self.data / "clock-offset"
        before = float(file.read_text()) if file.exists() else 0.0
        part = file.with_suffix(".part")
        part.write_text(str(before + seconds))
        part.replace(file)


@contextmanager
def whole_portal(data: Path, **env: str) -> Iterator[Running]:
    """Start `python -m portal run`, wait until it says where it is, stop it at the end."""
    port, mllp = free_port(), free_port()
    given = {"PORT": str(port), "MLLP_PORT": str(mllp), "PORTAL_DATA": str(data), **env}
    process = subprocess.Popen(
        [sys.executable, "-m", "portal", "run"],
        cwd=ROOT, env={**os.environ, **given}, stdout=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    said: list[str] = []
    try:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line.rstrip())
            if line.startswith("The portal is at"):
                break
        assert process.poll() is None, "\n".join(said)
        yield Running(process, data, f"http://localhost:{port}", mllp, said)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise


class Person:
    """Somebody at a browser: keeps cookies, talks to the API. `origin` is the gateway."""

    def __init__(self, origin: str) -> None:
        self.http = httpx.Client(base_url=origin, timeout=15)
        self._number = 0

    def get(self, path: str, background: bool = False, **params: Any) -> httpx.Response:
        """Ask. `background` is what a page does by itself."""
        headers = {"X-Background": "1"} if background else {}
        return self.http.get(f"/api/v1/{path}", params=params, headers=headers)

    def post(self, path: str, key: str = "", **body: Any) -> httpx.Response:
        """Command, with a fresh idempotency key unless one is given."""
        self._number += 1
        key = key or f"{id(self)}-{self._number}-{time.monotonic_ns()}"
        return self.http.post(f"/api/v1/{path}", json=body, headers={"Idempotency-Key": key})

    def sign_in(self, email: str, password: str) -> None:
        """Open a session."""
        answer = self.post("identity/sign-in", email=email, password=password)
        assert answer.status_code == 200, answer.text


def until(look: Any, seconds: float = 10) -> Any:
    """What `look()` gives once it is true; fails when that takes too long."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return found


def invitation_in(text: str) -> tuple[str, str]:
    """The link's secret and the code in an invitation mail."""
    link = re.search(r"/invitation/(\S+)", text)
    code = re.search(r"\b([0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5})\b", text)
    assert link, text
    assert code, text
    return link.group(1), code.group(1)
