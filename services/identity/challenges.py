"""Challenges for passkeys: 256 random bits, good once and for five minutes.

They live in the sessions' bucket under a prefix of their own: losing them costs another try.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from services.identity.bucket import Bucket, Gone, Stale

OPEN: Final = timedelta(minutes=5)
_BYTES: Final = 32
_PREFIX: Final = "c"
_TAKEN: Final = b""


class Challenges:
    """Gives challenges and takes them back. `purpose` is what one may be used for."""

    def __init__(self, bucket: Bucket, random: Callable[[int], bytes]) -> None:
        self._bucket = bucket
        self._random = random

    async def give(self, purpose: str, now: datetime) -> bytes:
        """A new challenge."""
        challenge = self._random(_BYTES)
        until = (now + OPEN).isoformat()
        await self._bucket.create(_key(challenge), f"{until}|{purpose}".encode())
        return challenge

    async def take(self, challenge: bytes, purpose: str, now: datetime) -> bool:
        """Whether it was ours, for this purpose, and in time. Of two who take it one gets it."""
        key = _key(challenge)
        try:
            value, revision = await self._bucket.get(key)
            await self._bucket.update(key, _TAKEN, revision)
        except (Gone, Stale):
            return False
        await self._bucket.delete(key)
        until, _, given = value.decode().partition("|")
        return value != _TAKEN and given == purpose and now < datetime.fromisoformat(until)


def _key(challenge: bytes) -> str:
    return f"{_PREFIX}.{hashlib.sha256(challenge).hexdigest()}"
