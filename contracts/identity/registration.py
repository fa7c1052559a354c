"""Registration: the form behind REGISTER NOW, and support's queue (R48-R50, R53, S1)."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Literal

from pydantic import Field

from contracts.common import Email, Id, ShortText
from contracts.identity.patients import PatientCard
from kernel.envelope import Answer, Command, Contract, Query
from kernel.phi import Phi


class RequestRegistration(Command):
    """The form behind REGISTER NOW. The answer is always `Nothing` (decisions l and o)."""

    service: ClassVar[str] = "identity"
    family: Phi[ShortText] = Field(min_length=1)
    given: Phi[ShortText] = Field(min_length=1)
    born: Phi[date]
    zip: Phi[ShortText] = Field(min_length=3)
    line: Phi[ShortText] = ""
    email: Phi[Email]
    phone: Phi[ShortText] = ""
    record_number: Phi[ShortText] = ""
    ssn_last4: Phi[str] = Field(default="", pattern=r"^(\d{4})?$")


class RegistrationForm(Contract):
    """What support sees of a form. An item that the portal opened itself may lack fields."""

    family: Phi[str] = ""
    given: Phi[str] = ""
    born: Phi[date | None] = None
    zip: Phi[str] = ""
    line: Phi[str] = ""
    email: Phi[str] = ""
    phone: Phi[str] = ""
    record_number: Phi[str] = ""
    ssn_last4: Phi[str] = ""


class TakeRegistration(Command):
    """Support takes an item, so that two people do not work on it (S1)."""

    service: ClassVar[str] = "identity"
    registration: Id


class VerifyRegistration(Command):
    """Support has verified who this is: the invitation goes out (R50)."""

    service: ClassVar[str] = "identity"
    registration: Id
    patient: Id
    evidence: ShortText = Field(min_length=3)


class RejectRegistration(Command):
    """Support could not verify who this is."""

    service: ClassVar[str] = "identity"
    registration: Id
    reason: ShortText = Field(min_length=3)


class RegistrationQueue(Query):
    """Open items, oldest first (S1)."""

    service: ClassVar[str] = "identity"


class RegistrationItem(Contract):
    """One unmatched registration. `due` is 2 business days after it came (R57)."""

    registration: Id
    state: Literal["open", "taken", "verified", "rejected", "matched"]
    reason: ShortText
    received: datetime
    due: datetime
    overdue: bool
    taken_by: ShortText = ""
    form: RegistrationForm
    candidates: tuple[PatientCard, ...] = ()


class RegistrationsAnswer(Answer):
    """Open and taken items, oldest first."""

    items: tuple[RegistrationItem, ...]


class GetRegistration(Query):
    """One item with its candidates."""

    service: ClassVar[str] = "identity"
    registration: Id


class RegistrationAnswer(Answer):
    """One item."""

    item: RegistrationItem
