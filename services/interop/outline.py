"""What staff may see of a kept message: its structure with masked content, and whom it names."""

from __future__ import annotations

from itertools import islice

from contracts.interop import MessagePerson, OutlineSegment
from services.interop.events.message import Format
from services.interop.fhir import outline as fhir
from services.interop.hl7v2 import outline as hl7v2
from services.interop.hl7v2.people import people as people_hl7v2

MOST_SEGMENTS = 500
MOST_BYTES = 8 * 2**20
"""Of which the structure is shown: an HL7 message's beginning, and no larger FHIR file at all."""

MOST_PEOPLE = 100


def outline(raw: bytes, format: Format, tests: bool) -> tuple[OutlineSegment, ...]:
    """Its segments (HL7) or resources (FHIR); none where nothing can be read. Never raises.

    `tests`: the names of tests are shown. Support, who may open whom a message is about, must not
    learn what that person was tested for.
    """
    if format == "hl7v2":
        found = hl7v2.segments(raw[:MOST_BYTES], tests)
    else:
        found = fhir.segments(raw if len(raw) <= MOST_BYTES else b"", tests)
    return tuple(islice(found, MOST_SEGMENTS))


def people(raw: bytes, format: Format, charset: str) -> tuple[MessagePerson, ...]:
    """Everybody whom it names, in its order. Never raises."""
    found = people_hl7v2(raw, charset) if format == "hl7v2" else fhir.people(raw)
    return tuple(islice(found, MOST_PEOPLE))
