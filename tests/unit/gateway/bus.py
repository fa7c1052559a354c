"""The gateway on a real nats-server, with a stand-in for the services behind it that remembers what
it was asked.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import nats
from nats.aio.client import Client
from nats.aio.msg import Msg

from contracts.common import Caller, Role
from kernel.bus.requests import STATUS, TOKEN
from kernel.testing.nats import nats_server
from services.gateway.app import Gateway

ANA = {"patient": "p-ana", "given": "Ana", "basis": "self", "state": "open"}
LEO = {"patient": "p-leo", "given": "Leo", "basis": "parent", "state": "open"}
EXCHANGE = "qry.identity.Exchange"


@dataclass
class Services:
    """What answers on the bus. `records` are those that the one account may see now; `answers` is
    what a subject answers, instead of `{}` with 200. What identity has decided waits for `gate`.
    """

    client: Client
    records: list[dict[str, str]] = field(default_factory=lambda: [ANA, LEO])
    role: Role = Role.PATIENT
    answers: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, message: Msg) -> None:
        """Answer one request."""
        body = json.loads(message.data)
        self.asked.append((message.subject, body))
        self.tokens.append((message.headers or {}).get(TOKEN, ""))
        status, answer = self.answers.get(message.subject) or self._usual(message.subject, body)
        if message.subject == EXCHANGE:
            await self.gate.wait()
        await self.client.publish(
            message.reply, json.dumps(answer).encode(), headers={STATUS: str(status)}
        )

    def asked_for(self, subject: str) -> list[Any]:
        """The bodies that came to a subject."""
        return [body for to, body in self.asked if to == subject]

    def _usual(self, subject: str, body: Any) -> tuple[int, dict[str, Any]]:
        return self._exchanged(body["patient"]) if subject == EXCHANGE else (200, {})

    def _exchanged(self, asked: str | None) -> tuple[int, dict[str, Any]]:
        """As identity does: the record that is asked for, or the first."""
        seen = [r["patient"] for r in self.records if asked in (None, r["patient"])]
        if asked is not None and not seen:
            return refusal(404, "not-found")
        patient = seen[0] if seen and self.role is Role.PATIENT else None
        caller = Caller(subject="u-ana", role=self.role, patient=patient)
        return 200, {
            "token": f"token-of-{patient}",
            "caller": caller.model_dump(mode="json"),
            "idle_in": 600,
            "records": self.records,
        }


def refusal(status: int, code: str) -> tuple[int, dict[str, Any]]:
    """Problem details, as every service gives them."""
    return status, {"type": "", "title": "", "status": status, "code": code, "detail": "No."}


@asynccontextmanager
async def bus(home: Path) -> AsyncIterator[Client]:
    """A connection to a nats-server of this test's own."""
    with nats_server(home) as server:
        client = await nats.connect(server.url)
        yield client
        await client.close()


@asynccontextmanager
async def services_on(client: Client) -> AsyncIterator[Services]:
    """The stand-in, answering."""
    services = Services(client)
    services.gate.set()
    for subjects in ("cmd.>", "qry.>"):
        await client.subscribe(subjects, cb=services.serve)
    await client.flush()
    yield services


def browser(client: Client, secure: bool = False, **cookies: str) -> httpx2.AsyncClient:
    """A browser at the gateway."""
    app = Gateway(client, secure).application()
    origin = "https://portal.example" if secure else "http://localhost"
    transport = httpx2.ASGITransport(app)
    person = httpx2.AsyncClient(transport=transport, base_url=origin)
    for name, value in cookies.items():
        person.cookies.set(name, value, domain="localhost.local")  # as a browser files its own
    return person
