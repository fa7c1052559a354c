"""Whom a kept HL7 message names, as it names them: for support, who must find out who is meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from contracts.common import HumanName
from contracts.identity import Identifier
from contracts.interop import MessagePerson
from services.interop.hl7v2 import dates
from services.interop.hl7v2.normalise import messages
from services.interop.hl7v2.reader import Message, Segment
from services.interop.parcel import Unusable
from services.interop.text import short

PLACES = {"PID": (5, 7, 8, (3, 2, 4)), "MRG": (7, 0, 0, (1,)), "NK1": (2, 16, 15, (33,))}
"""Where a segment says name, birth date, sex and record numbers. 0: it does not."""

SOCIAL = frozenset({"SS", "SSN"})
SSN = re.compile(r"\d{3}-?\d{2}-?(\d{4})")
MOST_NUMBERS = 20


def people(raw: bytes, charset: str) -> Iterator[MessagePerson]:
    """Everybody that a PID, MRG or NK1 names, in order; nobody in what cannot be read."""
    for text in messages(raw, charset):
        try:
            found = Message(text).segments
        except Unusable:
            continue
        yield from (_person(segment) for segment in found if segment.name in PLACES)


def _person(segment: Segment) -> MessagePerson:
    name, born, sex, numbers = PLACES[segment.name]
    given = " ".join(filter(None, (segment.get(name, 2), segment.get(name, 3))))
    day = dates.day(segment.get(born)) if born else None
    return MessagePerson(
        segment=segment.name,
        name=HumanName(
            family=short(segment.get(name, 1)),
            given=short(given),
            suffix=short(segment.get(name, 4)),
        ),
        born=day.isoformat() if day else short(segment.get(born)) if born else "",
        sex=short(segment.get(sex)) if sex else "",
        identifiers=tuple(_numbers(segment, numbers))[:MOST_NUMBERS],
    )


def _numbers(segment: Segment, fields: tuple[int, ...]) -> Iterator[Identifier]:
    """The numbers as written; of a Social Security number its last four digits."""
    for field in fields:
        for n in range(1, segment.repetitions(field) + 1):
            value = short(segment.get(field, 1, n))
            giver = segment.get(field, 4, n) or segment.get(field, 4, n, 2)
            social = SSN.fullmatch(value)
            if social and (segment.get(field, 5, n).upper() in SOCIAL or "-" in value):
                value = f"***-**-{social[1]}"
            if value:
                yield Identifier(authority=short(giver), value=value)
