"""SIU to scheduling.PostVisit: booked, moved, cancelled and missed appointments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from contracts.scheduling import PostVisit, VisitState
from services.interop.hl7v2 import values
from services.interop.hl7v2.case import Case, number
from services.interop.hl7v2.providers import people
from services.interop.hl7v2.reader import Segment
from services.interop.hl7v2.visits import place
from services.interop.parcel import PENDING, Unusable

STATES: dict[str, VisitState] = {
    "S12": "booked", "S13": "rescheduled", "S14": "changed", "S15": "cancelled",
    "S16": "discontinued", "S17": "deleted", "S26": "no-show",
}  # fmt: skip

FILLED: dict[str, VisitState] = {
    "arrived": "arrived", "checkedin": "arrived", "complete": "completed", "completed": "completed",
    "cancelled": "cancelled", "canceled": "cancelled", "noshow": "no-show", "deleted": "deleted",
    "dc": "discontinued", "discontinued": "discontinued",
}  # fmt: skip
"""SCH-25 (table 0278), which says what a change (S14) was."""

SLOTS = {"AIS": (4, 7, 8), "AIG": (8, 11, 12), "AIL": (6, 9, 10), "AIP": (6, 9, 10)}
"""Where a resource says its start, its duration and the unit of it."""

UNITS = {"": 60, "m": 60, "s": 1, "h": 3600, "d": 86_400}
"""Seconds by a unit's first letter. Minutes, where none is said."""

LONGEST = timedelta(days=366)
VIDEO = re.compile(r"\b(?:video|tele-?(?:health|medicine|visit)|virtual)\b", re.IGNORECASE)


def appointments(case: Case) -> Iterator[PostVisit]:
    """The one appointment of an SIU. Raises Unusable without its number or, booked, its time."""
    sch = case.only("SCH")
    source = number(sch, 2) or number(sch, 1)
    if not source:
        raise Unusable("An appointment without a number", code="101", where="SCH")
    state = STATES[case.event]
    starts, ends = _times(case, sch)
    if starts is None and state in ("booked", "rescheduled"):
        raise Unusable("An appointment without a time", code="101", where="SCH")
    providers, names = _providers(case)
    kind = values.codings(sch, 8)
    yield PostVisit(
        patient=PENDING,
        sender=case.sender,
        source=source,
        stated=case.stated,
        trigger=f"SIU^{case.event}",
        state=_filled(sch) if state == "changed" else state,
        starts=starts,
        ends=ends,
        reasons=values.codings(sch, 7) or values.codings(sch, 6),
        kind=kind + tuple(one for ais in case.all("AIS") for one in values.codings(ais, 3)),
        providers=providers,
        provider_names=names,
        place=_place(case),
        video=any(VIDEO.search(f"{one.code} {one.text}") for one in kind),
        note=_note(case),
    )


def _filled(sch: Segment) -> VisitState:
    said = (sch.get(25, part).lower().replace(" ", "").replace("-", "") for part in (1, 2))
    return next((FILLED[one] for one in said if one in FILLED), "changed")


def _times(case: Case, sch: Segment) -> tuple[datetime | None, datetime | None]:
    """From TQ1 (2.5 on), else SCH-11 (to 2.4), else the first resource that says when.

    The end is stated beside the start or follows from a duration; none that is not after it.
    """
    tq1 = case.message.first("TQ1")
    places = [(tq1.get(7), tq1.get(8))] if tq1 else []
    places.append((sch.get(11, 4), sch.get(11, 5)))
    slots = [(each, *SLOTS[each.name]) for each in case.message.segments if each.name in SLOTS]
    places += [(slot.get(start), "") for slot, start, _, _ in slots]
    durations = [_duration(sch.get(9), sch.get(10))]
    durations += [_duration(slot.get(length), slot.get(unit)) for slot, _, length, unit in slots]
    for first, last in places:
        starts = case.moment(first)
        if starts is None:
            continue
        ends = case.moment(last)
        if ends is not None and starts < ends <= starts + LONGEST:
            return starts, ends
        length = next(filter(None, durations), None)
        return starts, starts + length if length else None
    return None, None


def _duration(length: str, unit: str) -> timedelta | None:
    """A whole, sensible duration; None for anything else."""
    seconds = UNITS.get(unit[:1].lower())
    if seconds is None or not (length.isascii() and length.isdigit()) or len(length) > 6:
        return None
    found = timedelta(seconds=int(length) * seconds)
    return found if timedelta() < found <= LONGEST else None


def _providers(case: Case) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Who sees the patient: the people that are booked, else those that PV1 names."""
    booked = people(*((aip, 3) for aip in case.all("AIP")))
    pv1 = case.message.first("PV1")
    return booked if any(booked) or pv1 is None else people((pv1, 7))


def _place(case: Case) -> str:
    """The booked location, else PV1's."""
    ail, pv1 = case.message.first("AIL"), case.message.first("PV1")
    booked = place(ail, 3) if ail else ""
    return booked or (place(pv1, 3) if pv1 else "")


def _note(case: Case) -> str:
    """The notes on the appointment itself. Those on its resources are for the staff."""
    said: list[str] = []
    is_on_it = False
    for segment in case.message.segments:
        if segment.name == "NTE" and is_on_it:
            said += [segment.text(3, n + 1) for n in range(segment.repetitions(3))]
        elif segment.name != "NTE":
            is_on_it = segment.name == "SCH" or (segment.name == "TQ1" and is_on_it)
    return "\n".join(said).strip("\n")
