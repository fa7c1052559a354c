"""AL1 and IAM to records.PostAllergies (R9)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from contracts.labs import Coding
from contracts.records import Allergy, PostAllergies
from services.interop.hl7v2 import values
from services.interop.hl7v2.case import Case, number
from services.interop.hl7v2.reader import Segment
from services.interop.parcel import PENDING, Unusable
from services.interop.text import short

MOST = 200
NONE_CODES = frozenset(
    {"716186003", "409137002", "429625007", "428607008", "1003774007", "NKA", "NKDA"}
)
NONE_WORDS = re.compile(r"\bno known\b.{0,40}\ballerg|^nkd?a$", re.IGNORECASE)
"""Statements that there is none, which differs from saying nothing (R9). The code says of what."""

Status = Literal["active", "inactive", "resolved", "unconfirmed", "refuted", "wrong"]
STATUSES: dict[str, Status] = {
    "C": "active", "I": "inactive", "E": "wrong",
    "U": "unconfirmed", "P": "unconfirmed", "S": "unconfirmed", "D": "unconfirmed",
}  # fmt: skip
"""Table 0438 (IAM-17)."""

DELETE, SNAPSHOT, UNCHANGED = "D", "S", "X"
ALLERGIES_ONLY = "A60"


def allergies(case: Case) -> Iterator[PostAllergies]:
    """The list of the AL1 segments or of an IAM snapshot; other IAMs one by one, by their action.

    AL1 has no action code: such segments are, all together, what there is (HL7 2.5, 2.10.4).
    """
    stated = [_stated(case, al1, "") for al1 in case.all("AL1", MOST) if _says(al1)]
    for iam in case.all("IAM", MOST):
        action = iam.get(6).upper()
        is_empty = not _says(iam) and not number(iam, 7)
        if is_empty and case.event == ALLERGIES_ONLY:
            raise Unusable("An allergy without a code", code="101", where="IAM")
        if is_empty or action == UNCHANGED:
            continue
        source = _source(case, iam)
        if action == SNAPSHOT:
            stated.append(_stated(case, iam, source))
        else:
            yield _one(case, iam, source, removed=action == DELETE)
    if len(stated) > MOST:
        raise Unusable("More allergies in one message than can be taken", where="IAM")
    if stated:
        yield PostAllergies(
            patient=PENDING,
            sender=case.sender,
            source=case.unnumbered("allergies"),
            recorded=case.stated,
            whole=True,
            allergies=tuple(stated),
        )


def _says(segment: Segment) -> bool:
    return bool(values.codings(segment, 3))


def _source(case: Case, iam: Segment) -> str:
    """IAM-7, else (an old sender) by what it is about."""
    return number(iam, 7) or case.unnumbered("allergy", *iam.parts(3))


def _one(case: Case, iam: Segment, source: str, *, removed: bool) -> PostAllergies:
    made = _stated(case, iam, source)
    return PostAllergies(
        patient=PENDING,
        sender=case.sender,
        source=source,
        recorded=case.moment(iam.get(13)) or case.stated,
        removed=removed or made.status == "wrong",
        allergies=(made.model_copy(update={"status": "wrong"}) if removed else made,),
    )


def _stated(case: Case, segment: Segment, source: str) -> Allergy:
    """One AL1 or IAM: they share fields 2 to 5."""
    is_iam = segment.name == "IAM"
    codes = values.codings(segment, 3)
    reactions = (short(values.worded(segment, 5, n + 1)) for n in range(segment.repetitions(5)))
    return Allergy(
        source=source,
        codes=codes,
        none=any(_denies(code) for code in codes),
        kind=short(values.worded(segment, 2)),
        severity=short(values.worded(segment, 4)),
        reactions=tuple(filter(None, reactions))[:50],
        onset=case.moment(segment.get(11)) if is_iam else None,
        status=STATUSES.get(segment.get(17).upper(), "active") if is_iam else "active",
    )


def _denies(code: Coding) -> bool:
    return code.code in NONE_CODES or bool(NONE_WORDS.search(code.text))
