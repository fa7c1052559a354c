"""What a patient sees of a report, made from what was posted, judged and verified. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from services.labs.events.report import (
    ReportPosted,
    ReportVerified,
    ResultCorrecting,
    ResultShown,
)
from services.labs.shapes import Code, Judgement, Observation, ShownValue

_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_BETWEEN = re.compile(rf"^\s*\(?({_NUMBER})\s*(?:-|–|to)\s*({_NUMBER})")
_BELOW = re.compile(rf"^\s*(?:<=?|≤|up to|less than)\s*({_NUMBER})", re.IGNORECASE)
_ABOVE = re.compile(rf"^\s*(?:>=?|≥|over|greater than|more than)\s*({_NUMBER})", re.IGNORECASE)
NO_VALUE = "could not be obtained"
NO_NAME = "Laboratory result"
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def bounds(range_text: str) -> tuple[float | None, float | None]:
    """The low and high end of a reference range as text (`3.5-5.1`, `<5`, `>= 60`), where readable."""
    if found := _BETWEEN.match(range_text):
        return float(found[1]), float(found[2])
    if found := _BELOW.match(range_text):
        return None, float(found[1])
    if found := _ABOVE.match(range_text):
        return float(found[1]), None
    return None, None


def name_of(codes: tuple[Code, ...]) -> str:
    """What to call a test: its first text, else its first code."""
    texts = (*(c.text for c in codes), *(c.code for c in codes))
    return next((text.strip() for text in texts if text.strip()), "")


def report_name(posted: ReportPosted) -> str:
    """What to call a report: its order, else its first value."""
    first = (name_of(o.codes) for o in posted.observations)
    return name_of(posted.codes) or next((name for name in first if name), NO_NAME)


def test_of(observation: Observation) -> str:
    """What makes two values the same test in a trend: their LOINC number, else their local code."""
    loinc = next((c.code for c in observation.codes if c.system == "loinc" and c.code), "")
    if loinc:
        return loinc
    return next((f"{c.system}|{c.code or c.text.lower()}" for c in observation.codes), "")


def shown(
    posted: ReportPosted, judgement: Judgement, verified: frozenset[str], last: ReportVerified
) -> ResultShown | None:
    """Every value that is verified and released, or None when there is none (R19, R30)."""
    if posted.status == "wrong":
        return None
    rulings = {v.key: v for v in judgement.values}
    visible = [
        _value(o, rulings[o.key].hide_note)
        for o in posted.observations
        if o.key in verified
        and o.status != "wrong"
        and o.key in rulings
        and rulings[o.key].ruling.verdict == "release"
    ]
    if not visible:
        return None
    return ResultShown(
        report=posted.report,
        patient=posted.patient,
        # Its order's name, or that of a value which may be seen: never that of a hidden one (R30).
        name=name_of(posted.codes) or visible[0].name,
        acquired=posted.acquired,
        reported=posted.reported,
        verified=last.at,
        verified_by=last.by_name,
        ordered_by=judgement.ordered_by,
        abnormal=any(v.flag for v in visible),
        values=tuple(visible),
        note="" if judgement.hide_note else posted.note,
    )


def correcting(
    before: ResultShown | ResultCorrecting | None, posted: ReportPosted, judgement: Judgement
) -> ResultCorrecting | None:
    """The row without values that stands for a withdrawn result; None if nothing was visible, and
    when nothing can become so: its values are blocked or held by now (R30).

    The collection time is the corrected one, so that the age gate judges by it at once (R54).
    """
    rulings = [judgement.ruling(o.key) for o in posted.observations] or [judgement.order]
    if before is None or all(ruling.verdict != "release" for ruling in rulings):
        return None
    return ResultCorrecting(
        report=before.report,
        patient=before.patient,
        # Never the name of a value: it may be hidden by now.
        name=name_of(posted.codes) or NO_NAME,
        acquired=posted.acquired,
        reported=posted.reported,
        verified=before.verified,
        verified_by=before.verified_by,
        ordered_by=before.ordered_by,
    )


def row(sees: ResultShown | ResultCorrecting | None) -> Any:
    """What makes a difference to the patient. When it was reported or verified last does not: that
    may have been of a value that is hidden, and must not make the others new (R30).
    """
    if sees is None:
        return None
    return replace(sees, reported=NEVER, verified=NEVER, verified_by="", open=True)


def _value(observation: Observation, hide_note: bool) -> ShownValue:
    low, high = bounds(observation.range_text)
    missing = observation.status == "cannot-obtain" and not observation.value
    return ShownValue(
        key=observation.key,
        test=test_of(observation),
        name=name_of(observation.codes) or "Result",
        value=NO_VALUE if missing else observation.value,
        number=observation.number,
        unit=observation.unit,
        range_text=observation.range_text,
        low=low,
        high=high,
        flag=observation.flag,
        status=observation.status,
        note="" if hide_note else observation.note,
    )
