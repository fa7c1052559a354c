"""Invitation's private events (R51, R52, R56, decision m). No event holds a secret.

The names and fields of these classes are the storage format: only ever add to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from kernel.phi import Phi, PhiRepr


@dataclass(frozen=True, slots=True, repr=False)
class InvitationIssued(PhiRepr):
    """A patient may enrol through this address.

    `notice` is the other address that the record holds, to be told without detail (decision o);
    `origin` is `registration`, `support`, `staff`, `resent`, `renewed` or `relation`; `relation` is
    the relation that a parent or caregiver is invited to, empty for the patient themself.
    """

    OWNER: ClassVar[str] = "patient"
    invitation: str
    patient: str
    email: Phi[str]
    notice: Phi[str]
    origin: str
    by: str
    at: datetime
    relation: str = ""


@dataclass(frozen=True, slots=True)
class InvitationSent:
    """The mail server took the e-mail: the 60 days run from `sent` (R56)."""

    invitation: str
    sent: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class InvitationFailed:
    """The mail server refused the e-mail for good."""

    invitation: str
    reason: str


@dataclass(frozen=True, slots=True)
class TermsAccepted:
    """The patient accepted this version of the terms (R51)."""

    invitation: str
    patient: str
    version: str
    at: datetime


@dataclass(frozen=True, slots=True)
class HipaaAccepted:
    """The patient accepted this version of the HIPAA notice (R51)."""

    invitation: str
    patient: str
    version: str
    at: datetime


@dataclass(frozen=True, slots=True)
class WrongCodeTried:
    """A code or birth date that does not fit; `tries` counts them."""

    invitation: str
    tries: int


@dataclass(frozen=True, slots=True)
class InvitationBurned:
    """Five wrong tries: it opens nothing any more (decision m)."""

    invitation: str


@dataclass(frozen=True, slots=True)
class InvitationVoided:
    """Withdrawn. `why` is `revoked` or `replaced`."""

    invitation: str
    why: str


@dataclass(frozen=True, slots=True)
class InvitationCompleted:
    """The patient enrolled with it."""

    invitation: str
    account: str
