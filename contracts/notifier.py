"""notifier: every e-mail the portal sends, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from contracts.common import Id, ShortText
from contracts.identity.security import Notice
from kernel.envelope import Answer, Contract, PublishedEvent, Query

Kind = Literal["invitation", "new-result", "question-answered", "address-notice"]
"""Letters about a patient; letters to an account are `identity.Notice`, and nobody hears of those."""

EmailState = Literal["sent", "failed", "not-sent"]


class EmailSent(PublishedEvent):
    """The SMTP server accepted the message. `reference` is what it was about (decision n)."""

    service: ClassVar[str] = "notifier"
    topic: ClassVar[str] = "email"
    about: ClassVar[str | None] = "patient"
    patient: Id
    kind: Kind
    reference: Id
    sent: datetime


class EmailFailed(PublishedEvent):
    """The SMTP server refused the message for good (5xx)."""

    service: ClassVar[str] = "notifier"
    topic: ClassVar[str] = "email"
    about: ClassVar[str | None] = "patient"
    patient: Id
    kind: Kind
    reference: Id
    reason: ShortText


class GetEmails(Query):
    """Operations: the newest e-mails, and those that failed first. No addresses."""

    service: ClassVar[str] = "notifier"
    failed_only: bool = False


class EmailRow(Contract):
    """What became of one e-mail."""

    email: Id
    kind: Kind | Notice
    state: EmailState
    at: datetime
    reason: ShortText


class EmailsAnswer(Answer):
    """Newest first, at most 200."""

    emails: tuple[EmailRow, ...]
