"""ORU to labs.PostReport: one per OBR, with its orderer, dates, specimen, values and notes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from contracts.labs import Orderer, PostedObservation, PostReport, Status
from services.interop.hl7v2 import dates, values
from services.interop.hl7v2.reader import Message, Segment
from services.interop.parcel import PENDING, Unusable
from services.interop.text import digest, short, slug

MOST_REPORTS = 500
"""Orders in one message. More than that is no result message but a dump."""


@dataclass(slots=True)
class Order:
    """One OBR with all that belongs to it, as the segments follow each other."""

    obr: Segment
    orc: Segment | None
    drafts: list[values.Draft] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    specimens: list[Segment] = field(default_factory=list)


def orders(message: Message) -> list[Order]:
    """The message's orders. Values in front of the first OBR describe the patient: left out."""
    found: list[Order] = []
    orc: Segment | None = None
    above: list[str] = []
    target: list[str] | None = None
    for segment in message.segments:
        if segment.name == "ORC":
            orc, above, target = segment, [], None
            target = above
        elif segment.name == "OBR":
            found.append(Order(obr=segment, orc=orc, notes=above))
            orc, above, target = None, [], found[-1].notes
        elif segment.name == "OBX" and found:
            found[-1].drafts.append(values.Draft(segment))
            target = found[-1].drafts[-1].notes
        elif segment.name == "SPM" and found:
            found[-1].specimens.append(segment)
            target = found[-1].notes
        elif segment.name == "NTE" and target is not None:
            target.append(_note(segment))
        elif segment.name in ("PID", "PV1"):
            target = None
    return found


def _note(nte: Segment) -> str:
    return "\n".join(nte.text(3, n + 1) for n in range(nte.repetitions(3)))


def reports(
    message: Message, patient_key: str, received: datetime, read_in: dates.Zones
) -> tuple[PostReport, ...]:
    """Every order of an ORU as a command with patient `PENDING`.

    `patient_key` (authority and number) makes an id only where the sender gave no order number.
    Raises Unusable without any OBR, without an order number or a test code.
    """
    found = orders(message)
    if not found:
        raise Unusable("No OBR segment", code="100", where="OBR")
    if len(found) > MOST_REPORTS:
        raise Unusable("More orders in one message than can be taken", where="OBR")
    seen: Counter[tuple[str, str]] = Counter()
    stated: dict[str, Orderer] = {}
    made = []
    for order in found:
        number, code = _order_number(order), _test_code(order.obr)
        if not code:
            raise Unusable("An OBR without a test code", code="101", where="OBR")
        number = number or _stand_in(order, patient_key, read_in)
        seen[number, code] += 1
        occurrence = seen[number, code]
        stated.setdefault(number, Orderer())
        own = orderer(order.obr, order.orc)
        if own.ids or own.name:
            stated[number] = own
        made.append(
            _report(message, order, stated[number], read_in, received).model_copy(
                update={"report": report_id(message.header.sender, number, code, occurrence)}
            )
        )
    return tuple(made)


def _order_number(order: Order) -> str:
    """Filler before placer, OBR before ORC: number and who gave it, '' when none is stated."""
    for where in (3, 2):
        for segment in (order.obr, order.orc):
            if segment is not None and segment.get(where):
                return "^".join(segment.parts(where))
    return ""


def _stand_in(order: Order, patient_key: str, read_in: dates.Zones) -> str:
    """Without any order number: patient, test and collection time tell an order apart."""
    collected = _collected(order, read_in)
    if collected is None:
        raise Unusable("An order without number or collection time", code="101", where="OBR")
    return f"at-{digest(patient_key, collected.isoformat())}"


def _test_code(obr: Segment) -> str:
    return next(filter(None, (obr.get(4, part) for part in (1, 4, 2, 5, 9))), "")


def report_id(sender: str, number: str, code: str, occurrence: int) -> str:
    """Stable for every version of one order (P, F, C share the filler number).

    Several OBRs may share a filler number, so the test code is part of it, and a count where the
    same code comes again. At most 64 characters.
    """
    mark = digest(sender.lower(), number.lower(), code.lower())
    first = number.split("^")[0]
    again = f".{occurrence}" if occurrence > 1 else ""
    return f"{slug(sender, 14)}.{slug(first, 16)}-{mark}.{slug(code, 12)}{again}"


def orderer(obr: Segment, orc: Segment | None) -> Orderer:
    """OBR-16, else ORC-12 (R20). A name without a number in OBR-16 takes the number from ORC-12
    when that names the same person. MSH-4 and OBR-32 are never the orderer.
    """
    first = _xcn(obr, 16)
    second = _xcn(orc, 12) if orc is not None else Orderer()
    if first.ids:
        return first
    if second.ids and (not first.name or _family(first) == _family(second)):
        return Orderer(ids=second.ids, name=first.name or second.name)
    return first if first.name else second


def _family(one: Orderer) -> str:
    return one.name.split(",")[0].strip().lower()


def _xcn(segment: Segment, where: int) -> Orderer:
    """All the numbers of one person: repetitions of another name are somebody else."""
    ids: list[str] = []
    name = ""
    for n in range(1, segment.repetitions(where) + 1):
        family, given = segment.get(where, 2, n), segment.get(where, 3, n)
        own = short(", ".join(part for part in (family, given) if part))
        if name and own and own.lower() != name.lower():
            continue
        name = name or own
        number = short(segment.get(where, 1, n))
        if number and number not in ids:
            ids.append(number)
    return Orderer(ids=tuple(ids[:20]), name=name)


def _collected(order: Order, read_in: dates.Zones) -> datetime | None:
    """R54: when the sample was taken. OBR-7, else SPM-17; never OBX-14, OBR-14 or OBR-22."""
    stamps = [order.obr.get(7), *(specimen.get(17, 1) for specimen in order.specimens)]
    return next(filter(None, (dates.acquired(text, read_in) for text in stamps)), None)


def _specimen(order: Order) -> str:
    """SPM-4 (code, text, alternates) and OBR-15 with its site, since either may tell tissue."""
    said: list[str] = []
    for spm in order.specimens:
        said += [spm.get(4, part) for part in (1, 2, 4, 5, 9)]
    said += [part for n in range(order.obr.repetitions(15)) for part in order.obr.parts(15, n + 1)]
    return short(" ".join(dict.fromkeys(part for part in said if part)))


def _status(order: Order, made: tuple[PostedObservation, ...]) -> Status:
    """The report's status from its values; OBR-25 can only make it more cautious."""
    stated = order.obr.get(25).upper()
    if not made:
        return values.OBR_STATUS.get(stated, "preliminary")
    kinds = {one.status for one in made}
    if kinds == {"wrong"}:
        return "wrong"
    if kinds == {"cannot-obtain"}:
        return "cannot-obtain"
    if kinds & {"corrected", "wrong"} or values.OBR_STATUS.get(stated) == "corrected":
        return "corrected"
    if "preliminary" in kinds or (stated and stated not in values.OBR_STATUS):
        return "preliminary"
    return "final"


def _report(
    message: Message, order: Order, ordered_by: Orderer, read_in: dates.Zones, received: datetime
) -> PostReport:
    obr = order.obr
    made = values.observations(order.drafts, obr.get(25), read_in)
    ordered = dates.moment(obr.get(6), read_in)
    if ordered is None and order.orc is not None:
        ordered = dates.moment(order.orc.get(9), read_in)
    return PostReport(
        report=PENDING,
        patient=PENDING,
        sender=message.header.sender,
        orderer=ordered_by,
        ordered=ordered,
        acquired=_collected(order, read_in),
        reported=dates.moment(obr.get(22), read_in)
        or dates.moment(message.segments[0].get(7), read_in)
        or received,
        codes=values.codings(obr, 4),
        section=short(obr.get(24)),
        specimen=_specimen(order),
        status=_status(order, made),
        observations=made,
        note="\n".join(order.notes).strip("\n"),
    )
