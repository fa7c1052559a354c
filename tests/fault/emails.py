"""A mail server that forgets nothing, and which e-mails the logs say should have come."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session

from contracts.practice import PracticeConfigured
from kernel.projection import Record
from portal.places import LOOPBACK
from services.identity.events.account import AccountNoticed
from services.identity.events.invitation import (
    InvitationBurned,
    InvitationCompleted,
    InvitationIssued,
    InvitationVoided,
)
from services.identity.events.patient import PatientConnected
from services.labs.events.report import ResultAppeared, ResultReleased
from services.notifier.decider import EMAIL, email_id
from services.notifier.events import EmailDelivered, EmailDue, NoticeDelivered
from services.notifier.letters import message_id, parse

ENDINGS = (InvitationVoided, InvitationBurned, InvitationCompleted)


@dataclass(frozen=True, slots=True)
class Mail:
    """One message that the sink answered 250 to."""

    id: str
    to: str
    at: datetime
    text: str


class Sink:
    """Takes every mail over SMTP, and keeps it."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self._by_address: dict[str, list[Mail]] = defaultdict(list)
        self._server: asyncio.Server

    async def start(self) -> int:
        """Listen on loopback; the port."""
        loop = asyncio.get_running_loop()

        def session() -> SMTP:
            return SMTP(self, hostname="localhost", enable_SMTPUTF8=True, loop=loop)

        self._server = await loop.create_server(session, LOOPBACK, 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def stop(self) -> None:
        """Take no more."""
        self._server.close()

    def at(self, address: str) -> list[Mail]:
        """What came to an address."""
        return self._by_address[address]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Called by aiosmtpd: what is kept here counts as accepted."""
        content = envelope.content or b""
        raw = content.encode() if isinstance(content, str) else content
        message = message_from_bytes(raw, policy=policy.default)
        mail = Mail(str(message["Message-ID"]), str(message["To"]), _now(), _text(message))
        self.mails.append(mail)
        self._by_address[mail.to].append(mail)
        return "250 Kept"


@dataclass(frozen=True, slots=True)
class Found:
    """What the checker found of e-mails. `again` came after the log said that they were sent."""

    missing: tuple[str, ...]
    twice: int
    again: tuple[str, ...]
    unexpected: tuple[str, ...]


def compare(
    mails: Iterable[Mail],
    identity: Iterable[Record],
    labs: Iterable[Record],
    notifier: Iterable[Record],
) -> Found:
    """The mails that came against those that the logs call for."""
    notifier = list(notifier)
    due, allowed = _due(list(identity), list(labs))
    due |= {r.stream.removeprefix(EMAIL.stream("")) for r in notifier if type(r.event) is EmailDue}
    domain = _domain(notifier)
    recorded = {
        message_id(r.stream.removeprefix(EMAIL.stream("")), domain): r.at
        for r in notifier
        if isinstance(r.event, EmailDelivered | NoticeDelivered)
    }
    wanted = {message_id(name, domain): name for name in due}
    known = {message_id(name, domain) for name in due | allowed}
    arrived: dict[str, list[datetime]] = defaultdict(list)
    for mail in mails:
        arrived[mail.id].append(mail.at)
    return Found(
        missing=tuple(wanted.get(id, id) for id in sorted({*wanted, *recorded} - set(arrived))),
        twice=sum(len(times) > 1 for times in arrived.values()),
        again=tuple(id for id, at in recorded.items() if at < max(arrived[id], default=at)),
        unexpected=tuple(id for id in arrived if id not in known),
    )


def _due(identity: list[Record], labs: list[Record]) -> tuple[set[str], set[str]]:
    """The e-mails that must have gone out, and those that may: an invitation that has ended may
    have been replaced, or used, before its mail went out.
    """
    ended = {r.event.invitation for r in identity if isinstance(r.event, ENDINGS)}
    enrolled = {r.event.patient: r.at for r in identity if isinstance(r.event, PatientConnected)}
    due: set[str] = set()
    allowed: set[str] = set()
    for record in identity:
        if isinstance(record.event, InvitationIssued):
            to = allowed if record.event.invitation in ended else due
            to.add(email_id("invitation", record.id))
            if record.event.notice:
                due.add(email_id("address-notice", record.id))
        if isinstance(record.event, AccountNoticed):
            due.add(email_id(record.event.notice, record.id))
    for record in labs:
        if isinstance(record.event, ResultAppeared | ResultReleased):
            since = enrolled.get(record.event.patient)
            to = due if since and since < record.at else allowed
            to.add(email_id("new-result", record.id))
    return due, allowed


def _domain(notifier: list[Record]) -> str:
    profiles = [r.event.profile for r in notifier if isinstance(r.event, PracticeConfigured)]
    return parse(profiles[-1].support_email).domain


def _text(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    return "" if body is None else str(body.get_content())


def _now() -> datetime:
    return datetime.now(UTC)
