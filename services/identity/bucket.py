"""The key-value bucket behind the sessions: the few words of it that we need, over JetStream."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import KeyValueConfig, StorageType
from nats.js.errors import (
    BucketNotFoundError,
    KeyNotFoundError,
    KeyWrongLastSequenceError,
    NoStreamResponseError,
    NotFoundError,
)
from nats.js.kv import KeyValue

from kernel.decider import Refused

NAME = "sessions"
# An hour above the longest session: rubbish is collected, nothing alive is.
_KEPT = timedelta(hours=13)


class Gone(Exception):
    """No value under this key."""


class Stale(Exception):
    """The value has changed, or is there already."""


class Bucket(Protocol):
    """Keys and values with revisions."""

    async def get(self, key: str) -> tuple[bytes, int]:
        """Value and revision; raises Gone."""

    async def create(self, key: str, value: bytes) -> None:
        """Add a key; raises Stale when it is there."""

    async def update(self, key: str, value: bytes, revision: int) -> None:
        """Change the value if its revision is still this one; raises Stale."""

    async def delete(self, key: str) -> None:
        """Remove a key; one that is not there is removed."""

    async def keys(self, pattern: str) -> list[str]:
        """The keys that a subject pattern means (`*` is one part)."""


class JetStreamBucket:
    """A bucket on the bus. It is made on first use, and again after the bus was wiped."""

    def __init__(self) -> None:
        self._js: JetStreamContext | None = None
        self._kv: KeyValue | None = None

    def bind(self, client: Client) -> None:
        """Use this connection from now on."""
        self._js = client.jetstream()
        self._kv = None

    async def get(self, key: str) -> tuple[bytes, int]:
        """Value and revision; raises Gone."""
        try:
            entry = await (await self._open()).get(key)
        except (KeyNotFoundError, NoStreamResponseError, NotFoundError):
            raise Gone(key) from None
        return entry.value or b"", entry.revision or 0

    async def create(self, key: str, value: bytes) -> None:
        """Add a key; raises Stale when it is there."""
        await self._write(lambda kv: kv.create(key, value))

    async def update(self, key: str, value: bytes, revision: int) -> None:
        """Change the value if its revision is still this one; raises Stale."""
        await self._write(lambda kv: kv.update(key, value, last=revision))

    async def delete(self, key: str) -> None:
        """Remove a key; one that is not there is removed."""
        await self._write(lambda kv: kv.delete(key))

    async def keys(self, pattern: str) -> list[str]:
        """The keys that a subject pattern means (`*` is one part)."""
        watcher = await (await self._open()).watch(pattern, ignore_deletes=True, meta_only=True)
        found: list[str] = []
        async for entry in watcher:
            if entry is None:  # all that there is has come
                break
            found.append(entry.key)
        await watcher.stop()  # type: ignore[no-untyped-call]  # nats-py has no types here
        return found

    async def _write(self, work: Callable[[KeyValue], Awaitable[object]]) -> None:
        """Write once more when the bucket turns out to be gone: the bus is disposable."""
        try:
            await work(await self._open())
        except KeyWrongLastSequenceError:
            raise Stale from None
        except NoStreamResponseError:
            self._kv = None
            try:
                await work(await self._open())
            except KeyWrongLastSequenceError:
                raise Stale from None

    async def _open(self) -> KeyValue:
        if self._js is None:
            raise Refused("starting", "The portal is starting. Please try again in a moment.", 503)
        if self._kv is None:
            try:
                self._kv = await self._js.key_value(NAME)
            except BucketNotFoundError:
                self._kv = await self._js.create_key_value(
                    KeyValueConfig(
                        bucket=NAME,
                        history=1,
                        ttl=_KEPT.total_seconds(),
                        storage=StorageType.FILE,
                    )
                )
        return self._kv
