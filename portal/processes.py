"""One parent that has imported everything once, and a forked child per part of the portal.

The parent is synchronous and has one thread: loops, connections and ids start in the child.
A child that dies is started again; SIGTERM or SIGINT stops all of them, in order.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from kernel.telemetry import described

STOP_SECONDS = 12
RESTART_SECONDS, LONGEST_SECONDS = 0.3, 10.0
SOON_SECONDS = 3.0
LOOK_SECONDS = 0.2
PR_SET_PDEATHSIG = 1
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Part:
    """One child process: what it runs, and its process id while it runs.

    `start` runs in the child and returns when the child is done. A part that is done with exit
    code 0 and `once` is not started again.
    """

    name: str
    start: Callable[[], None]
    once: bool = False
    pid: int = 0
    due: float = 0.0
    started: float = 0.0
    failures: int = 0

    def delay(self, now: float) -> float:
        """How long to wait before it is started again: longer each time that it soon ends."""
        self.failures = self.failures + 1 if now - self.started < SOON_SECONDS else 0
        return min(RESTART_SECONDS * 2.0**self.failures, LONGEST_SECONDS)


class Family:
    """The parts, kept alive until told to stop."""

    def __init__(
        self,
        parts: list[Part],
        say: Callable[[str], None],
        note: Callable[[dict[str, int]], None] = lambda pids: None,
        keep_from_children: tuple[int, ...] = (),
    ) -> None:
        self._parts = parts
        self._say = say
        self._note = note
        self._keep_from_children = keep_from_children
        self._stopping = False
        self._woken, self._waker = socket.socketpair()

    def run(self) -> None:
        """Start all parts in order and keep them alive; returns when all have stopped."""
        for listening in (self._woken, self._waker):
            listening.setblocking(False)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        gc.collect()
        gc.freeze()  # what was imported stays shared between the children
        for part in self._parts:
            self._fork(part)
        while not self._stopping:
            self._wait()
            self._reap()
            for part in self._parts:
                if part.pid == 0 and part.due and time.monotonic() >= part.due:
                    self._fork(part)
        self._end_all()

    def pids(self) -> dict[str, int]:
        """The running parts."""
        return {part.name: part.pid for part in self._parts if part.pid}

    def _fork(self, part: Part) -> None:
        part.due = 0.0
        sys.stdout.flush()
        pid = os.fork()
        if pid:
            part.pid, part.started = pid, time.monotonic()
            self._note(self.pids())
            return
        code = 1
        try:
            _end_with_parent()
            for descriptor in self._keep_from_children:
                os.close(descriptor)
            # The terminal's Ctrl-C reaches the whole group: only the parent acts on it.
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            part.start()
            code = 0
        except Exception as error:  # noqa: BLE001  # the exit below would swallow it
            for each in getattr(error, "exceptions", (error,)):
                log.error("%s ended: %s", part.name, described(each))
        finally:
            sys.stdout.flush()
            os._exit(code)

    def _wait(self) -> None:
        ready, _, _ = select.select([self._woken], [], [], LOOK_SECONDS)
        if ready:
            self._woken.recv(4096)

    def _reap(self) -> None:
        for part in self._parts:
            if not part.pid:
                continue
            pid, status = os.waitpid(part.pid, os.WNOHANG)
            if pid == 0:
                continue
            part.pid = 0
            if part.once and status == 0:
                continue
            if not self._stopping:
                self._say(f"{part.name} ended ({_why(status)}) and is started again.")
                now = time.monotonic()
                part.due = now + part.delay(now)

    def _stop(self, *_: object) -> None:
        self._stopping = True

    def _end_all(self) -> None:
        """Stop the parts in the opposite order, one layer after the other."""
        deadline = time.monotonic() + STOP_SECONDS
        for part in reversed(self._parts):
            if part.pid:
                os.kill(part.pid, signal.SIGTERM)
        while any(part.pid for part in self._parts) and time.monotonic() < deadline:
            self._wait()
            self._reap()
        for part in self._parts:
            if part.pid:
                os.kill(part.pid, signal.SIGKILL)


def _end_with_parent() -> None:
    """Ask Linux to stop this child when the parent is gone, also by kill -9: nobody would restart it,
    and the next `make run` would meet it on its ports.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _why(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"signal {os.WTERMSIG(status)}"
    return f"exit code {os.WEXITSTATUS(status)}"
