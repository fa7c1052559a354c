"""A real nats-server for tests: stopped, killed, wiped and started again as the test likes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kernel.bus.embedded import EmbeddedNats, free_port


class TestNats(EmbeddedNats):
    """The embedded server with a store of its own; `extra` is added to its configuration."""

    __test__ = False

    def __init__(self, home: Path, **extra: Any) -> None:
        super().__init__(home / "store", free_port(), extra)
        home.mkdir(parents=True, exist_ok=True)

    def wipe(self) -> None:
        """Stop it, delete all that it kept, and start it again, empty."""
        self.stop()
        shutil.rmtree(self.store)
        self.start()

    def restart(self) -> None:
        """Kill it (-9) and start it again on the same store."""
        self.kill()
        self.start()


@contextmanager
def nats_server(home: Path, **extra: Any) -> Iterator[TestNats]:
    """A running server on a free port, ended at the end of the block."""
    server = TestNats(home, **extra)
    server.start()
    try:
        yield server
    finally:
        server.kill()
