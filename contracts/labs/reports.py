"""Reports as they come in, and what labs publishes."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from contracts.common import Id, ShortText
from kernel.envelope import Answer, Command, Contract, PublishedEvent
from kernel.phi import Phi

Status = Literal["preliminary", "final", "corrected", "cannot-obtain", "wrong"]
Flag = Literal["", "low", "high", "critical-low", "critical-high", "critical", "abnormal"]


class Coding(Contract):
    """A code as the sender gave it. `system` is `loinc`, or the sender's own name for it."""

    system: ShortText = ""
    code: ShortText = ""
    text: Phi[str] = Field(default="", max_length=500)


class PostedObservation(Contract):
    """One value. `key` tells it apart in its report (code + sub-id); `number` is None for text."""

    key: ShortText
    codes: tuple[Coding, ...]
    value: Phi[str] = ""
    number: Phi[float | None] = None
    unit: ShortText = ""
    range_text: Phi[ShortText] = ""
    flag: Flag = ""
    status: Status
    note: Phi[str] = ""
    observed: datetime | None = None


class Orderer(Contract):
    """Who ordered, as the sender says: any of the ids may match the directory. Empty = none given."""

    ids: tuple[str, ...] = ()
    name: ShortText = ""


class PostReport(Command):
    """interop hands over one order's results (one OBR, or one FHIR report).

    `report` is the same for every version of it: sender + filler order number (or FHIR id).
    `acquired` is the collection time (R54: never the result date), None when not stated.
    """

    service: ClassVar[str] = "labs"
    report: Id
    patient: Id
    sender: ShortText
    orderer: Orderer
    ordered: datetime | None = None
    acquired: datetime | None = None
    reported: datetime
    codes: tuple[Coding, ...]
    section: ShortText = ""
    specimen: ShortText = ""
    status: Status
    observations: tuple[PostedObservation, ...] = Field(max_length=2000)
    note: Phi[str] = ""
    numbers: tuple[ShortText, ...] = ()
    """Filler and placer order numbers as sent, by which an order is found to have its result."""
    stated: datetime | None = None
    """When its sender wrote this version (MSH-7, meta.lastUpdated), which says which one is newer: a
    correction may carry the report time of the version that it corrects. None: `reported` does."""


class PostAnswer(Answer):
    """`applied`: waits for its provider. `held`: waits in a staff queue (S5), with `reasons`."""

    outcome: Literal["applied", "held", "unchanged"]
    reasons: tuple[str, ...] = ()


class LabVerified(PublishedEvent):
    """A provider verified results that this patient may see. A hidden result publishes nothing."""

    service: ClassVar[str] = "labs"
    topic: ClassVar[str] = "result"
    about: ClassVar[str | None] = "patient"
    report: Id
    patient: Id
    verified: datetime


class LabReleased(PublishedEvent):
    """A result verified earlier became visible (a code was mapped, a policy changed)."""

    service: ClassVar[str] = "labs"
    topic: ClassVar[str] = "result"
    about: ClassVar[str | None] = "patient"
    report: Id
    patient: Id
    released: datetime


class LabWithdrawn(PublishedEvent):
    """A visible result was corrected or posted wrong: it is withdrawn at once (decision f)."""

    service: ClassVar[str] = "labs"
    topic: ClassVar[str] = "result"
    about: ClassVar[str | None] = "patient"
    report: Id
    patient: Id
    withdrawn: datetime


class ChartAccessed(PublishedEvent):
    """One of the staff looked at this patient's results; kept once an hour (S14, S15)."""

    service: ClassVar[str] = "labs"
    topic: ClassVar[str] = "access"
    about: ClassVar[str | None] = "patient"
    patient: Id
    account: Id
    how: Literal["care-team", "cover", "break-glass"]
    at: datetime


class ChartExplained(PublishedEvent):
    """Who keeps the release policy looked at which results came and why they are shown or not, never at
    a value; kept once an hour (S6, S12, S14).
    """

    service: ClassVar[str] = "labs"
    topic: ClassVar[str] = "access"
    about: ClassVar[str | None] = "patient"
    patient: Id
    account: Id
    at: datetime
