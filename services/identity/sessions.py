"""Sessions in a JetStream key-value bucket (R45, DESIGN §5).

The cookie is 256 random bits; the bucket knows only its SHA-256. Limits are read from the value
by our clock; the bucket's own age limit only collects rubbish. Losing the bucket costs everybody
a sign-in and nothing else, so a missing bucket is simply made again.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pydantic import TypeAdapter, ValidationError

from kernel.decider import Refused
from services.identity.bucket import Bucket, Gone, Stale

IDLE = timedelta(minutes=10)
ABSOLUTE = timedelta(hours=12)
TOUCH_EVERY = timedelta(seconds=1)
_COOKIE_BYTES = 32
_INDEX = "a"


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser. `touched` is the last thing that its user did.

    Whose account it is, and nothing about the person: the bus is no place for patient data, and
    what the account may do is looked up each time.
    """

    account: str
    created: datetime
    touched: datetime

    def ends(self) -> datetime:
        """The moment from which it is refused if its user does nothing more."""
        return min(self.touched + IDLE, self.created + ABSOLUTE)


_SESSION = TypeAdapter(Session)


def signed_out() -> Refused:
    """The refusal that every ended, unknown or lost session gets."""
    return Refused("signed-out", "You are signed out. Please sign in again.", 401)


class Sessions:
    """Opens, reads, moves and ends sessions. `random` gives that many random bytes."""

    def __init__(self, bucket: Bucket, random: Callable[[int], bytes]) -> None:
        self._bucket = bucket
        self._random = random

    async def open(self, account: str, now: datetime) -> str:
        """Begin a session; gives the cookie, which nobody can read again."""
        cookie = base64.urlsafe_b64encode(self._random(_COOKIE_BYTES)).decode().rstrip("=")
        key = _key(cookie)
        await self._bucket.create(_index(account, key), b"")
        await self._bucket.create(key, _SESSION.dump_json(Session(account, now, now)))
        return cookie

    async def read(self, cookie: str, now: datetime, active: bool) -> Session:
        """The session behind a cookie; raises Refused `signed-out` (401).

        `active` is something that the user did: it moves the inactivity limit, at most once a
        second and only by compare-and-set, so that it can never bring back a session just ended.
        """
        key = _key(cookie)
        while True:
            session, revision = await self._find(key)
            if now >= session.ends():
                await self._end(key, session)
                raise signed_out()
            if not active or now - session.touched < TOUCH_EVERY:
                return session
            moved = replace(session, touched=now)
            try:
                await self._bucket.update(key, _SESSION.dump_json(moved), revision)
            except Stale:
                continue  # another call moved it or ended it: look again
            return moved

    async def end(self, cookie: str) -> None:
        """Sign out; a session that is not there any more is signed out already."""
        key = _key(cookie)
        try:
            session, _ = await self._find(key)
        except Refused:
            return
        await self._end(key, session)

    async def end_all(self, account: str) -> None:
        """Sign an account out everywhere."""
        for entry in await self._bucket.keys(_index(account, "*")):
            await self._bucket.delete(entry.rsplit(".", 1)[1])
            await self._bucket.delete(entry)

    async def _find(self, key: str) -> tuple[Session, int]:
        try:
            value, revision = await self._bucket.get(key)
            return _SESSION.validate_json(value), revision
        except (Gone, ValidationError):  # lost, or of a version that we cannot read: sign in again
            raise signed_out() from None

    async def _end(self, key: str, session: Session) -> None:
        await self._bucket.delete(key)
        await self._bucket.delete(_index(session.account, key))


def _key(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()


def _index(account: str, key: str) -> str:
    return f"{_INDEX}.{account}.{key}"
