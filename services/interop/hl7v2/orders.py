"""ORM, OML and OMG to labs.PostOrder; an ORM of a medication to records.PostMedication."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from contracts.labs import PostOrder
from contracts.records import PostMedication
from services.interop.hl7v2 import values
from services.interop.hl7v2.case import MOST_SEGMENTS, Case, number
from services.interop.hl7v2.groups import Group, groups
from services.interop.hl7v2.medications import prescribed
from services.interop.hl7v2.providers import orderer
from services.interop.hl7v2.reader import Segment
from services.interop.hl7v2.report import numbers
from services.interop.parcel import PENDING, Unusable
from services.interop.text import digest, short

CANCELLED = frozenset({"CA", "OC", "CR", "DC", "OD", "DR", "UA"})
"""ORC-1 (table 0119): cancelled, discontinued, or not accepted, asked for or done."""

ENDED = frozenset({"CA", "DC"})
"""The same as a status (ORC-5, table 0038)."""


def orders(case: Case) -> Iterator[PostOrder | PostMedication]:
    """Every order of tests, one per OBR. Diets, supplies and the like are counted as left."""
    seen: Counter[str] = Counter()
    for group in groups(case.message):
        tests = [segment for segment in group.segments if segment.name == "OBR"]
        if len(tests) > MOST_SEGMENTS:
            raise Unusable("More orders in one message than can be taken", where="OBR")
        if group.first("RXO", "RXE"):
            yield prescribed(case, group)
        elif tests:
            for obr in tests:
                yield _order(case, group, obr, seen)
        elif _is_cancelled(group):
            yield _order(case, group, None, seen)
        else:
            case.left["other order"] += 1


def _order(case: Case, group: Group, obr: Segment | None, seen: Counter[str]) -> PostOrder:
    own = number(group.orc, 2) or number(obr, 2) or number(group.orc, 3) or number(obr, 3)
    if not own:
        raise Unusable("An order without a number", code="101", where="ORC")
    words = [short(one.text or one.code) for one in values.codings(obr, 4)] if obr else []
    cancelled = _is_cancelled(group)
    if not words and not cancelled:
        raise Unusable("An OBR without a test code", code="101", where="OBR")
    seen[own] += 1
    ordered = case.moment(obr.get(6)) if obr else None
    if ordered is None and group.orc is not None and not cancelled:
        ordered = case.moment(group.orc.get(9))
    return PostOrder(
        order=f"order.{digest(case.sender, case.patient_key, own, str(seen[own]), length=40)}",
        patient=PENDING,
        sender=case.sender,
        numbers=numbers(group.orc, obr),
        orderer=orderer(obr, group.orc),
        codes=tuple(dict.fromkeys(words)),
        ordered=ordered,
        stated=case.stated,
        cancelled=cancelled,
    )


def _is_cancelled(group: Group) -> bool:
    return group.control in CANCELLED or group.status in ENDED
