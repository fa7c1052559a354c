"""The portal as the harness runs it: the real `python -m portal run`, in a folder of its own."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from kernel.bus.embedded import free_port
from portal.places import LOOPBACK, Places, running

READY = "The portal is at"
START_SECONDS = 90.0
STOP_SECONDS = 30.0
LOOK_SECONDS = 0.05
RATES = {f"PORTAL_RATE_{door}": "1000000/minute" for door in ("PUBLIC", "COOKIE", "SESSION")}


class Portal:
    """One running portal with the demo in it. `mutant` breaks one promise of its kernel."""

    def __init__(self, folder: Path, smtp_port: int, mutant: str = "") -> None:
        self.data = folder / "data"
        self._output = folder / "portal.out"
        self._env = {
            **os.environ,
            **RATES,
            "PORTAL_DATA": str(self.data),
            "PORT": str(free_port()),
            "MLLP_PORT": str(free_port()),
            "SMTP_URL": f"smtp://{LOOPBACK}:{smtp_port}",
        }
        self._env.pop("NATS_URL", None)
        run = ["-m", "tests.fault.mutants", mutant] if mutant else ["-m", "portal", "run"]
        self._command = [sys.executable, *run]
        self._process: subprocess.Popen[bytes] | None = None
        self.places: Places

    async def start(self) -> None:
        """Start it, and wait until the demo is loaded. Raises RuntimeError when it does not come."""
        self.data.mkdir(parents=True, exist_ok=True)
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: ASYNC220  # a moment, before any load
                self._command, env=self._env, stdout=output, stderr=output, start_new_session=True
            )
        deadline = time.monotonic() + START_SECONDS
        while READY not in self._output.read_text():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the portal did not start; see {self._output}")
            await asyncio.sleep(LOOK_SECONDS)
        self.places = running(self.data)

    def pids(self) -> dict[str, int]:
        """The parts that run now, by the portal's own note, checked against the kernel's."""
        noted: dict[str, int] = json.loads((self.data / "pids.json").read_text())
        return {name: pid for name, pid in noted.items() if _parent(pid) == self._parent}

    async def kill(self, part: str) -> None:
        """kill -9 of one part (once it runs again, if it is down from a kill before)."""
        os.kill(await self._pid(part), signal.SIGKILL)

    async def wipe(self) -> None:
        """kill -9 of the nats-server, and all that it had on disk is gone when it starts again."""
        server = await self._pid("nats-server")
        os.kill(self._parent, signal.SIGSTOP)  # or it would be started again too soon
        try:
            os.kill(server, signal.SIGKILL)
            await asyncio.sleep(LOOK_SECONDS)
            shutil.rmtree(self.data / "nats")
        finally:
            os.kill(self._parent, signal.SIGCONT)

    async def _pid(self, part: str) -> int:
        while (pid := self.pids().get(part)) is None:
            if self._process is None or self._process.poll() is not None:
                raise RuntimeError(f"the portal itself has ended; see {self._output}")
            await asyncio.sleep(LOOK_SECONDS)
        return pid

    async def stop(self) -> None:
        """Stop it as Ctrl-C does; whatever is left after that is killed, by its own pid."""
        process, self._process = self._process, None
        if process is None:
            return
        left = self._children(process.pid)
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.to_thread(process.wait, STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pid in left:
            if _parent(pid) == 1:  # an orphan of ours
                os.kill(pid, signal.SIGKILL)

    @property
    def _parent(self) -> int:
        if self._process is None:
            raise RuntimeError("the portal does not run")
        return self._process.pid

    def _children(self, parent: int) -> list[int]:
        noted = self.data / "pids.json"
        pids = json.loads(noted.read_text()).values() if noted.exists() else ()
        return [pid for pid in pids if _parent(pid) == parent]


def _parent(pid: int) -> int | None:
    """The parent of a living process; None for one that is gone (or only waits to be buried)."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if after_name[0] in "ZX" else int(after_name[1])
