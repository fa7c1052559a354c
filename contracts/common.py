"""Shapes that several contracts share: who is asking, names, addresses, acknowledgements."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from kernel.envelope import Answer, Contract
from kernel.phi import Phi

Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:-]+$")]
ShortText = Annotated[str, Field(max_length=200)]
Email = Annotated[
    str,
    Field(min_length=3, max_length=254, pattern=r"^[^@\s<>,;\"]+@[^@\s<>,;\"]+\.[^@\s<>,;\"]+$"),
]


class Role(StrEnum):
    """What a caller may be. A service signs for its own policies as `service`."""

    PATIENT = "patient"
    PROVIDER = "provider"
    SUPPORT = "support"
    CLINIC = "clinic"
    POLICY = "policy"
    SRE = "sre"
    SERVICE = "service"
    ANONYMOUS = "anonymous"


class Caller(Contract):
    """The claims of a caller's token: valid 30 s at most, signed by identity or by a service.

    `subject` is an account id, or a service's name. `patient` is the chart a patient's account
    is connected to; `provider` the directory id of a provider's account. `people_by` is the one service
    whose signature counts for people.
    """

    people_by: ClassVar[str] = "identity"

    subject: str
    role: Role
    patient: str | None = None
    provider: str | None = None
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
