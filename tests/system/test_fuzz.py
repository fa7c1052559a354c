"""Whatever is sent to the API, as whoever: it is never our mistake, and what comes back is documented."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.whole_portal import Person, Running, whole_portal

ACCOUNTS = (
    "maya.lindqvist@mail.example",
    "chen@harborview.example",
    "support@harborview.example",
    "policy@harborview.example",
)


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A fresh portal that does not count how often it is asked."""
    rates = {f"PORTAL_RATE_{door}": "100000/second" for door in ("SESSION", "PUBLIC", "COOKIE")}
    with whole_portal(tmp_path_factory.mktemp("portal"), **rates) as running:
        yield running


ENDS_THE_SESSION = ("sign-out", "sign-out-everywhere")
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_schema_conformance", "unsupported_method",
)  # fmt: skip


@pytest.mark.parametrize("email", ACCOUNTS)
def test_every_request_has_the_answer_that_the_document_promises(
    portal: Running, email: str
) -> None:
    person = Person(portal.gateway)
    person.sign_in(email, portal.password_of(email))
    done = subprocess.run(
        [
            Path(sys.executable).parent / "st", "run", f"{portal.gateway}/api/v1/openapi.json",
            "--checks", ",".join(CHECKS), "--phases", "coverage",
            "--max-examples", "4", "--seed", "7", *_left_out(),
            "--header", f"Cookie: sid={person.http.cookies['sid']}",
        ],
        capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
    assert "passed" in done.stdout


def _left_out() -> list[str]:
    """What would leave every later request without a session."""
    return [a for name in ENDS_THE_SESSION for a in ("--exclude-path", f"/api/v1/identity/{name}")]
