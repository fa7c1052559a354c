"""Registration's private events: a form came, and what became of it (R48-R50, R57).

The names and fields of these classes are the storage format: only ever add to them.
Forms are kept under a key of their own: nobody knows yet whose they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from contracts.identity import RegistrationForm
from kernel.phi import Phi, PhiRepr


@dataclass(frozen=True, slots=True, repr=False)
class RegistrationRequested(PhiRepr):
    """Somebody sent the form behind REGISTER NOW."""

    OWNER: ClassVar[str] = "registration"
    registration: str
    form: Phi[RegistrationForm]
    at: datetime


@dataclass(frozen=True, slots=True)
class RegistrationMatched:
    """Exactly one record matches: an invitation was issued with this event (R48)."""

    registration: str
    patient: str


@dataclass(frozen=True, slots=True)
class RegistrationUnmatched:
    """No one record matches: support has an item (R49). `candidates` are patient ids."""

    registration: str
    reason: str
    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RegistrationSetAside:
    """The same person or address tried too often within the hour: no invitation and no item."""

    registration: str


@dataclass(frozen=True, slots=True, repr=False)
class SupportItemOpened(PhiRepr):
    """The portal itself asks support to look at somebody (a burned invitation, decision m)."""

    OWNER: ClassVar[str] = "registration"
    registration: str
    form: Phi[RegistrationForm]
    reason: str
    candidates: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class RegistrationOverdue:
    """The item still waited when its business days had passed: a breach (R57)."""

    registration: str
    due: datetime


@dataclass(frozen=True, slots=True, repr=False)
class RegistrationTaken(PhiRepr):
    """One of support works on the item, and nobody else (S1)."""

    OWNER: ClassVar[str] = "registration"
    registration: str
    by: str
    name: Phi[str]


@dataclass(frozen=True, slots=True, repr=False)
class RegistrationVerified(PhiRepr):
    """Support knows who this is; the invitation was issued with this event (R50)."""

    OWNER: ClassVar[str] = "registration"
    registration: str
    patient: str
    by: str
    evidence: Phi[str]


@dataclass(frozen=True, slots=True, repr=False)
class RegistrationRejected(PhiRepr):
    """Support could not verify who this is."""

    OWNER: ClassVar[str] = "registration"
    registration: str
    by: str
    reason: Phi[str]
