"""billing: charges. The service is not built yet: interop keeps what it will hand over to it."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Literal

from pydantic import Field

from contracts.common import Id, ShortText
from contracts.labs import Coding
from kernel.envelope import Command, Contract
from kernel.phi import Phi


class Charge(Contract):
    """One line. `cents` is the amount in the smallest unit of the currency, None when not said."""

    source: ShortText = ""
    kind: Literal["charge", "credit", "payment", "adjustment", "unknown"] = "unknown"
    codes: Phi[tuple[Coding, ...]] = ()
    on: date | None = None
    quantity: int = 1
    cents: Phi[int | None] = None
    currency: ShortText = "USD"
    diagnoses: Phi[tuple[Coding, ...]] = ()


class PostCharges(Command):
    """Charges of one transaction message or claim (DFT, BAR, FHIR Claim and ExplanationOfBenefit).

    `sender` and `source` name it. `account` is the sender's patient account number.
    """

    service: ClassVar[str] = "billing"
    patient: Id
    sender: ShortText
    source: ShortText = Field(min_length=1)
    stated: datetime
    kind: Literal["charges", "account", "claim", "benefit"]
    account: Phi[ShortText] = ""
    visit: Phi[ShortText] = ""
    status: ShortText = ""
    charges: Phi[tuple[Charge, ...]] = Field(default=(), max_length=1000)
