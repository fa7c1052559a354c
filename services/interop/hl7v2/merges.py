"""ADT A40 and its older kin to identity.RecordMerge: which number gives way to which."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from contracts.identity import RecordMerge
from services.interop.hl7v2 import dates
from services.interop.hl7v2.patient import identifiers, patient_of
from services.interop.hl7v2.reader import Message, Segment
from services.interop.parcel import Parcel, Unusable
from services.interop.reading import Reading

MERGES = frozenset(["ADT^A18", "ADT^A34", "ADT^A36", "ADT^A39", "ADT^A40"])
"""Merges of patients. Merges of accounts and visits, links and moves are not among them."""

MOST_PAIRS = 100


def merges(
    message: Message, received: datetime, read_in: dates.Zones, reading: Reading
) -> Iterator[Parcel | Unusable]:
    """A parcel per pair of PID and MRG, so that no patient is taken for another.

    A pair without usable numbers is an `Unusable` in its place. Raises Unusable where the segments
    do not pair: what is left of a damaged message might pair wrongly.
    """
    for pid, mrg in _pairs(message):
        try:
            yield _parcel(message, pid, mrg, received, read_in, reading)
        except Unusable as problem:
            yield problem


def _pairs(message: Message) -> list[tuple[Segment, Segment]]:
    found: list[tuple[Segment, Segment]] = []
    pid: Segment | None = None
    for segment in message.segments:
        if segment.name == "PID":
            if pid is not None:
                raise Unusable("A PID segment without its MRG", code="100", where="PID")
            pid = segment
        elif segment.name == "MRG":
            if pid is None:
                raise Unusable("An MRG segment without its PID", code="100", where="MRG")
            found.append((pid, segment))
            pid = None
    if pid is not None:
        raise Unusable("A PID segment without its MRG", code="100", where="PID")
    if not found:
        raise Unusable("No PID segment", code="100", where="PID")
    if len(found) > MOST_PAIRS:
        raise Unusable("More merges in one message than can be taken", where="MRG")
    return found


def _parcel(
    message: Message,
    pid: Segment,
    mrg: Segment,
    received: datetime,
    read_in: dates.Zones,
    reading: Reading,
) -> Parcel:
    header = message.header
    survivor = patient_of(pid, message, "adt", received, read_in, reading)
    retired = identifiers(mrg, header.sender, reading, listed=1, others=(2, 4))
    if not retired:
        raise Unusable("No usable number of the record that gives way", code="101", where="MRG")
    merge = RecordMerge(
        survivor=survivor.identifiers,
        retired=retired,
        demographics=survivor.demographics,
        at=survivor.at,
    )
    return Parcel(kind=header.kind, sender=header.sender, about=survivor, merges=(merge,))
