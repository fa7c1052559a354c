"""OBX to values: statuses, flags, numbers, texts, codes. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from contracts.labs import Coding, Flag, PostedObservation, Status
from services.interop.hl7v2 import dates
from services.interop.hl7v2.reader import Segment
from services.interop.parcel import Unusable
from services.interop.text import short

OBX_STATUS: dict[str, Status] = {
    "P": "preliminary", "I": "preliminary", "R": "preliminary", "S": "preliminary",
    "F": "final", "U": "final", "V": "final",
    "C": "corrected", "A": "corrected", "B": "corrected",
    "W": "wrong", "D": "wrong",
    "X": "cannot-obtain", "N": "cannot-obtain",
}  # fmt: skip
"""Table 0085. What is not in it counts as preliminary: the least that can be claimed."""

OBR_STATUS: dict[str, Status] = {
    "F": "final", "C": "corrected", "M": "corrected", "X": "cannot-obtain",
}  # fmt: skip
"""Table 0123, for an OBX without a status, or an OBR without any OBX."""

ORDER_DETAIL = "O"
"""OBX-11 O describes the order (table 0085) and is no result."""

FLAGS: dict[str, Flag] = {
    "LL": "critical-low", "LX": "critical-low", "HH": "critical-high", "HX": "critical-high",
    "C": "critical", "AA": "critical", "L": "low", "<": "low", "H": "high", ">": "high",
    "A": "abnormal",
}  # fmt: skip
"""Table 0078. C here means critical; corrected is OBX-11's C and nothing else."""

SEVERITY: tuple[Flag, ...] = (
    "critical", "critical-low", "critical-high", "low", "high", "abnormal", "",
)  # fmt: skip

LOINC = frozenset({"LN", "LOINC", "2.16.840.1.113883.6.1"})
NUMBER = re.compile(r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$")
CODED_PARTS = 12
"""Components of a CWE up to its second alternate."""

TEXTS = frozenset({"TX", "FT"})
CODED = frozenset({"CE", "CWE", "CNE", "CF", "IS", "ID"})
DOCUMENTS = frozenset({"ED", "RP"})
DATES = frozenset({"DT", "TS", "DTM"})
MOST_CODES = 50
MOST_VALUES = 2000
"""As many as `PostReport` carries; lines of one text count once."""

DOCUMENT = "document attached"
DOCUMENT_NOTE = "The sender attached a document. It is not shown here."


@dataclass(slots=True)
class Draft:
    """One OBX with the notes under it, before lines of one text are joined."""

    obx: Segment
    notes: list[str] = field(default_factory=list)


def codings(segment: Segment, where: int, repetition: int = 1) -> tuple[Coding, ...]:
    """The codes of a CE/CWE field: as sent, its alternates too; () when the field says nothing."""
    if not segment.repetitions(where):
        return ()
    said = segment.components(where, repetition)
    said += [""] * (CODED_PARTS - len(said))
    original = said[8]
    found = []
    for first in (1, 4, 10):
        code, text, system = said[first - 1 : first + 2]
        if code or text:
            found.append(
                Coding(
                    system="loinc" if system.upper() in LOINC else short(system),
                    code=short(code),
                    text=short(text or (original if first == 1 else ""), 500),
                )
            )
    if not found and original:
        found.append(Coding(text=short(original, 500)))
    return tuple(found)


def all_codings(segment: Segment, where: int) -> tuple[Coding, ...]:
    """The codes of every repetition of a field, at most 50 of them."""
    count = min(segment.repetitions(where), MOST_CODES)
    return tuple(one for n in range(count) for one in codings(segment, where, n + 1))


def worded(segment: Segment, where: int, repetition: int = 1) -> str:
    """A coded field in words: its text, else the original text, else its code."""
    parts = (segment.get(where, part, repetition) for part in (2, 9, 1, 5, 4))
    return next(filter(None, parts), "")


def status_of(obx: Segment, obr_status: str) -> Status:
    """OBX-11 first; OBR-25 speaks only for an OBX that says nothing."""
    own = obx.get(11).upper()
    if own:
        return OBX_STATUS.get(own, "preliminary")
    return OBR_STATUS.get(obr_status.upper(), "preliminary")


def flag_of(obx: Segment) -> Flag:
    """The gravest of OBX-8's repetitions; normal and unknown ones say nothing."""
    found = [FLAGS.get(obx.get(8, 1, n + 1).upper(), "") for n in range(obx.repetitions(8))]
    return min(found, key=SEVERITY.index, default="")


def number(text: str) -> float | None:
    """A plain number, None for anything else ("<5", "1:40", "1e999")."""
    if not NUMBER.match(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def value_of(obx: Segment) -> tuple[str, float | None, str]:
    """(value as text, number if it is one, note) of OBX-5 by its type in OBX-2."""
    kind = obx.get(2).upper()
    count = obx.repetitions(5)
    if kind in DOCUMENTS:
        return (DOCUMENT, None, DOCUMENT_NOTE) if count else ("", None, "")
    if kind in TEXTS:
        return "\n".join(obx.text(5, n + 1) for n in range(count)), None, ""
    if kind == "SN":
        return _structured(obx)
    values = [_one(obx, kind, n + 1) for n in range(count)]
    text = "; ".join(value for value in values if value)
    measured = kind == "NM" or (kind in ("ST", "") and obx.get(6))
    return text, number(text) if measured and count == 1 else None, ""


def _one(obx: Segment, kind: str, n: int) -> str:
    if kind in CODED:
        return next(filter(None, (obx.get(5, part, n) for part in (2, 5, 9, 1, 4))), "")
    if kind in DATES:
        day = dates.day(obx.get(5, 1, n))
        return day.isoformat() if day and len(obx.get(5, 1, n)) <= 8 else obx.get(5, 1, n)
    if kind in ("ST", "NM"):
        return obx.text(5, n).strip()
    return " ".join(obx.parts(5, n))


def _structured(obx: Segment) -> tuple[str, float | None, str]:
    """SN: comparator, number, separator, number. Only a bare number is a number."""
    comparator, first, separator, second = (obx.get(5, n) for n in (1, 2, 3, 4))
    text = f"{comparator}{first}{separator}{second}"
    plain = not separator and not second and comparator in ("", "=")
    return text, number(first) if plain else None, ""


def unit_of(obx: Segment) -> str:
    """OBX-6 as its code, else its text (senders fill either)."""
    return short(next(filter(None, (obx.get(6, part) for part in (1, 2, 9, 4, 5))), ""))


def observations(
    drafts: Iterable[Draft], obr_status: str, read_in: dates.Zones
) -> tuple[PostedObservation, ...]:
    """The values of one order, each with a key of its own; lines of one text joined into one."""
    groups: dict[str, list[Draft]] = {}
    for draft in drafts:
        if draft.obx.get(11).upper() == ORDER_DETAIL:
            continue
        key = _key(draft.obx)
        same_text = draft.obx.get(2).upper() in TEXTS
        if key in groups and same_text and groups[key][0].obx.get(2).upper() in TEXTS:
            groups[key].append(draft)
            continue
        if len(groups) == MOST_VALUES:
            raise Unusable("More values in one order than can be taken", where="OBX")
        groups[_free(key, groups)] = [draft]
    return tuple(_observation(key, group, obr_status, read_in) for key, group in groups.items())


def _key(obx: Segment) -> str:
    """Code and sub-id; a value without a code goes by its text."""
    code = obx.get(3, 1) or obx.get(3, 4) or obx.get(3, 2) or "uncoded"
    sub = ".".join(obx.parts(4))
    return short(f"{code}/{sub}" if sub else code, 180)


def _free(key: str, taken: dict[str, list[Draft]]) -> str:
    if key not in taken:
        return key
    n = 2
    while f"{key}#{n}" in taken:
        n += 1
    return f"{key}#{n}"


def _joined_status(statuses: list[Status]) -> Status:
    """Of the lines of one text: a withdrawn line corrects the rest; else the most cautious."""
    if all(status == "wrong" for status in statuses):
        return "wrong"
    if "corrected" in statuses or "wrong" in statuses:
        return "corrected"
    return "preliminary" if "preliminary" in statuses else statuses[0]


def _observation(
    key: str, group: list[Draft], obr_status: str, read_in: dates.Zones
) -> PostedObservation:
    first = group[0].obx
    statuses = [status_of(draft.obx, obr_status) for draft in group]
    status = _joined_status(statuses)
    kept = [
        draft
        for draft, own in zip(group, statuses, strict=True)
        if own != "wrong" or status == "wrong"
    ]
    if first.get(11).upper() == "U" and not first.repetitions(5):
        raise Unusable("A status change without its value", code="101", where="OBX")
    values = [value_of(draft.obx) for draft in kept]
    range_text = " ".join(first.parts(7))
    notes = [note for _, _, note in values if note]
    notes += [note for draft in kept for note in draft.notes]
    if len(range_text) > 200:
        notes.append(f"Reference range: {range_text}")
    return PostedObservation(
        key=key,
        codes=codings(first, 3),
        value="\n".join(text for text, _, _ in values).strip("\n"),
        number=values[0][1] if len(values) == 1 else None,
        unit=unit_of(first),
        range_text=short(range_text),
        flag=min((flag_of(draft.obx) for draft in kept), key=SEVERITY.index),
        status=status,
        note="\n".join(notes),
        observed=_observed(first, read_in),
    )


def _observed(obx: Segment, read_in: dates.Zones) -> datetime | None:
    return dates.moment(obx.get(14), read_in)
