"""PRB and DG1 to records.PostProblem, PR1 to records.PostProcedure (R8)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from contracts.labs import Coding
from contracts.records import PostProblem, PostProcedure
from services.interop.hl7v2 import values
from services.interop.hl7v2.case import Case, number
from services.interop.hl7v2.reader import Segment
from services.interop.parcel import PENDING, Unusable
from services.interop.text import short

Status = Literal["active", "inactive", "resolved", "wrong", "unknown"]
STATUSES: dict[str, Status] = {
    "active": "active", "a": "active", "recurrence": "active", "relapse": "active",
    "inactive": "inactive", "i": "inactive", "remission": "inactive",
    "resolved": "resolved", "r": "resolved", "closed": "resolved",
}  # fmt: skip
DELETE = frozenset({"D", "DE", "DELETE"})
DIAGNOSES = {"A": "Admitting diagnosis", "W": "Working diagnosis"}
"""DG1-6, where it says that nobody has decided yet."""


def problems(case: Case) -> Iterator[PostProblem]:
    """Every PRB of a PPR. Raises Unusable without any, or for one without a code."""
    found = case.all("PRB")
    if not found:
        raise Unusable("No PRB segment", code="100", where="PRB")
    notes = _notes(case)
    for prb in found:
        codes = values.codings(prb, 3)
        source = number(prb, 4) or case.unnumbered("problem", *prb.parts(3))
        removed = case.event == "PC3" or prb.get(1).upper() in DELETE
        if not codes and not number(prb, 4):
            raise Unusable("A problem without a code", code="101", where="PRB")
        resolved = case.moment(prb.get(9))
        yield PostProblem(
            patient=PENDING,
            sender=case.sender,
            source=source,
            recorded=case.moment(prb.get(2)) or case.stated,
            removed=removed,
            codes=codes,
            status="wrong" if removed else _status(prb, resolved is not None),
            onset=case.moment(prb.get(16)),
            resolved=resolved,
            note="\n".join(notes.get(id(prb), ())),
        )


def _status(prb: Segment, has_ended: bool) -> Status:
    """PRB-14 in words or letters; some senders write it into PRB-13."""
    for field in (14, 13):
        for part in (1, 2):
            if (said := prb.get(field, part).lower()) in STATUSES:
                return STATUSES[said]
    return "resolved" if has_ended else "unknown"


def _notes(case: Case) -> dict[int, list[str]]:
    """The notes right under each problem, by the problem's segment."""
    found: dict[int, list[str]] = {}
    under: list[str] | None = None
    for segment in case.message.segments:
        if segment.name == "PRB":
            under = found.setdefault(id(segment), [])
        elif segment.name == "NTE" and under is not None:
            under += [segment.text(3, n + 1) for n in range(segment.repetitions(3))]
        else:
            under = None
    return found


def diagnoses(case: Case) -> Iterator[PostProblem]:
    """Every DG1 that says something. Whether it still holds, it does not say."""
    for dg1 in case.all("DG1"):
        codes = _named(dg1, 3, 4)
        if not codes:
            continue
        removed = dg1.get(21).upper() in DELETE
        yield PostProblem(
            patient=PENDING,
            sender=case.sender,
            source=number(dg1, 20) or case.unnumbered("diagnosis", _visit(case), *_words(codes)),
            recorded=case.moment(dg1.get(5)) or case.stated,
            removed=removed,
            codes=codes,
            status="wrong" if removed else "unknown",
            note=DIAGNOSES.get(dg1.get(6).upper(), ""),
        )


def procedures(case: Case) -> Iterator[PostProcedure]:
    """Every PR1 that says something."""
    for pr1 in case.all("PR1"):
        codes = _named(pr1, 3, 4)
        if not codes:
            continue
        yield PostProcedure(
            patient=PENDING,
            sender=case.sender,
            source=number(pr1, 19) or case.unnumbered("procedure", pr1.get(5), *_words(codes)),
            recorded=case.stated,
            removed=pr1.get(20).upper() in DELETE,
            codes=codes,
            done=case.moment(pr1.get(5)),
        )


def _named(segment: Segment, coded: int, described: int) -> tuple[Coding, ...]:
    """The code, with the description of old senders (to 2.3) where the code has no text.

    Field 2 is then the coding method of a code that names no system itself.
    """
    method, text = short(segment.get(coded - 1)), short(segment.get(described), 500)
    codes = values.codings(segment, coded)
    if not codes:
        return (Coding(text=text),) if text else ()
    first = codes[0]
    if first.text and first.system:
        return codes
    whole = Coding(system=first.system or method, code=first.code, text=first.text or text)
    return (whole, *codes[1:])


def _words(codes: tuple[Coding, ...]) -> list[str]:
    return [codes[0].code or codes[0].text]


def _visit(case: Case) -> str:
    return number(case.message.first("PV1"), 19)
