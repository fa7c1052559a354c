"""Shapes that several contracts share: who is asking, names, addresses, acknowledgements."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kernel.envelope import Answer, Contract
from kernel.phi import Phi

Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:-]+$")]
ShortText = Annotated[str, Field(max_length=200)]
Email = Annotated[
    str,
    Field(min_length=3, max_length=254, pattern=r"^[^@\s<>,;\"]+@[^@\s<>,;\"]+\.[^@\s<>,;\"]+$"),
]


Basis = Literal["self", "parent", "caregiver"]
"""Why an account may see a patient's record: it is their own, or they act for the patient (proxy)."""


class Role(StrEnum):
    """What a caller may be. A service signs for its own policies as `service`.

    `patient`: whoever comes as a patient or as a patient's proxy. `clinic` is the front desk.
    `enrolling`: staff who must set up a second factor before anything else.
    """

    PATIENT = "patient"
    PROVIDER = "provider"
    SUPPORT = "support"
    CLINIC = "clinic"
    BILLING = "billing"
    POLICY = "policy"
    SRE = "sre"
    ENROLLING = "enrolling"
    SERVICE = "service"
    ANONYMOUS = "anonymous"


class Caller(Contract):
    """The claims of a caller's token: valid 30 s at most, signed by identity or by a service.

    `subject` is an account id, or a service's name. `people_by` is the one service whose signature
    counts for people. Everything else is what identity's grants allow at this moment:
    `patient` is the chart that this request may see, on which `basis`; where there is none, `barred`
    says why (`agreement-due`: terms must be accepted first; `no-record`). `provider` is the directory
    id of a provider's account, `covers` the colleagues it stands in for, `glass` the patients whose
    record it opened in an emergency. `session` names the session, and opens nothing.
    """

    people_by: ClassVar[str] = "identity"

    subject: str
    role: Role
    patient: str | None = None
    basis: Basis | None = None
    barred: Literal["", "agreement-due", "no-record"] = ""
    provider: str | None = None
    covers: tuple[str, ...] = ()
    glass: tuple[str, ...] = ()
    session: str = ""
    name: Phi[str] = ""


class HumanName(Contract):
    """A person's name as the sender or the form wrote it."""

    family: Phi[ShortText] = ""
    given: Phi[ShortText] = ""
    suffix: Phi[ShortText] = ""


class Address(Contract):
    """A postal address; `zip` is the first five digits where the sender gave nine."""

    line: Phi[ShortText] = ""
    city: Phi[ShortText] = ""
    state: Phi[ShortText] = ""
    zip: Phi[ShortText] = ""


class Done(Answer):
    """The command took effect; `id` is the thing it made or changed."""

    id: str


class Nothing(Answer):
    """The command was taken in. What became of it is not for this caller to know (decision l)."""
