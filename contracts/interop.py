"""interop: messages from other systems (HL7 v2 over MLLP or from files, FHIR), kept and accounted for."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from contracts.common import HumanName, Id, ShortText
from contracts.identity import Identifier
from kernel.envelope import Answer, Command, Contract, Query
from kernel.phi import Phi

Outcome = Literal["applied", "kept", "held", "quarantined", "refused"]
"""`applied`: every part has been taken. `kept`: understood, and a part waits for a service that is
not built yet. `held`: labs holds a report for its staff (S5). `quarantined`: the content is wrong, a
person must look. `refused`: it cannot be read, or its kind is not taken. The gravest counts."""

MessageFormat = Literal["hl7v2", "fhir"]


class TakeMessages(Command):
    """Single HL7 v2 messages from a file (the command line), in the file's order, base64.

    All are durable together before any is translated. One that was taken before keeps its outcome.
    """

    service: ClassVar[str] = "interop"
    messages: Phi[tuple[str, ...]] = Field(min_length=1, max_length=500)


class TakenMessage(Contract):
    """What became of one. `counts` has a line per kind of thing taken, with its outcome."""

    message: Id
    outcome: Outcome | None
    kind: ShortText
    reason: ShortText = ""
    counts: dict[str, int] = {}
    repeated: bool = False
    """It was taken before: nothing changed."""


class TakenAnswer(Answer):
    """One line per message, in the order given. `outcome` is None where a neighbour did not answer:
    it is kept, and settled later."""

    messages: tuple[TakenMessage, ...]


class TakePart(Command):
    """One part of a large message or a FHIR file (the command line), at most 128 KB, base64.

    Parts may come in any order and more than once; when the last one is in, the whole is
    hash-checked and taken. The same content again changes nothing: the answer is the first outcome.
    """

    service: ClassVar[str] = "interop"
    format: MessageFormat
    name: ShortText
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    index: int = Field(ge=0)
    total: int = Field(ge=1, le=1000)
    part: Phi[str] = Field(max_length=180_000)


class MessageAnswer(Answer):
    """What became of it. `outcome` is None while parts are missing or it is being taken; the counts
    then say how far it is."""

    message: Id
    outcome: Outcome | None
    reason: ShortText = ""
    kind: ShortText
    counts: dict[str, int] = {}


class GetQuarantine(Query):
    """Messages that wait for a person, newest first. `sender` picks one sender's."""

    service: ClassVar[str] = "interop"
    sender: ShortText = ""


class QuarantineRow(Contract):
    """One kept message: why, and when. `where` is a segment; `code` of HL7 table 0357."""

    message: Id
    kind: ShortText
    sender: ShortText
    reason: ShortText
    where: ShortText = ""
    code: ShortText = ""
    outcome: Outcome
    received: datetime
    attempts: int = 0
    replayable: bool = True
    """False for a frame that was cut off: only its sender can send it again."""


class SenderCount(Contract):
    """How many wait from one sender."""

    sender: ShortText
    waiting: int


class QuarantineAnswer(Answer):
    """Newest first, at most 200; `waiting` counts all, `senders` by sender, most first."""

    messages: tuple[QuarantineRow, ...]
    waiting: int = 0
    senders: tuple[SenderCount, ...] = ()


class GetMessage(Query):
    """One kept message: its way, the answer given, and its structure with the content masked."""

    service: ClassVar[str] = "interop"
    message: Id


class OutlineField(Contract):
    """A field that says something. `shown` only where it can name nobody: codes, types, authorities,
    statuses; else empty, and `length` says how long it is."""

    number: int
    shown: str = ""
    length: int


class OutlineSegment(Contract):
    """One segment (HL7) or resource (FHIR) and its filled fields."""

    name: ShortText
    fields: tuple[OutlineField, ...] = ()


class MessageStep(Contract):
    """One thing that happened to it: received, settled, reopened, opened, discarded, handed over."""

    at: datetime
    what: Literal[
        "received", "settled", "reopened", "opened", "discarded", "handed-over",
    ]  # fmt: skip
    outcome: Outcome | None = None
    says: str = ""
    by: str = ""


class MessageDetail(Answer):
    """`ack` is the acknowledgement that was sent, whole; empty for files. `segments`: at most 500."""

    row: QuarantineRow
    source: Literal["mllp", "file"]
    format: MessageFormat
    size: int
    control: ShortText
    ack: str
    counts: dict[str, int]
    steps: tuple[MessageStep, ...]
    segments: tuple[OutlineSegment, ...]


class OpenMessage(Command):
    """Support sees whom a message is about, with a reason that is kept. Results stay masked."""

    service: ClassVar[str] = "interop"
    message: Id
    reason: Phi[ShortText] = Field(min_length=3)


class MessagePerson(Contract):
    """One person as a PID, MRG or NK1 segment, or a FHIR Patient, names them."""

    segment: ShortText
    name: HumanName
    born: Phi[str] = ""
    sex: Phi[str] = ""
    identifiers: Phi[tuple[Identifier, ...]] = ()


class MessagePeopleAnswer(Answer):
    """Whom it names, in its order."""

    people: tuple[MessagePerson, ...]


class RetryMessage(Command):
    """Take a kept message again, after what was wrong is mended."""

    service: ClassVar[str] = "interop"
    message: Id


class RetryMessages(Command):
    """Take again all that waits from a sender, oldest first; at most 500 at a time."""

    service: ClassVar[str] = "interop"
    sender: ShortText = Field(min_length=1)


class RetriedAnswer(Answer):
    """How many are taken again, and how many are left."""

    id: str
    reopened: int
    left: int


class DiscardMessage(Command):
    """Nothing will be done with it, and why. It stays kept and can be reopened."""

    service: ClassVar[str] = "interop"
    message: Id
    reason: Phi[ShortText] = Field(min_length=3)


class SenderProfile(Contract):
    """What is different about one sender (MSH-4, else MSH-3). Empty = as the standard says.

    `authorities` renames who gave a record number ("" = numbers that name nobody); `kinds` reads one
    message type as another (`ORU^R03` as `ORU^R01`); `zone` is where its times without offset are
    read (IANA); `charset` as in HL7 table 0211, where MSH-18 says nothing.
    """

    sender: ShortText = Field(min_length=1)
    authorities: dict[str, ShortText] = Field(default={}, max_length=50)
    kinds: dict[str, ShortText] = Field(default={}, max_length=50)
    zone: ShortText = ""
    charset: ShortText = ""


class MapSender(Command):
    """Say what is different about a sender. It counts from the next message, and for retries.

    Refused `zone`, `charset`, `kind` where it names what is not known.
    """

    service: ClassVar[str] = "interop"
    profile: SenderProfile


class GetSenders(Query):
    """Every sender that anything came from or is known about."""

    service: ClassVar[str] = "interop"


class SenderRow(Contract):
    """A sender: how it is read, what came, what waits, when it was last heard."""

    profile: SenderProfile
    messages: int
    waiting: int
    last: datetime | None


class SendersAnswer(Answer):
    """By name, at most 500."""

    senders: tuple[SenderRow, ...]


class GetSummary(Query):
    """Counts by message kind and outcome, and what is kept for services to come."""

    service: ClassVar[str] = "interop"


class SummaryRow(Contract):
    """How many messages of a kind had an outcome."""

    kind: ShortText
    outcome: Outcome
    count: int


class WaitingRow(Contract):
    """How many commands of a kind wait for a service that is not there yet."""

    service: ShortText
    command: ShortText
    count: int


class SummaryAnswer(Answer):
    """All kinds."""

    rows: tuple[SummaryRow, ...]
    waiting: tuple[WaitingRow, ...] = ()
