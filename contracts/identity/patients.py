"""The patient index, and what identity publishes about patients."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Literal

from pydantic import Field

from contracts.common import Address, HumanName, Id, ShortText
from kernel.envelope import Answer, Command, Contract, PublishedEvent, Query
from kernel.phi import Phi

Sex = Literal["female", "male", "other", "unknown"]


class Identifier(Contract):
    """A record number within the authority that gave it (HL7 CX.4 or FHIR system, else the sender)."""

    authority: ShortText
    value: Phi[ShortText]


class Demographics(Contract):
    """Who a person is, as a sender states it. An empty field says nothing (it erases nothing)."""

    name: HumanName
    born: Phi[date | None] = None
    sex: Sex = "unknown"
    address: Address = Address()
    phones: Phi[tuple[str, ...]] = ()
    email: Phi[str] = ""
    ssn_last4: Phi[str] = ""
    deceased: bool = False


class PatientRecorded(PublishedEvent):
    """A patient is in the index, or their birth date changed. Only what a consumer needs (R54)."""

    service: ClassVar[str] = "identity"
    topic: ClassVar[str] = "patient"
    about: ClassVar[str | None] = "patient"
    patient: Id
    born: Phi[date | None]


class InvitationIssued(PublishedEvent):
    """An invitation exists; its address and its secrets stay with identity (`MayNotify`)."""

    service: ClassVar[str] = "identity"
    topic: ClassVar[str] = "invitation"
    about: ClassVar[str | None] = "patient"
    invitation: Id
    patient: Id


class PatientEnrolled(PublishedEvent):
    """A patient finished enrolment: their account is connected to their chart (R51)."""

    service: ClassVar[str] = "identity"
    topic: ClassVar[str] = "enrolment"
    about: ClassVar[str | None] = "patient"
    patient: Id
    account: Id


class RecordPatient(Command):
    """Find or add the patient that these identifiers mean, and keep what is newer.

    `source` says how it came: `adt`, `fhir`, `oru` or `staff`. Two identifiers that mean two
    different patients, or an identifier known under another birth date and family name, are
    refused with `identity-conflict`: a person decides.
    """

    service: ClassVar[str] = "identity"
    identifiers: tuple[Identifier, ...] = Field(min_length=1, max_length=20)
    demographics: Demographics
    source: Literal["adt", "fhir", "oru", "staff"]
    at: datetime


class RecordMerge(Command):
    """A sender says that two record numbers are one person (ADT A40): `retired` gives way to `survivor`.

    A number that nobody has joins the other's entry. Refused `identity-conflict` when the two entries
    contradict each other, `enrolled` when somebody is connected to the one that gives way: a person
    decides. The same merge again changes nothing.
    """

    service: ClassVar[str] = "identity"
    survivor: tuple[Identifier, ...] = Field(min_length=1, max_length=20)
    retired: tuple[Identifier, ...] = Field(min_length=1, max_length=20)
    demographics: Demographics
    at: datetime


class PatientMerged(PublishedEvent):
    """Two index entries were one person: whatever is known of `patient` belongs to `into`."""

    service: ClassVar[str] = "identity"
    topic: ClassVar[str] = "patient"
    about: ClassVar[str | None] = "into"
    patient: Id
    into: Id


class KnownPatient(Query):
    """interop asks whom identifiers mean, where a message names nobody's demographics.

    Refused `not-found` when nobody has one of them, `identity-conflict` when they disagree.
    """

    service: ClassVar[str] = "identity"
    identifiers: tuple[Identifier, ...] = Field(min_length=1, max_length=20)


class PatientAnswer(Answer):
    """The patient id that the identifiers mean."""

    patient: Id


class MergePatient(Command):
    """Support found that two index entries are one person: `patient` gives way to `into`.

    The identifiers of both mean `into` from now on. Refused for an enrolled `patient`.
    """

    service: ClassVar[str] = "identity"
    patient: Id
    into: Id


class FindPatients(Query):
    """Staff: search the index by family name prefix, or by record number."""

    service: ClassVar[str] = "identity"
    text: Phi[ShortText]


class PatientCard(Contract):
    """A patient as support staff see one: identity, never results."""

    patient: Id
    name: HumanName
    born: Phi[date | None]
    sex: Sex
    address: Address
    email: Phi[str]
    enrolled: bool
    record_numbers: Phi[tuple[str, ...]]


class PatientsAnswer(Answer):
    """At most 50 patients."""

    patients: tuple[PatientCard, ...]


class GetPatient(Query):
    """A patient reads their own card; staff read anyone's; a service reads for a page."""

    service: ClassVar[str] = "identity"
    patient: Id


class GetPatients(Query):
    """Staff: the cards of these patients (at most 100), to put names to a queue."""

    service: ClassVar[str] = "identity"
    patients: tuple[Id, ...] = Field(max_length=100)
