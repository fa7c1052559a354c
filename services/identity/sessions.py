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
PENDING = timedelta(minutes=5)
CODE_TRIES = 5
TOUCH_EVERY = timedelta(seconds=1)
_COOKIE_BYTES = 32
_ID_LETTERS = 16
_INDEX = "a"


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser. `touched` is the last thing that its user did.

    Whose account it is, and nothing about the person: the bus is no place for patient data, and
    what the account may do is looked up each time. `strong`: with a second factor. A `pending` one
    waits for it, opens nothing, and counts the `tries`; its browser's `label` is kept meanwhile.
    """

    account: str
    created: datetime
    touched: datetime
    device: str = ""
    strong: bool = False
    pending: bool = False
    tries: int = 0
    label: str = ""

    def ends(self) -> datetime:
        """The moment from which it is refused if its user does nothing more."""
        if self.pending:
            return self.created + PENDING
        return min(self.touched + IDLE, self.created + ABSOLUTE)


_SESSION = TypeAdapter(Session)


def signed_out() -> Refused:
    """The refusal that every ended, unknown or lost session gets."""
    return Refused("signed-out", "You are signed out. Please sign in again.", 401)


def id_of(cookie: str) -> str:
    """What a session is called: it opens nothing."""
    return _key(cookie)[:_ID_LETTERS]


class Sessions:
    """Opens, reads, moves and ends sessions. `random` gives that many random bytes."""

    def __init__(self, bucket: Bucket, random: Callable[[int], bytes]) -> None:
        self._bucket = bucket
        self._random = random

    async def open(
        self, account: str, now: datetime, device: str = "", strong: bool = False
    ) -> str:
        """Begin a session; gives the cookie, which nobody can read again."""
        return await self._create(Session(account, now, now, device, strong))

    async def wait(self, account: str, now: datetime, device: str, label: str) -> str:
        """Begin a session that waits for the second factor; gives its cookie."""
        return await self._create(Session(account, now, now, device, pending=True, label=label))

    async def read(self, cookie: str, now: datetime, active: bool) -> Session:
        """The session behind a cookie; raises Refused `signed-out` or `second-factor` (401).

        `active` is something that the user did: it moves the inactivity limit, at most once a
        second and only by compare-and-set, so that it can never bring back a session just ended.
        """
        key = _key(cookie)
        while True:
            session, revision = await self._alive(key, now)
            if session.pending:
                said = "Please enter the code of your authenticator app, or a recovery code."
                raise Refused("second-factor", said, 401)
            if not active or now - session.touched < TOUCH_EVERY:
                return session
            moved = replace(session, touched=now)
            if await self._move(key, moved, revision):
                return moved

    async def try_code(self, cookie: str, now: datetime) -> Session:
        """The waiting session behind a cookie, with this try counted before it is looked at, so that
        five codes are five however many come at once.
        """
        key = _key(cookie)
        while True:
            session, revision = await self._alive(key, now)
            if not session.pending or session.tries >= CODE_TRIES:
                raise signed_out()
            tried = replace(session, tries=session.tries + 1)
            if await self._move(key, tried, revision):
                return tried

    async def strengthen(self, account: str, id: str) -> None:
        """The session has shown a second factor, which was just set up in it."""
        for key in await self._keys(account):
            moved = key[:_ID_LETTERS] != id
            while not moved:
                session, revision = await self._find(key)
                moved = await self._move(key, replace(session, strong=True), revision)

    async def end(self, cookie: str) -> None:
        """Sign out; a session that is not there any more is signed out already."""
        key = _key(cookie)
        try:
            session, _ = await self._find(key)
        except Refused:
            return
        await self._end(key, session)

    async def end_those(self, account: str, doomed: Callable[[str, Session], bool]) -> None:
        """End the sessions of an account that are `doomed`, judged by their id and value."""
        for key in await self._keys(account):
            try:
                session, _ = await self._find(key)
            except Refused:
                continue
            if doomed(key[:_ID_LETTERS], session):
                await self._end(key, session)

    async def of(self, account: str, now: datetime) -> dict[str, Session]:
        """The open sessions of an account by their ids."""
        found = {}
        for key in await self._keys(account):
            try:
                session, _ = await self._find(key)
            except Refused:
                continue
            if not session.pending and now < session.ends():
                found[key[:_ID_LETTERS]] = session
        return found

    async def _create(self, session: Session) -> str:
        cookie = base64.urlsafe_b64encode(self._random(_COOKIE_BYTES)).decode().rstrip("=")
        key = _key(cookie)
        await self._bucket.create(_index(session.account, key), b"")
        await self._bucket.create(key, _SESSION.dump_json(session))
        return cookie

    async def _alive(self, key: str, now: datetime) -> tuple[Session, int]:
        session, revision = await self._find(key)
        if now >= session.ends():
            await self._end(key, session)
            raise signed_out()
        return session, revision

    async def _find(self, key: str) -> tuple[Session, int]:
        try:
            value, revision = await self._bucket.get(key)
            return _SESSION.validate_json(value), revision
        except (Gone, ValidationError):  # lost, or of a version that we cannot read: sign in again
            raise signed_out() from None

    async def _move(self, key: str, session: Session, revision: int) -> bool:
        """Write it if it is still what was read; False: another call moved it or ended it."""
        try:
            await self._bucket.update(key, _SESSION.dump_json(session), revision)
        except Stale:
            return False
        return True

    async def _end(self, key: str, session: Session) -> None:
        await self._bucket.delete(key)
        await self._bucket.delete(_index(session.account, key))

    async def _keys(self, account: str) -> list[str]:
        return [entry.rsplit(".", 1)[1] for entry in await self._bucket.keys(_index(account, "*"))]


def _key(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()


def _index(account: str, key: str) -> str:
    return f"{_INDEX}.{account}.{key}"
