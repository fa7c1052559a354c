"""From cookie to token. Identity answers for a session at most once a second; what it said is
used meanwhile, so a sign-out, an ended access or ten idle minutes act within two seconds (R45).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field

from nats.aio.client import Client
from pydantic import SecretStr

from contracts.common import Caller
from contracts.identity import Exchange, ExchangeAnswer, RecordChoice
from kernel.bus.requests import ask

_Question = tuple[str | None, bool]
"""Whose record is asked for, and whether asking moves the limit."""

FRESH_SECONDS = 1.0
REMEMBERED = 50_000


@dataclass(frozen=True, slots=True)
class Session:
    """What identity said: the token to pass on, who that is, and when (this loop's clock).

    `active` says whether asking moved the inactivity limit.
    """

    token: str
    caller: Caller
    records: tuple[RecordChoice, ...]
    idle_in: float
    at: float
    active: bool


@dataclass(slots=True)
class _Browser:
    """One cookie: what was said, and what is being asked, for each record that was asked for."""

    said: dict[str | None, Session] = field(default_factory=dict)
    asking: dict[_Question, asyncio.Future[Session]] = field(default_factory=dict)


class Sessions:
    """Exchanges cookies for tokens. One question at a time per session and record, shared by who
    waits.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._browsers: OrderedDict[bytes, _Browser] = OrderedDict()

    async def of(self, cookie: str, active: bool, patient: str | None = None) -> Session:
        """The session behind a cookie, with the record of `patient` in view; without one, identity
        chooses. Raises Refused (`signed-out`, `not-found`) or Unavailable.

        A call in the background (`active` false) uses what is known but never moves the limit.
        """
        key = _key(cookie)
        browser = self._browser(key)
        known = browser.said.get(patient)
        now = asyncio.get_running_loop().time()
        if known and now - known.at < FRESH_SECONDS and (known.active or not active):
            return known
        question = (patient, active)
        if question not in browser.asking:
            asked = asyncio.ensure_future(self._exchange(browser, cookie, patient, active))
            browser.asking[question] = asked
            asked.add_done_callback(lambda _: self._answered(key, question, browser))
        return await asyncio.shield(browser.asking[question])

    def forget(self, cookie: str) -> None:
        """Use nothing that was known of this session, nor what identity is just about to say."""
        self._browsers.pop(_key(cookie), None)

    def _answered(self, key: bytes, question: _Question, browser: _Browser) -> None:
        """A cookie that opens nothing is not remembered."""
        browser.asking.pop(question, None)
        if not browser.said and not browser.asking and self._browsers.get(key) is browser:
            del self._browsers[key]

    def _browser(self, key: bytes) -> _Browser:
        if key not in self._browsers:
            self._browsers[key] = _Browser()
            if len(self._browsers) > REMEMBERED:
                self._browsers.popitem(last=False)
        return self._browsers[key]

    async def _exchange(
        self, browser: _Browser, cookie: str, patient: str | None, active: bool
    ) -> Session:
        question = Exchange(cookie=SecretStr(cookie), active=active, patient=patient)
        browser.said.pop(patient, None)
        answer = await ask(self._client, question, ExchangeAnswer)
        session = Session(
            token=answer.token,
            caller=answer.caller,
            records=answer.records,
            idle_in=answer.idle_in,
            at=asyncio.get_running_loop().time(),
            active=active,
        )
        browser.said[patient] = session
        return session


def _key(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()
