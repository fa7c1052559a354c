"""interop: messages from other systems (HL7 v2 over MLLP, FHIR bundles), kept and accounted for."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from contracts.common import Id, ShortText
from kernel.envelope import Answer, Command, Contract, Query
from kernel.phi import Phi

Outcome = Literal["applied", "held", "quarantined", "refused"]


class TakePart(Command):
    """One part of a message or bundle from a file (the command line), at most 128 KB, base64.

    Parts may come in any order and more than once; when the last one is in, the whole is
    hash-checked and taken. The same bytes again change nothing: the answer is the first outcome.
    """

    service: ClassVar[str] = "interop"
    format: Literal["hl7v2", "fhir"]
    name: ShortText
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    index: int = Field(ge=0)
    total: int = Field(ge=1, le=1000)
    part: Phi[str] = Field(max_length=180_000)


class MessageAnswer(Answer):
    """What became of it. `counts` has a line per kind of thing taken, with its outcome.

    `outcome` is None while parts are missing.
    """

    message: Id
    outcome: Outcome | None
    reason: ShortText = ""
    kind: ShortText
    counts: dict[str, int] = {}


class GetQuarantine(Query):
    """Messages that wait for a person, newest first."""

    service: ClassVar[str] = "interop"


class QuarantineRow(Contract):
    """One kept message: why, and when. The bytes stay in interop's store."""

    message: Id
    kind: ShortText
    sender: ShortText
    reason: ShortText
    received: datetime


class QuarantineAnswer(Answer):
    """Newest first, at most 200."""

    messages: tuple[QuarantineRow, ...]


class RetryMessage(Command):
    """Take a kept message again, after what was wrong is mended."""

    service: ClassVar[str] = "interop"
    message: Id


class GetSummary(Query):
    """Counts by message kind and outcome."""

    service: ClassVar[str] = "interop"


class SummaryRow(Contract):
    """How many messages of a kind had an outcome."""

    kind: ShortText
    outcome: Outcome
    count: int


class SummaryAnswer(Answer):
    """All kinds."""

    rows: tuple[SummaryRow, ...]
