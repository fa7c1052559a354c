"""The private events of notifier. Their names and fields are its storage format.

No event holds an address, a name or any text of a mail: who was meant is the patient's or the
account's id.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from contracts.identity.security import Notice
from contracts.notifier import Kind
from kernel.codec import Codec
from kernel.phi import PhiRepr


@dataclass(frozen=True, slots=True, repr=False)
class EmailDue(PhiRepr):
    """One more account than the first is to hear of the event `reference` (R3, R42)."""

    OWNER: ClassVar[str] = "account"  # so that it waits for nobody else's letters
    kind: Kind
    patient: str
    reference: str
    account: str


@dataclass(frozen=True, slots=True, repr=False)
class EmailDelivered(PhiRepr):
    """The SMTP server accepted the message at `sent`."""

    OWNER: ClassVar[str] = "patient"  # published about the patient, so kept under their key
    kind: Kind
    patient: str
    reference: str
    sent: datetime


@dataclass(frozen=True, slots=True, repr=False)
class EmailRejected(PhiRepr):
    """The SMTP server refused the message for good; `reason` holds its code and no more."""

    OWNER: ClassVar[str] = "patient"  # published about the patient, so kept under their key
    kind: Kind
    patient: str
    reference: str
    reason: str


@dataclass(frozen=True, slots=True, repr=False)
class EmailWithheld(PhiRepr):
    """Nothing was sent, on purpose: `stale`, or why identity said that nothing may be sent."""

    OWNER: ClassVar[str] = "patient"  # published about the patient, so kept under their key
    kind: Kind
    patient: str
    reference: str
    reason: str


@dataclass(frozen=True, slots=True, repr=False)
class NoticeDelivered(PhiRepr):
    """The SMTP server accepted a letter to an account at `sent`."""

    OWNER: ClassVar[str] = "account"
    kind: Notice
    account: str
    reference: str
    sent: datetime


@dataclass(frozen=True, slots=True, repr=False)
class NoticeRejected(PhiRepr):
    """The SMTP server refused a letter to an account; `reason` holds its code and no more."""

    OWNER: ClassVar[str] = "account"
    kind: Notice
    account: str
    reference: str
    reason: str


@dataclass(frozen=True, slots=True, repr=False)
class NoticeWithheld(PhiRepr):
    """A letter to an account was not sent, on purpose: `stale`, or why identity said no."""

    OWNER: ClassVar[str] = "account"
    kind: Notice
    account: str
    reference: str
    reason: str


Delivered = EmailDelivered | NoticeDelivered
Rejected = EmailRejected | NoticeRejected
Withheld = EmailWithheld | NoticeWithheld
Outcome = Delivered | Rejected | Withheld

CODEC = Codec(
    {
        "EmailDue": EmailDue,
        "EmailDelivered": EmailDelivered,
        "EmailRejected": EmailRejected,
        "EmailWithheld": EmailWithheld,
        "NoticeDelivered": NoticeDelivered,
        "NoticeRejected": NoticeRejected,
        "NoticeWithheld": NoticeWithheld,
    }
)
