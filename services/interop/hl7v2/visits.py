"""ADT to scheduling.PostVisit: what PV1 says of the visit."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.scheduling import PostVisit, VisitState
from services.interop.hl7v2 import values
from services.interop.hl7v2.case import Case, number
from services.interop.hl7v2.providers import people
from services.interop.hl7v2.reader import Segment
from services.interop.parcel import PENDING
from services.interop.text import short

STATES: dict[str, VisitState] = {
    "A01": "admitted", "A03": "discharged", "A04": "arrived", "A08": "changed", "A11": "cancelled",
    "A13": "admitted",
}  # fmt: skip
"""Events that state a visit. A11 takes an arrival back, A13 a discharge."""


def visits(case: Case) -> Iterator[PostVisit]:
    """The visit of an ADT, where its event states one and PV1 tells which.

    One without visit number and admission time could never be found again: it is counted as left,
    unless the event is about the person (A08).
    """
    pv1, state = case.message.first("PV1"), STATES.get(case.event)
    if pv1 is None or state is None:
        return
    source = _source(case, pv1)
    if not source:
        if case.event != "A08":
            case.left["visit without number"] += 1
        return
    evn, pv2 = case.message.first("EVN"), case.message.first("PV2")
    providers, names = people((pv1, 7), (pv1, 9))
    yield PostVisit(
        patient=PENDING,
        sender=case.sender,
        source=source,
        stated=case.stated,
        trigger=f"ADT^{case.event}",
        state=state,
        starts=case.moment(pv1.get(44)) or (case.moment(evn.get(6)) if evn else None),
        ends=case.moment(pv1.get(45)),
        reasons=values.codings(pv2, 3) if pv2 else (),
        kind=values.codings(pv1, 2) + values.codings(pv1, 10),
        providers=providers,
        provider_names=names,
        place=place(pv1, 3),
    )


def _source(case: Case, pv1: Segment) -> str:
    """The visit number, else the alternate one, else (not for an A08) the time of admission."""
    stated = number(pv1, 19) or number(pv1, 50)
    admitted = case.moment(pv1.get(44))
    if stated or case.event == "A08" or admitted is None:
        return stated
    return case.unnumbered("visit", admitted.isoformat())


def place(segment: Segment, field: int) -> str:
    """A location (PL) in words: its description, else facility, building, unit, room and bed."""
    described = segment.get(field, 9)
    parts = (segment.get(field, part) for part in (4, 7, 1, 2, 3))
    return short(described or ", ".join(dict.fromkeys(filter(None, parts))))
