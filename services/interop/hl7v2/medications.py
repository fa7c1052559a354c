"""RDE, RDS and an ORM with RXO to records.PostMedication (R9, R10, R38)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from contracts.records import PostMedication
from services.interop.hl7v2 import values
from services.interop.hl7v2.case import Case, number
from services.interop.hl7v2.groups import Group, groups
from services.interop.hl7v2.providers import person
from services.interop.hl7v2.reader import Segment
from services.interop.parcel import PENDING, Unusable
from services.interop.text import short, whole

State = Literal["active", "stopped", "completed", "on-hold", "cancelled", "wrong", "unknown"]
CONTROLS: dict[str, State] = {
    "CA": "cancelled", "OC": "cancelled", "CR": "cancelled", "UA": "cancelled",
    "DC": "stopped", "OD": "stopped", "DR": "stopped", "DF": "stopped",
    "HD": "on-hold", "OH": "on-hold", "HR": "on-hold",
}  # fmt: skip
"""ORC-1 (table 0119), where it says more than that there is an order."""

STATUSES: dict[str, State] = {
    "CA": "cancelled", "DC": "stopped", "HD": "on-hold", "CM": "completed", "RP": "stopped",
}  # fmt: skip
"""ORC-5 (table 0038)."""

DURATION = re.compile(r"^([DW])(\d{1,3})$")
UNITS = {"d": 1, "day": 1, "days": 1, "w": 7, "wk": 7, "week": 7, "weeks": 7}
"""Days by unit. A month has no fixed number of days: it is not made into one."""

WHOLE = re.compile(r"^\d{1,4}$", re.ASCII)


def prescriptions(case: Case) -> Iterator[PostMedication]:
    """Every order of an RDE."""
    for group in groups(case.message):
        yield prescribed(case, group)


def prescribed(case: Case, group: Group) -> PostMedication:
    """One order, as encoded (RXE) or else as requested (RXO). Raises Unusable without a drug."""
    rxo, rxe = group.first("RXO"), group.first("RXE")
    source = number(group.orc, 2) or number(group.orc, 3) or number(rxe, 15)
    if not source:
        raise Unusable("A prescription without a number", code="101", where="ORC")
    state = CONTROLS.get(group.control) or STATUSES.get(group.status) or "active"
    codes = (values.codings(rxe, 2) if rxe else ()) or (values.codings(rxo, 1) if rxo else ())
    if not codes:
        raise Unusable("A prescription without a drug", code="101", where="RXE")
    prescriber = person(group.orc, 12)
    if not prescriber.ids and not prescriber.name:
        prescriber = person(rxe, 13)
    starts, ends = _bounds(case, group)
    return PostMedication(
        patient=PENDING,
        sender=case.sender,
        source=source,
        recorded=case.stated,
        codes=codes,
        kind="prescribed",
        status=state,
        directions=_directions(group),
        quantity=_quantity(rxe, 10) or _quantity(rxo, 11),
        days=_days(group),
        refills=_refills(rxo, rxe),
        prescriber=prescriber.ids,
        prescriber_name=prescriber.name,
        pharmacy=_pharmacy((rxe, 40), (rxo, 32)),
        started=starts or (case.moment(group.orc.get(15)) if group.orc else None),
        ended=ends,
    )


def dispenses(case: Case) -> Iterator[PostMedication]:
    """Every RXD of an RDS. Raises Unusable without any, or for one without a drug."""
    seen: Counter[str] = Counter()
    for group in groups(case.message):
        rxe = group.first("RXE")
        found = [segment for segment in group.segments if segment.name == "RXD"]
        if not found:
            raise Unusable("No RXD segment", code="100", where="RXD")
        for rxd in found:
            order = number(rxd, 7) or number(group.orc, 2) or number(group.orc, 3)
            if not order:
                raise Unusable("A dispense without a number", code="101", where="RXD")
            fill = rxd.get(1)
            seen[f"{order}#{fill}"] += 1
            again = seen[f"{order}#{fill}"]
            count = f"#{fill}" + (f".{again}" if again > 1 else "")
            yield _dispensed(case, group, rxd, rxe, whole(f"{order}{count}"))


def _dispensed(
    case: Case, group: Group, rxd: Segment, rxe: Segment | None, source: str
) -> PostMedication:
    codes = values.codings(rxd, 2)
    if not codes:
        raise Unusable("A dispense without a drug", code="101", where="RXD")
    prescriber = person(group.orc, 12)
    handed = case.moment(rxd.get(3))
    notes = "\n".join(filter(None, (rxd.text(9, n + 1) for n in range(rxd.repetitions(9)))))
    return PostMedication(
        patient=PENDING,
        sender=case.sender,
        source=source,
        recorded=handed or case.stated,
        codes=codes,
        kind="dispensed",
        status=CONTROLS.get(group.control, "completed"),
        directions="\n".join(filter(None, (_directions(group), notes))),
        quantity=_quantity(rxd, 4),
        days=_days(group),
        refills=_whole(rxd.get(8)) if rxd.get(8) else _refills(None, rxe),
        prescriber=prescriber.ids,
        prescriber_name=prescriber.name,
        pharmacy=_pharmacy((rxd, 30), (rxe, 40)),
        started=handed,
    )


def _directions(group: Group) -> str:
    """The sender's own words, else its codes for how often. No dose is put into words here."""
    said: list[str] = []
    for name in ("RXE", "RXO"):
        segment = group.first(name)
        if segment and not said:
            words = (values.worded(segment, 7, n + 1) for n in range(segment.repetitions(7)))
            said = [word for word in words if word]
    timed = [segment for segment in group.segments if segment.name == "TQ1"][:20]
    if not said:
        said = [part for tq1 in timed for part in tq1.parts(3)[:1]]
    said += [text for tq1 in timed for text in (tq1.get(10), tq1.get(11))]
    return "\n".join(dict.fromkeys(filter(None, said)))


def _quantity(segment: Segment | None, field: int) -> str:
    """An amount with its unit, which is in the next field."""
    if segment is None or not segment.get(field):
        return ""
    return short(f"{segment.get(field)} {values.worded(segment, field + 1)}")


def _refills(rxo: Segment | None, rxe: Segment | None) -> int | None:
    """How many are left: RXE-16, else those ordered less those filled (RXE-17)."""
    left = _whole(rxe.get(16)) if rxe else None
    if left is not None:
        return left
    ordered = _whole(rxe.get(12)) if rxe else None
    if ordered is None and rxo:
        ordered = _whole(rxo.get(13))
    filled = (_whole(rxe.get(17)) if rxe else None) or 0
    return max(ordered - filled, 0) if ordered is not None else None


def _days(group: Group) -> int | None:
    """The days of one supply: TQ1-6, else the duration in the timing of old senders."""
    tq1, rxe = group.first("TQ1"), group.first("RXE")
    count = _whole(tq1.get(6)) if tq1 else None
    each = UNITS.get(tq1.get(6, 2).lower()) if tq1 else None
    if count and each:
        return count * each
    timings = [(rxe, 1), (group.orc, 7)]
    for segment, field in timings:
        found = DURATION.match(segment.get(field, 3).upper()) if segment else None
        if found:
            return int(found[2]) * (7 if found[1] == "W" else 1)
    return None


def _bounds(case: Case, group: Group) -> tuple[datetime | None, datetime | None]:
    """From when until when: TQ1-7 and -8, else the timing of old senders."""
    tq1 = group.first("TQ1")
    places = [(tq1.get(7), tq1.get(8))] if tq1 else []
    for segment, field in ((group.first("RXE"), 1), (group.orc, 7)):
        if segment is not None:
            places.append((segment.get(field, 4), segment.get(field, 5)))
    for first, last in places:
        starts, ends = case.moment(first), case.moment(last)
        if starts or ends:
            return starts, ends
    return None, None


def _pharmacy(*places: tuple[Segment | None, int]) -> str:
    said = (values.worded(segment, field) for segment, field in places if segment)
    return short(next(filter(None, said), ""))


def _whole(text: str) -> int | None:
    return int(text) if WHOLE.match(text) else None
