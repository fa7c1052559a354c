"""Steps that several tests take: invite somebody, accept the documents, finish the enrolment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import SecretStr

from contracts.identity import AcceptDocument, CompleteEnrolment, SendInvitation
from tests.unit.identity.desk import CLINIC, PASSWORD, Desk

BORN = date(1980, 5, 17)


@dataclass(frozen=True)
class Letter:
    """What a patient has in their mailbox."""

    invitation: str
    patient: str
    link: str
    code: str


async def letter(desk: Desk, patient: str, invitation: str) -> Letter:
    """Read an invitation's e-mail: the notifier asks, sends, and says so."""
    answer = await desk.may_notify("invitation", patient, invitation)
    assert answer.address, answer.reason
    await desk.sent(patient, invitation)
    return Letter(invitation, patient, answer.link, answer.code)


async def invite(desk: Desk, patient: str, email: str = "maria@example.com") -> Letter:
    """The clinic invites a patient."""
    done = await desk.ask(SendInvitation(patient=patient, email=email), CLINIC)
    return await letter(desk, patient, done["id"])


def accept(mail: Letter, document: Any, version: str) -> AcceptDocument:
    """Accept one version of a document."""
    return AcceptDocument(link=SecretStr(mail.link), document=document, version=version)


async def accept_both(desk: Desk, mail: Letter) -> None:
    """The two pages before the code."""
    for document, version in (("terms", "t1"), ("hipaa", "h1")):
        done = await desk.reply(accept(mail, document, version))
        assert done.status == 201, done.body


def complete(
    mail: Letter, code: str | None = None, born: date = BORN, password: str = PASSWORD
) -> CompleteEnrolment:
    """The last page."""
    return CompleteEnrolment(
        link=SecretStr(mail.link),
        code=SecretStr(mail.code if code is None else code),
        born=born,
        password=SecretStr(password),
    )


async def enrol(desk: Desk, patient: str, email: str = "maria@example.com") -> dict[str, Any]:
    """From the clinic's invitation to the first session."""
    mail = await invite(desk, patient, email)
    await accept_both(desk, mail)
    answer = await desk.reply(complete(mail))
    assert answer.status == 200, answer.body
    return dict(await _json(answer.body))


async def _json(body: bytes) -> Any:
    import json

    return json.loads(body)
