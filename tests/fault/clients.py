"""Callers that give up nothing: the same key until there is an answer, and a book of the answers."""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx2

from contracts.catalog import OPERATIONS
from contracts.identity import SignIn
from kernel.envelope import Command, Query
from portal.demo.start import CR, FS, VT
from portal.places import LOOPBACK

PATIENCE = httpx2.Timeout(4.0)
ACK_SECONDS = 5.0
PAUSE_SECONDS = (0.05, 0.3)
AGAIN = frozenset({429, 500, 502, 503, 504})
_OPERATIONS = {operation.message: operation for operation in OPERATIONS}


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """One command that was answered with success. `effect` names what must stand in the logs."""

    command: str
    actor: str
    key: str
    status: int
    answer: str
    effect: dict[str, str]


class Book:
    """What one client was told, in its own file: a line is on the disk before it counts."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def keep(self, entry: Acknowledged) -> None:
        """Write down and fsync."""
        os.write(self._file, json.dumps(asdict(entry)).encode() + b"\n")
        os.fsync(self._file)

    def close(self) -> None:
        """No more."""
        os.close(self._file)


def read_books(folder: Path) -> list[Acknowledged]:
    """All that all clients were told."""
    return [
        Acknowledged(**json.loads(line))
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_text().splitlines()
    ]


@dataclass(frozen=True, slots=True)
class Account:
    """Whom to sign in as."""

    email: str
    password: str


class Client:
    """One caller over HTTP. Without an account it is a stranger, or signed in by an answer."""

    def __init__(
        self, name: str, url: str, books: Path, seed: int, account: Account | None
    ) -> None:
        self.name = name
        self.rng = random.Random(f"{name} {seed}")
        self.account = account
        self.actor = "anonymous"
        self.counts: Counter[str] = Counter()
        self._book = Book(books / f"{name}.jsonl")
        self._http = httpx2.AsyncClient(base_url=url, timeout=PATIENCE)
        self._seed = seed
        self._count = 0

    async def close(self) -> None:
        """Hang up."""
        self._book.close()
        await self._http.aclose()

    async def command(
        self, message: type[Command], body: dict[str, Any], effect: dict[str, str]
    ) -> httpx2.Response:
        """Send one command under one key until it is answered, and note down a success."""
        self._count += 1
        key = f"fault-{self._seed}-{self.name}-{self._count}"
        answer = await self._send(message, body, key)
        if answer.is_success:
            self._book.keep(
                Acknowledged(
                    message.__name__, self.actor, key, answer.status_code, answer.text, effect
                )
            )
        else:
            self.counts[f"{message.__name__} {answer.json().get('code')}"] += 1
        return answer

    async def query(self, message: type[Query], asked: dict[str, Any]) -> Any:
        """Ask until there is an answer; None when it is refused."""
        answer = await self._send(message, asked, "")
        return answer.json() if answer.is_success else None

    async def sign_in(self) -> None:
        """Until it works: right away, after a wipe of the bus, or when the portal is back."""
        if self.account is None:
            raise RuntimeError(f"{self.name} was asked to sign in and has no account")
        body = {"email": self.account.email, "password": self.account.password}
        while True:
            answer = await self._try(SignIn, body, "")
            if answer is not None and answer.is_success:
                self.actor = answer.json()["caller"]["subject"]
                self.counts["signed in"] += 1
                return
            await self._pause()

    async def _send(
        self, message: type[Command | Query], body: dict[str, Any], key: str
    ) -> httpx2.Response:
        while True:
            answer = await self._try(message, body, key)
            if answer is None or answer.status_code in AGAIN:
                self.counts["tried again"] += 1
                await self._pause()
            elif answer.status_code == 401:
                await self.sign_in()
            else:
                return answer

    async def _try(
        self, message: type[Command | Query], body: dict[str, Any], key: str
    ) -> httpx2.Response | None:
        operation = _OPERATIONS[message]
        headers = {"Idempotency-Key": key} if key else {}
        try:
            if operation.method == "GET":
                return await self._http.get(operation.path, params=body)
            return await self._http.post(operation.path, json=body, headers=headers)
        except httpx2.TransportError:
            return None  # whether it took effect is not known: the same again

    async def _pause(self) -> None:
        await asyncio.sleep(self.rng.uniform(*PAUSE_SECONDS))


class Sender:
    """A laboratory's interface engine: the same bytes over MLLP until they are accepted."""

    def __init__(self, name: str, port: int, books: Path, seed: int) -> None:
        self.rng = random.Random(f"{name} {seed}")
        self.name = name
        self.counts: Counter[str] = Counter()
        self._port = port
        self._book = Book(books / f"{name}.jsonl")
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def close(self) -> None:
        """Hang up."""
        self._book.close()
        self._hang_up()

    async def send(self, message: bytes, effect: dict[str, str]) -> None:
        """Until the answer is AA. Our messages are right, so nothing else is final."""
        while b"\rMSA|AA" not in (ack := await self._try(message)):
            self.counts["tried again"] += 1
            self._hang_up()
            await asyncio.sleep(self.rng.uniform(*PAUSE_SECONDS))
        self._book.keep(Acknowledged("mllp", self.name, "", 0, ack.decode(), effect))

    async def _try(self, message: bytes) -> bytes:
        try:
            async with asyncio.timeout(ACK_SECONDS):
                if self._open is None:
                    self._open = await asyncio.open_connection(LOOPBACK, self._port)
                reader, writer = self._open
                writer.write(VT + message + FS + CR)
                return await reader.readuntil(FS + CR)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return b""

    def _hang_up(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None
