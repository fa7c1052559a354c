"""HL7 v2 bytes to parcels: which kinds are taken, and what is refused. Never raises."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.interop.hl7v2 import dates
from services.interop.hl7v2.case import Case
from services.interop.hl7v2.kinds import TRANSLATORS
from services.interop.hl7v2.merges import MERGES, merges
from services.interop.hl7v2.normalise import beginning, messages
from services.interop.hl7v2.patient import Source, record_patient
from services.interop.hl7v2.reader import Message
from services.interop.parcel import Header, Parcel, Translated, Unusable
from services.interop.reading import Reading

TYPES = frozenset(kind.partition("^")[0] for kind in TRANSLATORS)
PROCESSING = frozenset("PTDN")
MOST_BYTES = 16 * 2**20
MOST_LINES = 400_000
"""Line ends in one message; more are nothing that a sender means, and would cost memory for nothing."""

HEAD_BYTES = 8192
SIGNS = 6
"""How much of a header tells another one inside a line: `MSH|^~`."""

OF_THE_PATIENT = frozenset({
    "PD1", "NK1", "MRG", "PV1", "PV2", "AL1", "IAM", "DG1", "PR1", "ORC", "OBR", "OBX", "SPM", "TXA",
    "FT1", "RXO", "RXE", "RXD", "RXA", "PRB",
})  # fmt: skip
"""Segments about whoever the PID in front of them names."""


def translate(raw: bytes, received: datetime, reading: Reading) -> list[Translated]:
    """Every message in the bytes, in order, as a parcel or with the reason why not.

    At least one entry, even for no message at all; several for one message that merges several
    patients. Never raises: what cannot be used is an `Unusable` in its entry, and the messages
    beside it are not touched by it.
    """
    if len(raw) > MOST_BYTES:
        too_large = Unusable("Larger than 16 MB", verdict="refused")
        return [Translated(header=Header(), problem=too_large)]
    if len(raw) > MOST_LINES and raw.count(b"\r") + raw.count(b"\n") > MOST_LINES:
        too_many = Unusable("More parts in one message than can be taken", verdict="refused")
        return [Translated(header=header_of(raw), problem=too_many)]
    texts = messages(raw, reading.charset)
    if not texts:
        empty = Unusable("No MSH segment", code="100", where="MSH", verdict="refused")
        return [Translated(header=Header(), problem=empty)]
    return [one for text in texts for one in _translated(text, received, reading)]


def _translated(text: str, received: datetime, reading: Reading) -> list[Translated]:
    """One message: mostly one entry."""
    header: Header | None = None
    try:
        message = Message(text)
        header = message.header
        _check_whole(text, message)
        message.header = _read_as(header, reading)
        made = _parcels(message, received, reading)
    except Unusable as problem:
        made = [problem]
    except (ValueError, ArithmeticError):
        made = [Unusable("The content is beyond what can be handed over")]
    header = header or _header(text)
    return [
        Translated(header=header, problem=one)
        if isinstance(one, Unusable)
        else Translated(header=header, parcel=one)
        for one in made
    ]


def _check_whole(text: str, message: Message) -> None:
    """Raises Unusable for a message that another ran into: a header inside a line, or what is said of
    a patient in front of their PID. Whose it is cannot be told from the order of the lines any more.
    """
    if text.find(text.lstrip()[:SIGNS], SIGNS) >= 0:
        raise Unusable("Another header stands inside a line", code="100", where="MSH")
    names = [segment.name for segment in message.segments]
    before = names[: names.index("PID")] if "PID" in names else []
    if found := next((name for name in before if name in OF_THE_PATIENT), None):
        raise Unusable("What is said of the patient stands before the PID", code="100", where=found)


def _read_as(header: Header, reading: Reading) -> Header:
    """The header with the kind as which this sender's messages of this kind are read."""
    kind = reading.kind(header.kind)
    if kind == header.kind:
        return header
    return replace(header, kind=kind, event=kind.partition("^")[2])


def taken(kind: str) -> bool:
    """Whether messages of this kind (`ORU^R01`) are translated."""
    return kind in TRANSLATORS or kind in MERGES


def _parcels(message: Message, received: datetime, reading: Reading) -> list[Parcel | Unusable]:
    kind = message.header.kind
    _check(message.header)
    read_in = dates.zones(message.segments[0].get(7), reading)
    if kind in MERGES:
        return list(merges(message, received, read_in, reading))
    source: Source = "adt" if kind.startswith("ADT") else "oru"
    about = record_patient(message, source, received, read_in, reading)
    case = Case(message, about, received, read_in)
    commands = tuple(TRANSLATORS[kind](case))
    left = dict(case.left)
    return [Parcel(kind, case.sender, about=about, commands=commands, left=left)]


def _check(header: Header) -> None:
    """Raises Unusable (refused) for what is not taken here at all."""
    if header.version and not header.version.startswith("2"):
        raise Unusable("HL7 version not supported", code="203", where="MSH", verdict="refused")
    if header.processing and header.processing not in PROCESSING:
        raise Unusable("Processing id not supported", code="202", where="MSH", verdict="refused")
    if taken(header.kind):
        return
    if header.kind.partition("^")[0] in TYPES:
        raise Unusable("Event not supported", code="201", where="MSH", verdict="refused")
    raise Unusable("Message type not supported", code="200", where="MSH", verdict="refused")


def header_of(raw: bytes) -> Header:
    """The first message's header, for an acknowledgement; an empty one when it has none."""
    texts = messages(beginning(raw[:HEAD_BYTES]))
    return _header(texts[0]) if texts else Header()


def _header(text: str) -> Header:
    try:
        return Message(text.partition("\r")[0]).header
    except Unusable:
        return Header()
