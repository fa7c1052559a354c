"""Who may see a patient's record, over time: own enrolment, parents, caregivers (R32-R35, R42-R44, R54).

All of it stands in the patient's own stream. The names and fields of these classes are the storage
format: only ever add to them. The own enrolment begins with `patient.PatientConnected`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from contracts.common import Basis
from kernel.phi import Phi, PhiRepr


@dataclass(frozen=True, slots=True, repr=False)
class RelationVerified(PhiRepr):
    """Staff saw the evidence: the person who signs in at `email` may act for the patient (S3).

    Valid on the days from `valid_from` to `until`, both inclusive. `contact` is another address for
    mail about the patient, or empty.
    """

    OWNER: ClassVar[str] = "patient"
    patient: str
    relation: str
    basis: Basis
    evidence: str
    email: Phi[str]
    name: Phi[str]
    valid_from: date
    until: date | None
    contact: Phi[str]
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RelationConnected:
    """The relation is an account's from now on, with the documents that were accepted for it."""

    OWNER: ClassVar[str] = "patient"
    patient: str
    relation: str
    account: str
    terms: str
    hipaa: str


@dataclass(frozen=True, slots=True)
class RelationConfirmed:
    """A second person of the staff checked it, as an adult dependent needs (S3)."""

    patient: str
    relation: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class RelationEnded(PhiRepr):
    """Staff ended it, or a newer relation of the same account took its place."""

    OWNER: ClassVar[str] = "patient"
    patient: str
    relation: str
    account: str
    basis: Basis
    by: str
    reason: Phi[str]
    at: datetime


@dataclass(frozen=True, slots=True)
class PatientDisenrolled:
    """The account removed its connection: the red X (R33). `relation` is the account's own id where
    the record was its own.
    """

    OWNER: ClassVar[str] = "patient"
    patient: str
    relation: str
    account: str
    basis: Basis
    at: datetime


@dataclass(frozen=True, slots=True)
class AgreementAccepted:
    """The account accepted this version of a document for this person's record (R32)."""

    patient: str
    account: str
    document: str
    version: str
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class MailAddressSet(PhiRepr):
    """Mail about the patient to this account goes to this address from now on (decision g)."""

    OWNER: ClassVar[str] = "patient"
    patient: str
    account: str
    email: Phi[str]


@dataclass(frozen=True, slots=True)
class BirthdayNear:
    """The 12th or 18th birthday is 30 days away, or less when that was learned late."""

    patient: str
    age: int
    on: date


@dataclass(frozen=True, slots=True)
class TurnedTwelve:
    """The 12th birthday has come at the practice (R54)."""

    OWNER: ClassVar[str] = "patient"
    patient: str
    on: date


@dataclass(frozen=True, slots=True)
class TurnedEighteen:
    """The 18th birthday has come at the practice: an adult (R53)."""

    OWNER: ClassVar[str] = "patient"
    patient: str
    on: date
