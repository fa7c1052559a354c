"""A real SMTP server in this process, which a test tells what to answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from services.notifier.smtp import Mailer, Server


@dataclass
class PostOffice:
    """Answers as told, and keeps what it took. `full` mailboxes take nothing now."""

    answer_to_recipient: str = ""
    answer_to_data: str = "250 Taken"
    full: set[str] = field(default_factory=set)
    letters: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    connections: int = 0
    transports: list[asyncio.Transport] = field(default_factory=list)

    async def handle_EHLO(  # these names are aiosmtpd's
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        self.transports.append(cast(asyncio.Transport, server.transport))
        return responses

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.answer_to_recipient:
            return self.answer_to_recipient
        if address in self.full:
            return "452 Mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.answer_to_data.startswith("250"):
            content = cast(bytes, envelope.content)
            self.letters.append(message_from_bytes(content, policy=policy.default))
            self.envelopes.append((str(envelope.mail_from), list(envelope.rcpt_tos)))
        return self.answer_to_data

    def hang_up(self) -> None:
        """Close every connection, as a server does that restarts."""
        while self.transports:
            self.transports.pop().abort()


@asynccontextmanager
async def post_office(office: PostOffice, connections: int = 2) -> AsyncIterator[Mailer]:
    """The office open, and a mailer that knows where it is."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(office, hostname="localhost", enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0
    )
    port = server.sockets[0].getsockname()[1]
    mailer = Mailer(Server.from_url(f"smtp://127.0.0.1:{port}"), connections)
    try:
        yield mailer
    finally:
        await mailer.close()
        server.close()
        await server.wait_closed()
