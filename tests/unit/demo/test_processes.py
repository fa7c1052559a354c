"""The parent of all parts: it restarts what dies, and does not start where somebody else is."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from portal.places import check_free, choose, hold
from portal.processes import LONGEST_SECONDS, RESTART_SECONDS, SOON_SECONDS, Part


def test_a_part_that_soon_ends_again_is_started_later_each_time() -> None:
    part = Part("labs", start=lambda: None, started=100.0)
    assert part.delay(100.1) == RESTART_SECONDS * 2
    assert part.delay(100.2) == RESTART_SECONDS * 4
    assert [part.delay(100.3) for _ in range(9)][-1] == LONGEST_SECONDS
    assert part.delay(100.0 + SOON_SECONDS) == RESTART_SECONDS


@pytest.mark.parametrize("name", ["PORT", "MLLP_PORT"])
def test_a_port_in_use_is_said_plainly(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTAL_DATA", str(tmp_path))
    monkeypatch.setenv("PORT", "0")
    monkeypatch.setenv("MLLP_PORT", "0")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv(name, str(port))
        with pytest.raises(SystemExit, match=rf"Port {port} is in use.*{name}="):
            check_free(choose())


def test_two_portals_do_not_work_on_one_folder(tmp_path: Path) -> None:
    hold(tmp_path)
    with pytest.raises(SystemExit, match=r"runs on .* already"):
        hold(tmp_path)
