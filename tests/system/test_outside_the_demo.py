"""Each part a process of its own, as in a deployment, and no demo: staff need a second factor there."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx2 as httpx
import pyotp
import pytest

from contracts.common import Done
from contracts.practice import ConfigurePractice
from kernel.bus.embedded import free_port
from kernel.bus.requests import Unavailable
from kernel.testing.nats import nats_server
from portal.demo.load import read_demo
from portal.operator import Operator
from portal.places import running
from tests.system.whole_portal import ROOT, Person, until

PARTS = ("practice", "identity", "labs", "notifier", "gateway")


@dataclass(frozen=True, slots=True)
class Deployed:
    """Where the gateway is, and what the parts were told."""

    url: str
    env: dict[str, str]

    def command(self, *words: str) -> str:
        """`python -m portal ...` as an operator of this deployment gives it; what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "portal", *words], cwd=ROOT, env=self.env, capture_output=True,
            text=True, timeout=60, check=True,
        )  # fmt: skip
        return done.stdout


@contextmanager
def part(name: str, env: dict[str, str]) -> Iterator[None]:
    """One process, ended at the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "portal", "serve", name], cwd=ROOT, env=env,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """What signing in needs, over a bus, with the practice's profile set."""
    data, port = tmp_path_factory.mktemp("deployed"), free_port()
    with ExitStack() as stack:
        bus = stack.enter_context(nats_server(data / "bus"))
        told = {"PORTAL_NATS": bus.url, "PORTAL_DATA": str(data), "PORT": str(port)}
        env = {**os.environ, **told}
        for name in PARTS:
            stack.enter_context(part(name, env))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PORTAL_NATS", bus.url)
            asyncio.run(_configure(data, port))
        url = f"http://127.0.0.1:{port}"
        until(lambda: _answers(url), seconds=30)
        yield Deployed(url, env)


async def _configure(data: Path, port: int) -> None:
    operator = await Operator.reach(running(data))
    profile = read_demo(datetime.now(UTC).date(), f"http://localhost:{port}").profile
    async with asyncio.timeout(60):  # five processes start at once, on a busy machine perhaps
        while not await _configured(operator, ConfigurePractice(profile=profile)):
            pass
    await operator.close()


async def _configured(operator: Operator, profile: ConfigurePractice) -> bool:
    try:
        await operator.ask(profile, Done, key="profile")
    except Unavailable:
        return False
    return True


def _answers(url: str) -> bool:
    """identity is there, and has heard of the practice."""
    try:
        return httpx.post(f"{url}/api/v1/identity/begin-passkey-sign-in").status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.rule("R63")
def test_staff_do_nothing_before_they_have_a_second_factor(deployed: Deployed) -> None:
    said = deployed.command("staff", "add", "ann@clinic.example", "Ann Lee", "support")
    password = said.splitlines()[0].split()[-1]
    ann = Person(deployed.url)
    ann.sign_in("ann@clinic.example", password)
    assert ann.get("session").json()["caller"]["role"] == "enrolling"
    assert ann.get("identity/registration-queue").status_code == 403
    assert ann.post("identity/change-email", email="x@y.example", password=password).is_error

    offer = ann.post("identity/begin-totp").json()
    code = pyotp.TOTP(offer["secret"]).now()
    codes = ann.post("identity/confirm-totp", code=code).json()["codes"]
    until(lambda: ann.get("identity/registration-queue").status_code == 200)

    again = Person(deployed.url)
    again.sign_in("ann@clinic.example", password)
    waits = again.get("identity/registration-queue")
    assert (waits.status_code, waits.json()["code"]) == (401, "second-factor")
    assert again.post("identity/confirm-second-factor", code=codes[0]).status_code == 200
    assert again.get("identity/registration-queue").status_code == 200


def test_the_operator_lets_in_who_lost_theirs_and_they_start_over(deployed: Deployed) -> None:
    said = deployed.command("staff", "add", "bo@clinic.example", "Bo Hale", "sre")
    password = said.splitlines()[0].split()[-1]
    bo = Person(deployed.url)
    bo.sign_in("bo@clinic.example", password)
    secret = bo.post("identity/begin-totp").json()["secret"]
    bo.post("identity/confirm-totp", code=pyotp.TOTP(secret).now())
    deployed.command("staff", "lost-factor", "bo@clinic.example", "seen in person")
    until(lambda: bo.get("session").status_code == 401)
    bo.sign_in("bo@clinic.example", password)
    assert bo.get("session").json()["caller"]["role"] == "enrolling"
