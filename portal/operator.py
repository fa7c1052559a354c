"""The operators' way into a running portal: a connection to its bus, and tokens for what is asked.

Whoever can read the key folder of the machine can do this; nobody else can.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from nats.aio.client import Client

from contracts.common import Caller, Role
from kernel.bus.connect import connect
from kernel.bus.requests import ask
from kernel.envelope import Answer, Command, Query
from kernel.settings import Settings
from portal.places import Places

A = TypeVar("A", bound=Answer)
TOKEN_SECONDS = 30


class Operator:
    """Asks services, as itself or (for the demo) as somebody of the demo."""

    def __init__(self, places: Places, client: Client) -> None:
        self._places = places
        self._client = client

    @classmethod
    async def reach(cls, places: Places) -> Operator:
        """Connect to the portal's bus."""
        settings = Settings(
            service="operator", data=Path(places.data), nats_credential=places.credential
        )
        return cls(places, await connect(places.nats, "operator", settings.credential))

    async def close(self) -> None:
        """Disconnect."""
        await self._client.close()

    async def ask(
        self, message: Command | Query, answer: type[A], caller: Caller | None = None,
        key: str = "", service: str | None = None,
    ) -> A:  # fmt: skip
        """Raises Refused or Unavailable."""
        caller = caller or Caller(subject="operator", role=Role.SERVICE)
        return await ask(self._client, message, answer, self._token(caller), key, service)

    def _token(self, caller: Caller) -> str:
        if caller.subject == "anonymous":
            return ""
        issuer = caller.subject if caller.role is Role.SERVICE else "identity"
        settings = Settings(service=issuer, data=Path(self._places.data), demo=True)
        return settings.sign(caller.model_dump(mode="json"), TOKEN_SECONDS)
