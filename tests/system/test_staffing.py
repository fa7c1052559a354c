"""Operators open staff accounts from the command line of the machine, and nobody else does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.whole_portal import ROOT, Person, Running, whole_portal

NURSE = "nurse@harborview.example"


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A fresh portal with the demo practice."""
    with whole_portal(tmp_path_factory.mktemp("portal")) as running:
        yield running


def command(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`python -m portal ...` on this machine."""
    return subprocess.run(
        [sys.executable, "-m", "portal", *words], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "PORTAL_DATA": str(data)}, timeout=60, check=False,
    )  # fmt: skip


def test_an_account_is_opened_and_its_first_password_printed_once(portal: Running) -> None:
    done = command(portal.data, "staff", "add", NURSE, "Nora Field", "clinic")
    assert done.returncode == 0, done.stderr
    password = done.stdout.splitlines()[0].split()[-1]
    person = Person(portal.gateway)
    person.sign_in(NURSE, password)
    assert person.get("session").json()["caller"]["role"] == "clinic"
    again = command(portal.data, "staff", "add", NURSE, "Nora Field", "clinic")
    assert again.returncode == 1
    assert "cannot be used" in again.stderr
    assert "Traceback" not in again.stderr


def test_what_is_not_an_address_and_whose_factor_is_not_lost_is_said_plainly(
    portal: Running,
) -> None:
    wrong = command(portal.data, "staff", "add", "nobody", "No Body", "clinic")
    assert (wrong.returncode, wrong.stderr.strip()) == (1, "This does not look right: email.")
    none = command(portal.data, "staff", "lost-factor", "sre@harborview.example", "seen in person")
    assert (none.returncode, none.stderr.strip()) == (1, "This account has no second factor.")
