"""XCN fields: who ordered, who sees the patient, by their numbers and names."""

from __future__ import annotations

from contracts.labs import Orderer
from services.interop.hl7v2.reader import Segment
from services.interop.text import short

MOST_IDS = 20


def orderer(obr: Segment | None, orc: Segment | None) -> Orderer:
    """OBR-16, else ORC-12 (R20). A name without a number in OBR-16 takes the number from ORC-12
    when that names the same person. MSH-4 and OBR-32 are never the orderer.
    """
    first = person(obr, 16)
    second = person(orc, 12)
    if first.ids:
        return first
    if second.ids and (not first.name or _family(first) == _family(second)):
        return Orderer(ids=second.ids, name=first.name or second.name)
    return first if first.name else second


def _family(one: Orderer) -> str:
    return one.name.split(",")[0].strip().lower()


def person(segment: Segment | None, field: int) -> Orderer:
    """All the numbers of one person: repetitions of another name are somebody else."""
    if segment is None:
        return Orderer()
    ids: dict[str, None] = {}
    name = ""
    for n in range(1, segment.repetitions(field) + 1):
        own = _name(segment, field, n)
        if name and own and own.lower() != name.lower():
            continue
        name = name or own
        ids[short(segment.get(field, 1, n))] = None
    ids.pop("", None)
    return Orderer(ids=tuple(ids)[:MOST_IDS], name=name)


def people(*places: tuple[Segment, int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Numbers and names of everybody in these fields, in order, each once."""
    ids: dict[str, None] = {}
    names: dict[str, None] = {}
    for segment, field in places:
        for n in range(1, segment.repetitions(field) + 1):
            ids[short(segment.get(field, 1, n))] = None
            names[_name(segment, field, n)] = None
    ids.pop("", None)
    names.pop("", None)
    return tuple(ids)[:MOST_IDS], tuple(names)[:MOST_IDS]


def _name(segment: Segment, field: int, n: int) -> str:
    family, given = segment.get(field, 2, n), segment.get(field, 3, n)
    return short(", ".join(part for part in (family, given) if part))
