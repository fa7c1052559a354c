"""A result that does not come: the patient's question (R21) and the desk behind it (S12).

What a patient is told never depends on whether a blocked result exists: one question, one answer.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Literal

from pydantic import Field

from contracts.common import Id, ShortText
from contracts.labs.reports import Orderer
from kernel.envelope import Answer, Command, Contract, PublishedEvent, Query
from kernel.phi import Phi

MissingState = Literal["open", "taken", "answered"]
MissingReply = Literal["", "contact-provider", "in-portal"]
"""`contact-provider` is said of blocked, held, foreign, hidden and absent results alike."""


class ReportMissing(Command):
    """The patient misses a result, more than seven days after the sample was taken (R21).

    `provider` is who ordered, of the directory. Refused `too-early` (up to and on day 7), `future`,
    `unknown-provider`, `too-many`.
    """

    service: ClassVar[str] = "labs"
    test: Phi[ShortText] = Field(min_length=2)
    provider: Id
    collected: date


class GetMyMissing(Query):
    """The questions about the record in view, newest first."""

    service: ClassVar[str] = "labs"


class MyMissing(Contract):
    """One question as the patient sees it. `provider` by name, with the office's phone."""

    ticket: Id
    test: Phi[str]
    provider: str
    phone: str
    collected: date
    asked: datetime
    due: date
    state: MissingState
    reply: MissingReply
    answered: datetime | None


class MyMissingAnswer(Answer):
    """Newest first, at most 50."""

    tickets: tuple[MyMissing, ...]


class GetMissingTickets(Query):
    """Staff: the open questions, oldest first (S12)."""

    service: ClassVar[str] = "labs"


class MissingRow(Contract):
    """One question. `due` after the practice's business days; support sees no result here."""

    ticket: Id
    patient: Id
    test: Phi[str]
    provider: str
    collected: date
    asked: datetime
    due: date
    overdue: bool
    state: MissingState
    taken_by: str
    mine: bool


class MissingTicketsAnswer(Answer):
    """Open and taken ones, at most 200."""

    tickets: tuple[MissingRow, ...]


class TakeMissing(Command):
    """Work on it; two people cannot."""

    service: ClassVar[str] = "labs"
    ticket: Id


class AnswerMissing(Command):
    """Answer with one of two fixed replies; the words are the practice's, the same for everybody."""

    service: ClassVar[str] = "labs"
    ticket: Id
    reply: Literal["contact-provider", "in-portal"]


class MissingAnswered(PublishedEvent):
    """A question was answered. The reply itself is read in the portal."""

    service: ClassVar[str] = "labs"
    topic: ClassVar[str] = "missing"
    about: ClassVar[str | None] = "patient"
    ticket: Id
    patient: Id
    answered: datetime


class GetTrail(Query):
    """Policy staff: what came for this patient, orders and reports, without values (S12).

    On the patient's access log.
    """

    service: ClassVar[str] = "labs"
    patient: Id


class TrailRow(Contract):
    """An order or a report, and where it stands. `category` only where `state` is `blocked`."""

    report: Id | None
    name: Phi[str]
    numbers: tuple[str, ...]
    orderer: str
    ordered: datetime | None
    collected: datetime | None
    received: datetime
    state: Literal[
        "ordered", "cancelled", "waiting", "visible", "correcting", "blocked", "held", "external",
        "age", "withdrawn",
    ]  # fmt: skip
    category: str = ""
    policy: str = ""


class TrailAnswer(Answer):
    """Newest first, at most 500."""

    rows: tuple[TrailRow, ...]


class PostOrder(Command):
    """interop hands over an order of tests that may have no result yet (ORM, OML, ServiceRequest).

    `order` is the same for every version; `numbers` are its placer and filler numbers, by which a
    report is found to belong to it. The newest `stated` counts.
    """

    service: ClassVar[str] = "labs"
    order: Id
    patient: Id
    sender: ShortText
    numbers: tuple[ShortText, ...]
    orderer: Orderer
    codes: Phi[tuple[ShortText, ...]]
    """What was ordered, in words."""
    ordered: datetime | None = None
    stated: datetime
    cancelled: bool = False
