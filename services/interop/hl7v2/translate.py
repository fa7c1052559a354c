"""HL7 v2 bytes to parcels: which kinds are taken, and what is refused. Never raises."""

from __future__ import annotations

from datetime import datetime, tzinfo

from services.interop.hl7v2 import dates
from services.interop.hl7v2.normalise import messages
from services.interop.hl7v2.patient import record_patient
from services.interop.hl7v2.reader import Message
from services.interop.hl7v2.report import reports
from services.interop.parcel import Header, Parcel, Translated, Unusable

PERSON_EVENTS = frozenset({
    "A01", "A02", "A03", "A04", "A05", "A06", "A07", "A08", "A10", "A13", "A14", "A28", "A31",
})  # fmt: skip
"""ADT events that state who a person is. Cancellations, merges and links are not among them."""

RESULT_EVENTS = frozenset(["R01", "R30", "R31", "R32"])
"""ORU events: all have the structure of R01 where it matters here."""

PROCESSING = frozenset("PTDN")
MOST_BYTES = 16 * 2**20
HEAD_BYTES = 8192


def translate(raw: bytes, received: datetime, practice_zone: tzinfo) -> list[Translated]:
    """Every message in the bytes, in order, as a parcel or with the reason why not.

    At least one entry, even for no message at all. Never raises: what cannot be used is an
    `Unusable` in its entry, and the messages beside it are not touched by it.
    """
    if len(raw) > MOST_BYTES:
        too_large = Unusable("Larger than 16 MB", verdict="refused")
        return [Translated(header=Header(), problem=too_large)]
    texts = messages(raw)
    if not texts:
        empty = Unusable("No MSH segment", code="100", where="MSH", verdict="refused")
        return [Translated(header=Header(), problem=empty)]
    return [_one(text, received, practice_zone) for text in texts]


def _one(text: str, received: datetime, practice_zone: tzinfo) -> Translated:
    header = Header()
    try:
        message = Message(text)
        header = message.header
        return Translated(header=header, parcel=_parcel(message, received, practice_zone))
    except Unusable as problem:
        return Translated(header=header, problem=problem)


def _parcel(message: Message, received: datetime, practice_zone: tzinfo) -> Parcel:
    header = message.header
    kind, _, event = header.kind.partition("^")
    if header.version and not header.version.startswith("2"):
        raise Unusable("HL7 version not supported", code="203", where="MSH", verdict="refused")
    if header.processing and header.processing not in PROCESSING:
        raise Unusable("Processing id not supported", code="202", where="MSH", verdict="refused")
    read_in = dates.zones(message.segments[0].get(7), practice_zone)
    if kind == "ADT" and event in PERSON_EVENTS:
        patient = record_patient(message, "adt", received, read_in)
        return Parcel(kind=header.kind, sender=header.sender, about=patient)
    if kind == "ORU" and event in RESULT_EVENTS:
        patient = record_patient(message, "oru", received, read_in)
        first = patient.identifiers[0]
        made = reports(message, f"{first.authority}|{first.value}", received, read_in)
        return Parcel(kind=header.kind, sender=header.sender, about=patient, commands=made)
    if kind in ("ADT", "ORU"):
        raise Unusable("Event not supported", code="201", where="MSH", verdict="refused")
    raise Unusable("Message type not supported", code="200", where="MSH", verdict="refused")


def header_of(raw: bytes) -> Header:
    """The first message's header, for an acknowledgement; an empty one when it has none."""
    texts = messages(raw[:HEAD_BYTES])
    try:
        return Message(texts[0].split("\r")[0]).header if texts else Header()
    except Unusable:
        return Header()
