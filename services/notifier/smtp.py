"""SMTP: a few kept connections, and three ways in which a message can go.

It is accepted; it is refused for good (`Rejected`: a 5xx about this message); or it could not be
handed over now (`Deferred`: 4xx, no connection, our own sign-in at the server), to be tried again.
Neither exception carries the server's words: they often repeat the patient's address.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import aiosmtplib

CONNECTIONS = 8
TIMEOUT_SECONDS = 10.0
KEEP_IDLE_SECONDS = 20.0  # servers drop idle connections after 30 s or more
_OUR_OWN_FAULT = frozenset({530, 534, 535, 538})  # sign in first, or with more security


class Rejected(Exception):
    """The server refused this message for good; `code` is its three digits."""

    def __init__(self, code: int) -> None:
        super().__init__(f"SMTP {code}")
        self.code = code


class Deferred(Exception):
    """The message could not be handed over now: try again later."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail goes out. `start_tls` None means: if the server offers it."""

    host: str
    port: int
    user: str | None
    password: str | None
    use_tls: bool
    start_tls: bool | None

    @classmethod
    def from_url(cls, url: str) -> Server:
        """From `smtp://`, `smtp+starttls://` (insisted on) or `smtps://`, with user and password.

        Raises ValueError for anything else.
        """
        parts = urlsplit(url)
        ports = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
        if parts.scheme not in ports or not parts.hostname:
            raise ValueError("an SMTP URL is smtp://, smtp+starttls:// or smtps:// and a host")
        return cls(
            host=parts.hostname,
            port=parts.port or ports[parts.scheme],
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            use_tls=parts.scheme == "smtps",
            start_tls={"smtp": None, "smtp+starttls": True, "smtps": False}[parts.scheme],
        )


class Mailer:
    """Sends messages over at most `connections` kept connections to one server."""

    def __init__(self, server: Server, connections: int = CONNECTIONS) -> None:
        self.server = server
        self._free = asyncio.Semaphore(connections)
        self._idle: list[tuple[aiosmtplib.SMTP, float]] = []  # with the time it became idle

    async def send(self, sender: str, recipient: str, message: bytes) -> None:
        """Hand over one message; raises `Rejected` or `Deferred`.

        The message goes out again on a fresh connection if a kept one turns out to be dead. The
        server may then have it twice, under one Message-ID (decision n).
        """
        async with self._free:
            if (kept := self._take_idle()) is not None:
                try:
                    return await self._hand_over(kept, sender, recipient, message)
                except (aiosmtplib.SMTPServerDisconnected, ConnectionError):
                    kept.close()
            try:
                fresh = await self._connect()
                await self._hand_over(fresh, sender, recipient, message)
            except (aiosmtplib.SMTPException, OSError) as error:
                raise Deferred(f"SMTP: {type(error).__name__}") from None

    async def close(self) -> None:
        """Take leave of the server."""
        while self._idle:
            client, _ = self._idle.pop()
            try:
                await client.quit(timeout=1)
            except (aiosmtplib.SMTPException, OSError):
                client.close()  # it was gone already

    def _take_idle(self) -> aiosmtplib.SMTP | None:
        now = asyncio.get_running_loop().time()
        while self._idle:
            client, since = self._idle.pop()  # the last one used is the least likely to be dead
            if client.is_connected and now - since < KEEP_IDLE_SECONDS:
                return client
            client.close()
        return None

    async def _connect(self) -> aiosmtplib.SMTP:
        client = aiosmtplib.SMTP(
            hostname=self.server.host,
            port=self.server.port,
            username=self.server.user,
            password=self.server.password,
            use_tls=self.server.use_tls,
            start_tls=self.server.start_tls,
            timeout=TIMEOUT_SECONDS,
        )
        await client.connect()
        return client

    async def _hand_over(
        self, client: aiosmtplib.SMTP, sender: str, recipient: str, message: bytes
    ) -> None:
        options = () if recipient.isascii() else ("SMTPUTF8", "BODY=8BITMIME")
        async with self._kept_if_healthy(client):
            try:
                await client.sendmail(sender, [recipient], message, mail_options=options)
            except aiosmtplib.SMTPNotSupported:
                raise Rejected(553) from None  # RFC 6531 3.5: this mailbox name is not allowed
            except aiosmtplib.SMTPRecipientsRefused as error:
                raise _verdict(error.recipients[0].code) from None
            except aiosmtplib.SMTPResponseException as error:
                raise _verdict(error.code) from None

    @asynccontextmanager
    async def _kept_if_healthy(self, client: aiosmtplib.SMTP) -> AsyncIterator[None]:
        reusable = False
        try:
            yield
            reusable = True
        except (Rejected, Deferred):
            reusable = client.is_connected  # the server answered: the connection is in order
            raise
        finally:
            if reusable:
                self._idle.append((client, asyncio.get_running_loop().time()))
            else:
                client.close()


def _verdict(code: int) -> Rejected | Deferred:
    if code < 500 or code in _OUR_OWN_FAULT:
        return Deferred(f"SMTP {code}")
    return Rejected(code)
