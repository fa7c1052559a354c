"""The private events of notifier. Their names and fields are its storage format.

No event holds an address, a name or any text of a mail: who was meant is the patient's id.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from contracts.notifier import Kind
from kernel.codec import Codec
from kernel.phi import PhiRepr


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


Outcome = EmailDelivered | EmailRejected | EmailWithheld

CODEC = Codec(
    {
        "EmailDelivered": EmailDelivered,
        "EmailRejected": EmailRejected,
        "EmailWithheld": EmailWithheld,
    }
)
