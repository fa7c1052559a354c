"""The portal under test: `python -m portal run` on data of its own, as a user starts it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kernel.bus.embedded import free_port
from portal.places import Places, running

ROOT = Path(__file__).parents[1]
STOP_SECONDS = 30
NO_LIMITS = {
    "PORTAL_RATE_SESSION": "1000000/second",
    "PORTAL_RATE_PUBLIC": "1000000/second",
    "PORTAL_RATE_COOKIE": "1000000/second",
}


@dataclass(frozen=True, slots=True)
class Portal:
    """A running portal: its process, its places, and after how long it said that it was ready."""

    process: subprocess.Popen[str]
    data: Path
    places: Places
    ready_after: float
    passwords: dict[str, str]


@contextmanager
def portal(data: Path) -> Iterator[Portal]:
    """Start one, wait for the end of its demo's loading, stop it at the end."""
    given = {"PORT": str(free_port()), "MLLP_PORT": str(free_port()), "PORTAL_DATA": str(data)}
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "portal", "run"], cwd=ROOT,
        env={**os.environ, **NO_LIMITS, **given}, stdout=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        ready, passwords = _listen(process, started)
        yield Portal(process, data, running(data), ready, passwords)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise


def _listen(process: subprocess.Popen[str], started: float) -> tuple[float, dict[str, str]]:
    """What the portal says on its way up: when it was ready, and the demo's passwords."""
    said, ready, passwords = [], 0.0, {}
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        words = line.split()
        if line.startswith("Ready after"):
            ready = time.monotonic() - started
        elif len(words) > 2 and "@" in words[1]:
            passwords[words[1]] = words[2]
        elif line.startswith("The portal is at"):
            return ready, passwords
    raise SystemExit("The portal did not start:\n" + "".join(said))


@contextmanager
def baseline(database: Path) -> Iterator[int]:
    """The baseline over a database that is there already; its port, which is open at once."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listening:
        command = [sys.executable, "-m", "bench.baselines.crud", str(database)]
        process = subprocess.Popen(
            [*command, str(listening.fileno())], cwd=ROOT, pass_fds=(listening.fileno(),)
        )
        port = int(listening.getsockname()[1])
    try:
        yield port
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def memory(process: int) -> dict[str, float]:
    """MB of proportional memory of a process and all its children, by what they run."""
    found = {}
    for pid in family(process):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                found[f"{pid} {_called(pid)}"] = int(line.split()[1]) / 1024
    return found


def family(process: int) -> list[int]:
    """A process and all its descendants."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *(pid for child in children for pid in family(int(child)))]


def _called(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()
