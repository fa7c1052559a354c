"""VXU to records.PostImmunisation: one per RXA."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Literal

from contracts.records import PostImmunisation
from services.interop.hl7v2 import values
from services.interop.hl7v2.case import Case, number
from services.interop.hl7v2.reader import Segment
from services.interop.parcel import PENDING, Unusable
from services.interop.text import short, whole

Status = Literal["completed", "not-done", "wrong"]
NOT_DONE = frozenset({"RE", "NA"})
"""RXA-20 (table 0322): refused, not administered."""

DELETE = "D"
NO_VACCINE = "998"
"""CVX for "nothing was given": such an RXA only carries what is due."""


def immunisations(case: Case) -> Iterator[PostImmunisation]:
    """Every vaccination, also those that were not done. Raises Unusable for one without a vaccine."""
    found = case.all("RXA")
    if not found:
        raise Unusable("No RXA segment", code="100", where="RXA")
    seen: Counter[str] = Counter()
    orc: Segment | None = None
    for segment in case.message.segments:
        if segment.name == "ORC":
            orc = segment
        elif segment.name == "RXA" and segment.get(5) == NO_VACCINE:
            case.left["vaccination forecast"] += 1
        elif segment.name == "RXA":
            source = _source(case, orc, segment)
            seen[source] += 1
            again = f"#{seen[source]}" if seen[source] > 1 else ""
            yield _given(case, segment, whole(f"{source}{again}"))


def _source(case: Case, orc: Segment | None, rxa: Segment) -> str:
    """The filler's number, else the placer's; a series under one order is told apart by a count."""
    stated = number(orc, 3) or number(orc, 2)
    return stated or case.unnumbered("vaccination", rxa.get(3), rxa.get(5) or rxa.get(5, 4))


def _given(case: Case, rxa: Segment, source: str) -> PostImmunisation:
    codes = values.codings(rxa, 5)
    if not codes:
        raise Unusable("A vaccination without a vaccine", code="101", where="RXA")
    status: Status = "not-done" if rxa.get(20).upper() in NOT_DONE else "completed"
    if rxa.get(21).upper() == DELETE:
        status = "wrong"
    return PostImmunisation(
        patient=PENDING,
        sender=case.sender,
        source=source,
        recorded=case.moment(rxa.get(22)) or case.stated,
        removed=status == "wrong",
        codes=codes,
        given=case.moment(rxa.get(3)) if status == "completed" else None,
        status=status,
        lot=short(rxa.get(15)),
        note=values.worded(rxa, 18),
    )
