"""What one e-mail is about, a patient or an account: what identity is asked, and what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from contracts.identity import MayNotify, MayNotifyAccount
from contracts.identity.security import Notice
from contracts.notifier import Kind
from services.notifier.events import (
    EmailDelivered,
    EmailRejected,
    EmailWithheld,
    NoticeDelivered,
    NoticeRejected,
    NoticeWithheld,
)


@dataclass(frozen=True, slots=True)
class AboutPatient:
    """A letter about a patient, to the first who gets such mail, or to the one `account`."""

    email: str
    kind: Kind
    patient: str
    reference: str
    account: str | None = None

    def question(self) -> MayNotify:
        """Whether, and where to."""
        return MayNotify(
            kind=self.kind, patient=self.patient, reference=self.reference, account=self.account
        )

    def delivered(self, sent: datetime) -> EmailDelivered:
        """The server took it."""
        return EmailDelivered(self.kind, self.patient, self.reference, sent)

    def rejected(self, reason: str) -> EmailRejected:
        """The server refused it for good."""
        return EmailRejected(self.kind, self.patient, self.reference, reason)

    def withheld(self, reason: str) -> EmailWithheld:
        """It was not sent, on purpose."""
        return EmailWithheld(self.kind, self.patient, self.reference, reason)


@dataclass(frozen=True, slots=True)
class AboutAccount:
    """A letter to whoever signs in with an account."""

    email: str
    kind: Notice
    account: str
    reference: str

    def question(self) -> MayNotifyAccount:
        """Whether, where to, and with which link."""
        return MayNotifyAccount(notice=self.kind, account=self.account, reference=self.reference)

    def delivered(self, sent: datetime) -> NoticeDelivered:
        """The server took it."""
        return NoticeDelivered(self.kind, self.account, self.reference, sent)

    def rejected(self, reason: str) -> NoticeRejected:
        """The server refused it for good."""
        return NoticeRejected(self.kind, self.account, self.reference, reason)

    def withheld(self, reason: str) -> NoticeWithheld:
        """It was not sent, on purpose."""
        return NoticeWithheld(self.kind, self.account, self.reference, reason)


Subject = AboutPatient | AboutAccount
