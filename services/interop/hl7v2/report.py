"""ORU and OUL to labs.PostReport: one per OBR, with its orderer, dates, specimen, values and notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from contracts.labs import Orderer, PostedObservation, PostReport, Status
from services.interop.hl7v2 import dates, values
from services.interop.hl7v2.case import MOST_SEGMENTS, Case, bare
from services.interop.hl7v2.providers import orderer
from services.interop.hl7v2.reader import Message, Segment
from services.interop.parcel import PENDING, Unusable
from services.interop.text import digest, short, slug


@dataclass(slots=True)
class Order:
    """One OBR with all that belongs to it, as the segments follow each other."""

    obr: Segment
    orc: Segment | None
    drafts: list[values.Draft] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    specimens: list[Segment] = field(default_factory=list)


def orders(message: Message) -> list[Order]:
    """The message's orders. Values in front of the first OBR describe the patient: left out.

    In an OUL the ORC follows its OBR, and a specimen in front of the first OBR stands above all the
    OBRs up to the next specimen; values right under it describe the specimen: left out too.
    """
    names = [segment.name for segment in message.segments]
    first = names.index("OBR") if "OBR" in names else len(names)
    by_specimen = message.header.kind.startswith("OUL")
    orc_follows = by_specimen and "ORC" not in names[:first]
    above_all = by_specimen and "SPM" in names[:first]
    found: list[Order] = []
    orc: Segment | None = None
    above: list[str] = []
    specimens: list[Segment] = []
    target: list[str] | None = None
    open_order = False
    for segment in message.segments:
        if segment.name == "ORC" and orc_follows and found:
            found[-1].orc = found[-1].orc or segment
        elif segment.name == "ORC":
            orc, above = segment, []
            target = above
        elif segment.name == "OBR":
            found.append(Order(obr=segment, orc=orc, notes=above, specimens=list(specimens)))
            orc, above, target, open_order = None, [], found[-1].notes, True
        elif segment.name == "SPM" and above_all:
            specimens = [segment] if open_order else [*specimens, segment]
            open_order, target = False, None
        elif segment.name == "SPM" and found:
            found[-1].specimens.append(segment)
            target = found[-1].notes
        elif segment.name == "OBX" and open_order:
            found[-1].drafts.append(values.Draft(segment))
            target = found[-1].drafts[-1].notes
        elif segment.name == "NTE" and target is not None:
            target.append(_note(segment))
        elif segment.name in ("PID", "PV1"):
            target = None
    return found


def _note(nte: Segment) -> str:
    return "\n".join(nte.text(3, n + 1) for n in range(nte.repetitions(3)))


def reports(case: Case) -> Iterator[PostReport]:
    """Every order of an ORU or OUL as a command with patient `PENDING`.

    Raises Unusable without any OBR, without an order number or a test code.
    """
    found = orders(case.message)
    if not found:
        raise Unusable("No OBR segment", code="100", where="OBR")
    if len(found) > MOST_SEGMENTS:
        raise Unusable("More orders in one message than can be taken", where="OBR")
    seen: Counter[tuple[str, str]] = Counter()
    stated: dict[str, Orderer] = {}
    for order in found:
        number, code = _order_number(order), _test_code(order.obr)
        if not code:
            raise Unusable("An OBR without a test code", code="101", where="OBR")
        number = number or _stand_in(order, case)
        seen[number, code] += 1
        id = report_id(case.sender, number, code, seen[number, code])
        own = orderer(order.obr, order.orc)
        if own.ids or own.name or number not in stated:
            stated[number] = own
        yield _report(id, case, order, stated[number])


def _order_number(order: Order) -> str:
    """Filler before placer, OBR before ORC: number and who gave it, '' when none is stated."""
    for where in (3, 2):
        for segment in (order.obr, order.orc):
            if segment is not None and segment.get(where):
                return "^".join(segment.parts(where))
    return ""


def _stand_in(order: Order, case: Case) -> str:
    """Without any order number: patient, test and collection time tell an order apart."""
    collected = _collected(order, case.read_in)
    if collected is None:
        raise Unusable("An order without number or collection time", code="101", where="OBR")
    return f"at-{digest(case.patient_key, collected.isoformat())}"


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


def _report(id: str, case: Case, order: Order, ordered_by: Orderer) -> PostReport:
    obr = order.obr
    made = values.observations(order.drafts, obr.get(25), case.read_in)
    ordered = case.moment(obr.get(6))
    if ordered is None and order.orc is not None:
        ordered = case.moment(order.orc.get(9))
    return PostReport(
        report=id,
        patient=PENDING,
        sender=case.sender,
        orderer=ordered_by,
        ordered=ordered,
        acquired=_collected(order, case.read_in),
        reported=case.moment(obr.get(22)) or case.stated,
        codes=values.codings(obr, 4),
        section=short(obr.get(24)),
        specimen=_specimen(order),
        status=_status(order, made),
        observations=made,
        note="\n".join(order.notes).strip("\n"),
        numbers=numbers(order.orc, obr),
        stated=case.stated,
    )


def numbers(orc: Segment | None, obr: Segment | None) -> tuple[str, ...]:
    """Filler and placer numbers of an order, by which it and its result are found together."""
    places = ((obr, 3), (orc, 3), (obr, 2), (orc, 2))
    found = (bare(segment, field) for segment, field in places)
    return tuple(dict.fromkeys(filter(None, found)))
