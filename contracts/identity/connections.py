"""Connections: which records an account may see, and what a person does about them (R32-R35, R42-R44,
R54, R59), and who looked at a record.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Literal

from pydantic import Field

from contracts.common import Basis, Email, HumanName, Id, ShortText
from kernel.envelope import Answer, Command, Contract, PublishedEvent, Query
from kernel.phi import Phi

ConnectionState = Literal[
    "open", "agreement-due", "unconfirmed", "not-yet", "expired", "grown-up", "unavailable"
]
"""`open`: the record can be seen. `agreement-due`: after accepting the current documents for this
person. `unconfirmed`: a second person of the staff must check first. `not-yet`, `expired`: outside
the relation's dates. `grown-up`: the patient is 18. `unavailable`: only our staff can say more."""

MailState = Literal["sent", "needs-address", "off"]
"""Whether mail about this person goes out; `needs-address`: from 12 on a parent's own address does
not do (R42, decision g)."""


class RecordChoice(Contract):
    """One line of the person switcher."""

    patient: Id
    given: Phi[str]
    basis: Basis
    state: ConnectionState


class GetConnections(Query):
    """The caller's own connections, the own record first."""

    service: ClassVar[str] = "identity"


class Connection(Contract):
    """One connection with what is going to happen to it. Dates are days at the practice.

    `turns_12` and `turns_18` are the next birthdays that change something, `until` the end that
    staff set; None where nothing comes. `mail_waits` is an address that its link has to confirm
    yet; `terms` and `hipaa` are the versions accepted for this record.
    """

    patient: Id
    name: HumanName
    basis: Basis
    state: ConnectionState
    since: datetime
    until: date | None = None
    turns_12: date | None = None
    turns_18: date | None = None
    mail: MailState
    mail_to: Phi[str] = ""
    mail_waits: Phi[str] = ""
    terms: ShortText = ""
    hipaa: ShortText = ""


class ConnectionsAnswer(Answer):
    """`documents` are the versions in effect today that a connection `agreement-due` needs."""

    connections: tuple[Connection, ...]
    terms: ShortText
    hipaa: ShortText


class Disenrol(Command):
    """Remove one's connection to this record (the red X): it and all mail about it end at once, and
    all sessions where it was the own record (R33, R34). With the last connection they end as well and
    the account closes. Enrolling again is signing up (R35).
    """

    service: ClassVar[str] = "identity"
    patient: Id


class AcceptAgreement(Command):
    """Accept the current version of `terms`, then of `hipaa`, for one person's record (R32)."""

    service: ClassVar[str] = "identity"
    patient: Id
    document: Literal["terms", "hipaa"]
    version: ShortText


class RelationPerson(Contract):
    """Somebody whose record a parent or caregiver asks for, as they describe them."""

    given: Phi[ShortText] = Field(min_length=1)
    family: Phi[ShortText] = Field(min_length=1)
    born: Phi[date]
    zip: Phi[ShortText] = ""
    record_number: Phi[ShortText] = ""


class RequestRelation(Command):
    """A signed-in parent or caregiver asks to be connected; support verifies (R54, S3).

    Always the same answer, whoever is described: it tells nothing about who is a patient.
    """

    service: ClassVar[str] = "identity"
    basis: Literal["parent", "caregiver"]
    people: tuple[RelationPerson, ...] = Field(min_length=1, max_length=6)
    says: Phi[str] = Field(default="", max_length=1000)


class SetMailAddress(Command):
    """Another address for mail about one connected person (decision g). A link goes there to confirm.

    Refused `address-in-use` where it is the own one; the answer is the same whether or not another
    address is somebody's (R44).
    """

    service: ClassVar[str] = "identity"
    patient: Id
    email: Phi[Email]


class RequestCorrection(Command):
    """Something in the profile of the record in view is wrong (R59). Nothing changes until staff did."""

    service: ClassVar[str] = "identity"
    field: Literal["name", "born", "sex", "address", "phone", "email", "other"]
    says: Phi[str] = Field(min_length=3, max_length=1000)


class GetMyRequests(Query):
    """What this account asked of support, newest first, and how far each is."""

    service: ClassVar[str] = "identity"


class MyRequest(Contract):
    """One request's life line. `about` is whom a relation names, or the field to correct in the record
    of `patient`; `answer` is what support wrote when it was refused."""

    item: Id
    kind: Literal["relation", "correction"]
    state: Literal["open", "taken", "done", "rejected"]
    received: datetime
    due: datetime
    settled: datetime | None = None
    about: Phi[str]
    patient: Id | None = None
    answer: Phi[str] = ""


class MyRequestsAnswer(Answer):
    """At most 50."""

    requests: tuple[MyRequest, ...]


class GetAccessLog(Query):
    """Who looked at the record in view, newest first."""

    service: ClassVar[str] = "identity"


class AccessRow(Contract):
    """One person's looking, kept once an hour. `why` is what they gave as the reason."""

    at: datetime
    name: Phi[str]
    role: ShortText
    what: Literal["chart", "account"]
    how: Literal["care-team", "cover", "break-glass", "proxy", "support"]
    why: Phi[str] = ""


class AccessLogAnswer(Answer):
    """At most 200."""

    rows: tuple[AccessRow, ...]


class PatientDisenrolled(PublishedEvent):
    """An account's connection to a patient ended: by the red X, or by staff (R33, S3)."""

    service: ClassVar[str] = "identity"
    topic: ClassVar[str] = "enrolment"
    about: ClassVar[str | None] = "patient"
    patient: Id
    account: Id
    basis: Basis


class TurnedTwelve(PublishedEvent):
    """The patient is 12 from this day on: what is acquired now is hidden until 18 (R54)."""

    service: ClassVar[str] = "identity"
    topic: ClassVar[str] = "patient"
    about: ClassVar[str | None] = "patient"
    patient: Id
    on: date


class TurnedEighteen(PublishedEvent):
    """The patient is an adult from this day on: who acted for them as a minor no longer does. A legal
    caregiver may again after a second check (S3).
    """

    service: ClassVar[str] = "identity"
    topic: ClassVar[str] = "patient"
    about: ClassVar[str | None] = "patient"
    patient: Id
    on: date
