"""From cookie to token. Identity answers for a session at most once a second; what it said is
used meanwhile, so a sign-out, an ended access or ten idle minutes act within two seconds (R45).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from dataclasses import dataclass

from nats.aio.client import Client
from pydantic import SecretStr

from contracts.common import Caller
from contracts.identity import Exchange, ExchangeAnswer
from kernel.bus.requests import ask

FRESH_SECONDS = 1.0
REMEMBERED = 50_000


@dataclass(frozen=True, slots=True)
class Session:
    """What identity said: the token to pass on, who that is, and when (this loop's clock).

    `active` says whether asking moved the inactivity limit.
    """

    token: str
    caller: Caller
    idle_in: float
    at: float
    active: bool


class Sessions:
    """Exchanges cookies for tokens. One question at a time per session, shared by who waits."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: OrderedDict[bytes, Session] = OrderedDict()
        self._asking: dict[tuple[bytes, bool], asyncio.Future[Session]] = {}

    async def of(self, cookie: str, active: bool) -> Session:
        """The session behind a cookie. Raises Refused (`signed-out`) or Unavailable.

        A call in the background (`active` false) uses what is known but never moves the limit.
        """
        key = _key(cookie)
        known = self._known.get(key)
        now = asyncio.get_running_loop().time()
        if known and now - known.at < FRESH_SECONDS and (known.active or not active):
            return known
        question = (key, active)
        if question not in self._asking:
            self._asking[question] = asyncio.ensure_future(self._exchange(key, cookie, active))
            self._asking[question].add_done_callback(lambda _: self._asking.pop(question, None))
        return await asyncio.shield(self._asking[question])

    def forget(self, cookie: str) -> None:
        """Use nothing that was known of this session."""
        self._known.pop(_key(cookie), None)

    async def _exchange(self, key: bytes, cookie: str, active: bool) -> Session:
        question = Exchange(cookie=SecretStr(cookie), active=active)
        self._known.pop(key, None)
        answer = await ask(self._client, question, ExchangeAnswer)
        now = asyncio.get_running_loop().time()
        session = Session(answer.token, answer.caller, answer.idle_in, now, active)
        self._known[key] = session
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return session


def _key(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()
