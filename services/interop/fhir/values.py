"""FHIR Observation to values: status, number, unit, range, flag, notes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any

from contracts.labs import Coding, Flag, PostedObservation, Status
from services.interop.fhir.json import Json, at, codes, items, moment, text
from services.interop.parcel import Unusable
from services.interop.text import short

STATUSES: dict[str, Status] = {
    "registered": "preliminary",
    "partial": "preliminary",
    "preliminary": "preliminary",
    "unknown": "preliminary",
    "final": "final",
    "amended": "corrected",
    "corrected": "corrected",
    "appended": "corrected",
    "cancelled": "cannot-obtain",
    "entered-in-error": "wrong",
}
"""The codes of Observation.status and DiagnosticReport.status. The models accept any word."""

FLAGS: dict[str, Flag] = {
    "LL": "critical-low", "HH": "critical-high", "AA": "critical", "L": "low", "LU": "low",
    "<": "low", "H": "high", "HU": "high", ">": "high", "A": "abnormal",
}  # fmt: skip
SEVERITY: tuple[Flag, ...] = (
    "critical", "critical-low", "critical-high", "low", "high", "abnormal", "",
)  # fmt: skip

LOINC = "http://loinc.org"
PLAIN_DIGITS = 30
ABSENT = "Not available"


def status_of(resource: Json) -> Status:
    """A report's or an observation's status. Raises Unusable for a word that FHIR does not know."""
    found = STATUSES.get(text(resource, "status"))
    if found is None:
        raise Unusable("A status that FHIR does not know", code="103")
    return found


def codings(concept: Any) -> tuple[Coding, ...]:
    """A CodeableConcept's codes as given; its text alone when it has none."""
    said = text(concept, "text")
    found = tuple(
        Coding(
            system="loinc" if text(one, "system") == LOINC else short(text(one, "system")),
            code=short(text(one, "code")),
            text=short(text(one, "display") or said, 500),
        )
        for one in items(concept, "coding")
        if text(one, "code") or text(one, "display")
    )
    return found or ((Coding(text=short(said, 500)),) if said else ())


def observations(resources: list[Json], zone: tzinfo) -> tuple[PostedObservation, ...]:
    """The values of one report, each with its own key; components become values of their own."""
    found: dict[str, PostedObservation] = {}
    seen: Counter[str] = Counter()
    for resource in resources:
        for made in _values(resource, zone):
            key = made.key
            while key in found:
                seen[made.key] += 1
                key = f"{made.key}#{seen[made.key] + 1}"
            found[key] = made.model_copy(update={"key": key})
    return tuple(found.values())


def _values(resource: Json, zone: tzinfo) -> Iterator[PostedObservation]:
    status, observed = status_of(resource), moment(effective(resource), zone)
    outer = codings(at(resource, "code"))
    components = items(resource, "component")
    if not components or _value(resource)[0]:
        yield _observation(resource, resource, _code(outer), outer, status, observed)
    for component in components:
        inner = codings(at(component, "code"))
        key = f"{_code(outer)}/{_code(inner)}"
        yield _observation(component, resource, key, inner, status, observed)


def _code(found: tuple[Coding, ...]) -> str:
    return (found[0].code or found[0].text if found else "") or "uncoded"


def _observation(
    part: Json,
    whole: Json,
    key: str,
    coded: tuple[Coding, ...],
    status: Status,
    observed: datetime | None,
) -> PostedObservation:
    value, number, unit = _value(part)
    notes = [text(one, "text") for one in items(whole, "note")]
    absent = at(part, "dataAbsentReason")
    if absent is not None and not value:
        notes.append(text(absent, "text") or text(absent, "coding", 0, "display") or ABSENT)
    range_text = _range(part)
    if len(range_text) > 200:
        notes.append(f"Reference range: {range_text}")
    return PostedObservation(
        key=short(key, 180),
        codes=coded,
        value=value,
        number=number,
        unit=short(unit),
        range_text=short(range_text),
        flag=flag_of(part),
        status=status,
        note="\n".join(note for note in notes if note),
        observed=observed,
    )


def effective(resource: Json) -> str:
    """The clinically relevant time as written: dateTime, instant, or a period's start."""
    return (
        text(resource, "effectiveDateTime")
        or text(resource, "effectiveInstant")
        or text(resource, "effectivePeriod", "start")
    )


def flag_of(part: Json) -> Flag:
    """The gravest interpretation; normal and unknown ones say nothing."""
    found = [FLAGS.get(code, "") for _, code in codes(part, "interpretation")]
    return min(found, key=SEVERITY.index, default="")


def _value(part: Json) -> tuple[str, float | None, str]:
    """(text, number if it is one, unit) of whichever value[x] there is; all empty without one."""
    if isinstance(at(part, "valueQuantity"), dict):
        return _quantity(at(part, "valueQuantity"))
    concept = at(part, "valueCodeableConcept")
    if isinstance(concept, dict):
        return text(concept, "text") or _shown(concept), None, ""
    for name in ("valueString", "valueDateTime", "valueTime"):
        if said := text(part, name):
            return said, None, ""
    yes = at(part, "valueBoolean")
    if isinstance(yes, bool):
        return ("yes" if yes else "no"), None, ""
    whole = at(part, "valueInteger")
    if isinstance(whole, int):
        return plain(whole), _finite(whole), ""
    return _compound(part), None, ""


def _compound(part: Json) -> str:
    low, high = at(part, "valueRange", "low"), at(part, "valueRange", "high")
    if low is not None or high is not None:
        return f"{worded(low)} - {worded(high)}".strip(" -")
    above, below = at(part, "valueRatio", "numerator"), at(part, "valueRatio", "denominator")
    if above is not None or below is not None:
        return f"{worded(above)} : {worded(below)}"
    period = text(part, "valuePeriod", "start"), text(part, "valuePeriod", "end")
    if any(period):
        return " - ".join(period).strip(" -")
    return "recorded curve" if at(part, "valueSampledData") is not None else ""


def _shown(concept: Json) -> str:
    return text(concept, "coding", 0, "display") or text(concept, "coding", 0, "code")


def _quantity(quantity: Json) -> tuple[str, float | None, str]:
    unit = text(quantity, "unit") or text(quantity, "code")
    value, comparator = at(quantity, "value"), text(quantity, "comparator")
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return "", None, unit
    return f"{comparator}{plain(value)}", None if comparator else _finite(value), unit


def worded(quantity: Any) -> str:
    """A Quantity as it is read: comparator, digits as written, unit."""
    value, _, unit = _quantity(quantity if isinstance(quantity, dict) else {})
    return f"{value} {unit}".strip()


def plain(value: int | Decimal) -> str:
    """The digits as written, without an exponent unless it is an absurd one."""
    number = Decimal(value)
    return f"{number:f}" if abs(number.adjusted()) < PLAIN_DIGITS else f"{number:.10e}"


def _finite(value: int | Decimal) -> float | None:
    number = float(Decimal(value))
    return number if math.isfinite(number) else None


def _range(part: Json) -> str:
    """The reference ranges as text; the sender's own words first."""
    said = []
    for one in items(part, "referenceRange"):
        low, high = worded(at(one, "low")), worded(at(one, "high"))
        between = f"{low} - {high}" if low and high else (f">= {low}" if low else f"<= {high}")
        said.append(text(one, "text") or (between if low or high else ""))
    return "; ".join(filter(None, said))
