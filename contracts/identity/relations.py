"""Who may act for whom, corrections, and the desk behind them, from the staff's side (S1, S3, S13, S14)."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Literal

from pydantic import Field

from contracts.common import Address, Basis, Email, HumanName, Id, ShortText
from contracts.identity.connections import ConnectionState, MailState, RelationPerson
from contracts.identity.patients import PatientCard, Sex
from kernel.envelope import Answer, Command, Contract, Query
from kernel.phi import Phi

Evidence = Literal[
    "birth-certificate", "adoption-order", "custody-order",
    "guardianship", "court-order", "power-of-attorney", "conservatorship",
]  # fmt: skip
"""The first three prove a parent, the others a legal caregiver."""

ItemKind = Literal["relation", "correction", "notice"]
"""`notice`: the portal tells staff something that needs a look (decision i), nobody waits for an answer."""


class VerifyRelation(Command):
    """Staff saw the evidence: this person may act for the patient (S3, R42-R44).

    `email` is where they sign in: the account that has it is connected at once, otherwise an
    invitation goes there. `contact` is another address for mail about the patient, which a parent of
    a patient of 12 or more needs. `item` is the request that this answers, taken by the caller.
    Refusals: `evidence` (not of this basis), `grown-up` (a parent of an adult), `not-enrolled` (R42),
    `needs-contact`, `address-in-use` (R44), `connected`, `dates`, `unavailable`.
    """

    service: ClassVar[str] = "identity"
    patient: Id
    email: Phi[Email]
    given: Phi[ShortText] = Field(min_length=1)
    family: Phi[ShortText] = Field(min_length=1)
    basis: Literal["parent", "caregiver"]
    evidence: Evidence
    since: date
    until: date | None = None
    contact: Phi[Email | None] = None
    item: Id | None = None
    registration: Id | None = None


class ConfirmRelation(Command):
    """The second check for an adult dependent, by another person than the first (S3)."""

    service: ClassVar[str] = "identity"
    patient: Id
    relation: Id


class EndRelation(Command):
    """It has ended: access is cut at once (S3). Also a parent's or caregiver's who never enrolled."""

    service: ClassVar[str] = "identity"
    patient: Id
    relation: Id
    reason: Phi[ShortText] = Field(min_length=3)


class GetItems(Query):
    """Support's queue of requests and notices, oldest first."""

    service: ClassVar[str] = "identity"


class GetItem(Query):
    """One item with the patients that it may mean."""

    service: ClassVar[str] = "identity"
    item: Id


class Item(Contract):
    """A request. `people` for relations; `field` and `says` for corrections; `by` who asks."""

    item: Id
    kind: ItemKind
    state: Literal["open", "taken", "done", "rejected"]
    received: datetime
    due: datetime
    overdue: bool
    taken_by: Phi[str] = ""
    mine: bool = False
    patient: Id | None = None
    by: Phi[str] = ""
    by_email: Phi[str] = ""
    basis: Basis | None = None
    people: tuple[RelationPerson, ...] = ()
    field: ShortText = ""
    says: Phi[str] = ""
    candidates: tuple[PatientCard, ...] = ()


class ItemsAnswer(Answer):
    """Open and taken items, at most 200, without candidates."""

    items: tuple[Item, ...]


class ItemAnswer(Answer):
    """One item."""

    item: Item


class TakeItem(Command):
    """Work on an item; two people cannot."""

    service: ClassVar[str] = "identity"
    item: Id


class CloseItem(Command):
    """Refuse a request, or close a notice; `answer` is shown to who asked."""

    service: ClassVar[str] = "identity"
    item: Id
    answer: Phi[ShortText] = Field(min_length=3)


class PreviewCorrection(Query):
    """What another birth date would change, before anybody changes it (S13)."""

    service: ClassVar[str] = "identity"
    patient: Id
    born: date


class AccessChange(Contract):
    """What becomes of one connection."""

    name: Phi[str]
    basis: Basis
    before: ConnectionState
    after: ConnectionState
    mail_before: MailState
    mail_after: MailState


class Consequences(Answer):
    """Ages in years; data acquired from `hidden_from` up to `hidden_until` (exclusive) is hidden (R54).

    `before` is None where no birth date is on record.
    """

    age_before: int | None
    age_after: int
    hidden_from_before: date | None
    hidden_until_before: date | None
    hidden_from: date
    hidden_until: date
    connections: tuple[AccessChange, ...]


class CorrectPatient(Command):
    """Staff correct what the index says, field by field; what is None stays (S13, R59)."""

    service: ClassVar[str] = "identity"
    patient: Id
    evidence: Phi[ShortText] = Field(min_length=3)
    name: HumanName | None = None
    born: Phi[date | None] = None
    sex: Sex | None = None
    address: Address | None = None
    phones: Phi[tuple[ShortText, ...] | None] = None
    email: Phi[Email | None] = None
    item: Id | None = None


class GetPatientAccount(Query):
    """A patient as support sees them (S14). That it was opened is in the patient's access log."""

    service: ClassVar[str] = "identity"
    patient: Id


class RelationRow(Contract):
    """One relation or the own enrolment, past ones too. `relation` is None for the own enrolment.

    `account` is None while an invitation waits.
    """

    relation: Id | None
    account: Id | None
    name: Phi[str]
    email: Phi[str]
    basis: Basis
    evidence: ShortText = ""
    state: ConnectionState | Literal["invited", "ended"]
    since: datetime
    valid_from: date | None = None
    until: date | None = None
    verified_by: Phi[str] = ""
    confirmed_by: Phi[str] = ""
    may_confirm: bool = False
    ended: datetime | None = None
    ended_why: Phi[str] = ""
    mail: MailState = "off"
    second_factor: bool = False
    terms: ShortText = ""
    hipaa: ShortText = ""


class PatientAccountAnswer(Answer):
    """The card, whether and since when enrolled or left, and everybody connected, newest first."""

    card: PatientCard
    phones: Phi[tuple[str, ...]]
    age: int | None
    deceased: bool
    merged_into: Id | None = None
    enrolled: datetime | None
    left: datetime | None
    relations: tuple[RelationRow, ...]


class BreakGlass(Command):
    """A provider opens the record of a patient who is not on their panel, for four hours.

    The reason is kept, and the patient reads it in their access log.
    """

    service: ClassVar[str] = "identity"
    patient: Id
    reason: Phi[ShortText] = Field(min_length=10)


class CoverColleague(Command):
    """A provider stands in for a colleague up to a day (inclusive), at most 30 days from now."""

    service: ClassVar[str] = "identity"
    provider: Id
    until: date
    reason: ShortText = Field(min_length=3)


class EndCover(Command):
    """The colleague is back."""

    service: ClassVar[str] = "identity"
    provider: Id


class GetCovers(Query):
    """Whom the caller stands in for today, and whose record they opened in an emergency."""

    service: ClassVar[str] = "identity"


class Cover(Contract):
    """One colleague."""

    provider: Id
    until: date
    reason: ShortText


class OpenGlass(Contract):
    """One record opened in an emergency."""

    patient: Id
    until: datetime


class CoversAnswer(Answer):
    """Whom the caller stands in for, and the records opened in an emergency."""

    covers: tuple[Cover, ...]
    glass: tuple[OpenGlass, ...]
