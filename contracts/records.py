"""records: the chart. The service is not built yet: interop keeps what it will hand over to it.

Every command is about one thing as its sender keeps it: `sender` and `source` (the sender's own
number or resource id) name it, so that a newer version replaces an older one.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from contracts.common import Id, ShortText
from contracts.labs import Coding, Status
from kernel.envelope import Command, Contract
from kernel.phi import Phi


class Entry(Command):
    """What all chart entries share. `recorded` is when the sender says that it was written down."""

    service: ClassVar[str] = "records"
    patient: Id
    sender: ShortText
    source: ShortText = Field(min_length=1)
    recorded: datetime | None = None
    removed: bool = False
    """Entered in error, or deleted by the sender."""


class Allergy(Contract):
    """One allergy or intolerance, or (`none`) the statement that there is none known."""

    source: ShortText = ""
    codes: tuple[Coding, ...] = ()
    none: bool = False
    kind: ShortText = ""
    severity: Phi[ShortText] = ""
    reactions: Phi[tuple[ShortText, ...]] = ()
    onset: datetime | None = None
    status: Literal["active", "inactive", "resolved", "unconfirmed", "refuted", "wrong"] = "active"


class PostAllergies(Entry):
    """Allergies as a list. `whole`: these are all there are (HL7 snapshot), else some of them."""

    whole: bool = False
    allergies: Phi[tuple[Allergy, ...]] = Field(default=(), max_length=200)


class PostProblem(Entry):
    """A problem or diagnosis (PPR, DG1, FHIR Condition). R8."""

    codes: tuple[Coding, ...]
    status: Literal["active", "inactive", "resolved", "wrong", "unknown"] = "unknown"
    onset: datetime | None = None
    resolved: datetime | None = None
    note: Phi[str] = ""


class PostMedication(Entry):
    """A prescription or dispense (RDE, RDS, FHIR MedicationRequest). R9, R10, R38.

    `refills` is how many are left, None when not said. `days` is the supply of one fill.
    """

    codes: tuple[Coding, ...]
    kind: Literal["prescribed", "dispensed"] = "prescribed"
    status: Literal[
        "active", "stopped", "completed", "on-hold", "cancelled", "wrong", "unknown"
    ] = "unknown"
    directions: Phi[str] = ""
    quantity: Phi[ShortText] = ""
    days: int | None = None
    refills: int | None = None
    prescriber: Phi[tuple[ShortText, ...]] = ()
    prescriber_name: Phi[ShortText] = ""
    pharmacy: Phi[ShortText] = ""
    started: datetime | None = None
    ended: datetime | None = None


class PostImmunisation(Entry):
    """A vaccination (VXU, FHIR Immunization)."""

    codes: tuple[Coding, ...]
    given: datetime | None = None
    status: Literal["completed", "not-done", "wrong"] = "completed"
    lot: ShortText = ""
    note: Phi[str] = ""


class PostProcedure(Entry):
    """A procedure that was done (PR1, FHIR Procedure)."""

    codes: tuple[Coding, ...]
    done: datetime | None = None
    status: ShortText = ""
    note: Phi[str] = ""


class Reading(Contract):
    """One vital sign; blood pressure comes as two readings under one time. Units as sent (UCUM)."""

    codes: tuple[Coding, ...]
    value: Phi[str]
    number: Phi[float | None] = None
    unit: ShortText = ""


class PostVitals(Entry):
    """Vital signs of one time."""

    taken: datetime | None = None
    status: Status = "final"
    readings: Phi[tuple[Reading, ...]] = Field(default=(), max_length=100)


class PostDocument(Entry):
    """A document (MDM, FHIR DocumentReference): its text where it is text, else only its heading.

    The bytes of an attachment stay in the kept message `message`.
    """

    message: Id
    codes: tuple[Coding, ...]
    title: Phi[str] = Field(default="", max_length=500)
    status: Literal["preliminary", "final", "corrected", "wrong", "unknown"] = "unknown"
    written: datetime | None = None
    author: Phi[ShortText] = ""
    replaces: ShortText = ""
    text: Phi[str] = Field(default="", max_length=500_000)
