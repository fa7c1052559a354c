"""Events of one message: kept, settled, seen by a person, reopened. The storage format.

A message's bytes are patient data, encrypted under a key of their own: who they are about is not
known before they are read, and destroying one message must not touch another.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal

from contracts.interop import Outcome
from kernel.phi import Phi, PhiRepr

Format = Literal["hl7v2", "fhir"]
Source = Literal["mllp", "file"]


@dataclass(frozen=True, slots=True, repr=False)
class PartReceived(PhiRepr):
    """One part of a file, base64. `digest` is the SHA-256 of the part's text."""

    OWNER: ClassVar[str] = "message"
    message: str
    sha256: str
    format: Format
    name: Phi[str]
    index: int
    total: int
    digest: str
    part: Phi[str]


@dataclass(frozen=True, slots=True, repr=False)
class PartsDiscarded(PhiRepr):
    """The parts together were not the bytes that their hash promised."""

    OWNER: ClassVar[str] = "message"
    message: str


@dataclass(frozen=True, slots=True, repr=False)
class MessageReceived(PhiRepr):
    """The whole message is durable. `raw` is base64, empty when it came in parts.

    `size` is in bytes; `received` our clock, which every retry uses again.
    """

    OWNER: ClassVar[str] = "message"
    message: str
    format: Format
    source: Source
    size: int
    received: datetime
    raw: Phi[str] = ""


@dataclass(frozen=True, slots=True, repr=False)
class MessageSettled(PhiRepr):
    """What became of it. `code` is of HL7 table 0357, `where` a segment; no patient data in them.

    `control` is MSH-10, `ack` the acknowledgement that was given, empty for files. `waits` counts
    what waits for a service to come, by `service.Command`.
    """

    OWNER: ClassVar[str] = "message"
    message: str
    outcome: Outcome
    kind: str
    sender: str
    reason: str
    code: str
    where: str
    counts: dict[str, int]
    attempt: int = 0
    control: str = ""
    ack: Phi[str] = ""
    at: datetime | None = None
    waits: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, repr=False)
class MessageHandedOver(PhiRepr):
    """What waited for this service went to it. `refused` names what it did not take, and why.

    `was` is the outcome that no longer counts, `outcome` the one that does from now on.
    """

    OWNER: ClassVar[str] = "message"
    message: str
    service: str
    kind: str
    was: Outcome
    outcome: Outcome
    counts: dict[str, int]
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class MessageReopened(PhiRepr):
    """A person asked to take it again. `kind` and `outcome` are those that no longer count.

    `by` is an account; its name is kept because that may change or go.
    """

    OWNER: ClassVar[str] = "message"
    message: str
    attempt: int
    kind: str
    outcome: Outcome
    by: str = ""
    by_name: Phi[str] = ""


@dataclass(frozen=True, slots=True, repr=False)
class MessageOpened(PhiRepr):
    """A person is shown whom it is about, and why they asked."""

    OWNER: ClassVar[str] = "message"
    message: str
    by: str
    by_name: Phi[str]
    reason: Phi[str]
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class MessageDiscarded(PhiRepr):
    """A person said that nothing will be done with it. It stays kept, and can be reopened."""

    OWNER: ClassVar[str] = "message"
    message: str
    by: str
    by_name: Phi[str]
    reason: Phi[str]
    at: datetime
