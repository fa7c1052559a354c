"""What a service process is told from outside: environment variables, and files under `data`."""

from __future__ import annotations

import os
import secrets
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings, SettingsConfigDict

from kernel.clock import Clock, SystemClock
from kernel.tokens import Signer, Verifier

SECRET_BYTES = 32


class Settings(BaseSettings):
    """One service's settings. Environment variables are named `PORTAL_<FIELD>`.

    `database` and `keys` are SQLAlchemy URLs, in which `{service}` stands for the service's name;
    without them SQLite files under `data` are used.
    `demo` allows a moved clock and the demo's pages; everything that it allows is refused else.
    """

    model_config = SettingsConfigDict(env_prefix="PORTAL_", extra="ignore")

    service: str
    data: Path = Path("var")
    database: str = ""
    keys: str = ""
    public_keys: Path | None = None
    nats: str = "nats://127.0.0.1:4222"
    nats_credential: str = ""
    demo: bool = False
    lease_seconds: float = 10
    bus_days: int = 3

    @property
    def credential(self) -> str:
        """The path of this service's nkey seed; empty on a bus without users."""
        return self.nats_credential.replace("{service}", self.service)

    @cached_property
    def clock(self) -> Clock:
        """The machine's clock, or in the demo the one that can be moved."""
        return SystemClock(self.data / "clock-offset" if self.demo else None)

    @property
    def database_url(self) -> str:
        """Where this service's event log is."""
        own = f"sqlite:///{self.data}/{self.service}.db"
        return self.database.replace("{service}", self.service) or own

    @property
    def keys_url(self) -> str:
        """Where this service's patient keys are: never in the event log's database."""
        own = f"sqlite:///{self.data}/keys/{self.service}.keys.db"
        return self.keys.replace("{service}", self.service) or own

    @property
    def public_folder(self) -> Path:
        """Where every service puts its public key and reads the others'."""
        return self.public_keys or self.data / "keys" / "public"

    @cached_property
    def secret(self) -> bytes:
        """32 bytes known to this service only, made on its first start."""
        return _secret_file(self.data / "keys" / f"{self.service}.secret")

    @cached_property
    def signer(self) -> Signer:
        """Signs tokens as this service (an Ed25519 key made on its first start)."""
        return Signer(self.service, self.data / "keys", self.public_folder)

    @cached_property
    def verifier(self) -> Verifier:
        """Checks tokens of any service whose public key is beside ours."""
        return Verifier(self.public_folder, self.clock)

    def sign(self, claims: dict[str, Any], seconds: int) -> str:
        """A token over `claims`, valid this long from now."""
        return self.signer.sign(claims, self.clock.now(), timedelta(seconds=seconds))

    def env(self, name: str, default: str) -> str:
        """A setting that only one service knows, from the environment."""
        return os.environ.get(name, default)


def _secret_file(path: Path) -> bytes:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, secrets.token_bytes(SECRET_BYTES))
    return path.read_bytes()


def write_private(path: Path, content: bytes) -> None:
    """Write a file whole, readable by its owner only; a reader never sees half of it."""
    part = path.with_suffix(path.suffix + f".{os.getpid()}")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)
