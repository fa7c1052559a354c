"""FHIR Condition, AllergyIntolerance, Immunization, Procedure and vital signs to records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from contracts.records import (
    Allergy,
    PostAllergies,
    PostImmunisation,
    PostProblem,
    PostProcedure,
    PostVitals,
    Reading,
)
from services.interop.fhir import values
from services.interop.fhir.bundle import Bundle
from services.interop.fhir.json import Json, codes, items, moment, strings, text
from services.interop.fhir.kinds import status_in
from services.interop.fhir.origin import concepts, notes, shorts, source_of, start_of
from services.interop.fhir.reports import is_vital
from services.interop.fhir.values import codings
from services.interop.fhir.whom import Subject
from services.interop.parcel import PENDING
from services.interop.text import short

WRONG = "entered-in-error"
NONE_KNOWN = frozenset({"716186003", "409137002", "429625007", "428607008", "1003774007"})
"""SNOMED CT: no known allergy, and none to drugs, food, the environment, latex. The code says which."""

PROBLEMS: dict[str, Literal["active", "inactive", "resolved"]] = {
    "active": "active", "recurrence": "active", "relapse": "active",
    "inactive": "inactive", "remission": "inactive", "resolved": "resolved",
}  # fmt: skip
SEVERITIES = ("severe", "moderate", "mild")
MOST_REACTIONS = 50
MOST_READINGS = 100


def problems(bundle: Bundle, subject: Subject) -> Iterator[PostProblem]:
    """R8. A refuted one was never there: it is taken back like one entered in error."""
    for one in bundle.all("Condition"):
        removed = status_in(one, "Condition", "verificationStatus") in (WRONG, "refuted")
        clinical = status_in(one, "Condition", "clinicalStatus")
        yield PostProblem(
            patient=PENDING,
            sender=subject.sender,
            source=source_of(bundle, one),
            recorded=moment(text(one, "recordedDate"), bundle.zone),
            removed=removed,
            codes=codings(one.get("code")),
            status="wrong" if removed else PROBLEMS.get(clinical, "unknown"),
            onset=moment(start_of(one, "onset"), bundle.zone),
            resolved=moment(start_of(one, "abatement"), bundle.zone),
            note=notes(one),
        )


def allergies(bundle: Bundle, subject: Subject) -> Iterator[PostAllergies]:
    """One at a time: a resource never says that these are all there are."""
    for one in bundle.all("AllergyIntolerance"):
        source = source_of(bundle, one)
        made = _allergy(bundle, one, source)
        yield PostAllergies(
            patient=PENDING,
            sender=subject.sender,
            source=source,
            recorded=moment(text(one, "recordedDate"), bundle.zone),
            removed=made.status == "wrong",
            allergies=(made,),
        )


def _allergy(bundle: Bundle, one: Json, source: str) -> Allergy:
    reactions = items(one, "reaction")
    grades = {text(reaction, "severity") for reaction in reactions}
    grade = next((grade for grade in SEVERITIES if grade in grades), "")
    risk = text(one, "criticality")
    manifested = [
        said.text or said.code
        for reaction in reactions
        for said in concepts(reaction.get("manifestation"))
    ]
    return Allergy(
        source=source,
        codes=codings(one.get("code")),
        none=any(code in NONE_KNOWN for _, code in codes(one, "code")),
        kind=short(", ".join(strings(one, "category")) or text(one, "type")),
        severity=short(", ".join(filter(None, (grade, f"{risk} criticality" if risk else "")))),
        reactions=shorts(*manifested)[:MOST_REACTIONS],
        onset=moment(start_of(one, "onset"), bundle.zone),
        status=_allergy_status(one),
    )


def _allergy_status(
    one: Json,
) -> Literal["active", "inactive", "resolved", "unconfirmed", "refuted", "wrong"]:
    verified = status_in(one, "AllergyIntolerance", "verificationStatus")
    clinical = status_in(one, "AllergyIntolerance", "clinicalStatus")
    if verified == WRONG:
        return "wrong"
    if verified == "refuted":
        return "refuted"
    if clinical == "resolved":
        return "resolved"
    if clinical == "inactive":
        return "inactive"
    return "unconfirmed" if verified in ("unconfirmed", "presumed") else "active"


def immunisations(bundle: Bundle, subject: Subject) -> Iterator[PostImmunisation]:
    """Vaccinations, also those that were not done, with the reason as their note."""
    states: dict[str, Literal["completed", "not-done", "wrong"]] = {
        "completed": "completed",
        "not-done": "not-done",
        WRONG: "wrong",
    }
    for one in bundle.all("Immunization"):
        status = states[text(one, "status")]
        reasons = (code.text for code in codings(one.get("statusReason")))
        yield PostImmunisation(
            patient=PENDING,
            sender=subject.sender,
            source=source_of(bundle, one),
            recorded=moment(text(one, "recorded"), bundle.zone),
            removed=status == "wrong",
            codes=codings(one.get("vaccineCode")),
            given=moment(text(one, "occurrenceDateTime"), bundle.zone),
            status=status,
            lot=short(text(one, "lotNumber")),
            note="\n".join(filter(None, (*reasons, notes(one)))),
        )


def procedures(bundle: Bundle, subject: Subject) -> Iterator[PostProcedure]:
    """Procedures with FHIR's own word for how far they are."""
    for one in bundle.all("Procedure"):
        yield PostProcedure(
            patient=PENDING,
            sender=subject.sender,
            source=source_of(bundle, one),
            removed=text(one, "status") == WRONG,
            codes=codings(one.get("code")),
            done=moment(start_of(one, "performed"), bundle.zone),
            status=text(one, "status"),
            note=notes(one),
        )


def vitals(bundle: Bundle, subject: Subject, reported: set[int]) -> Iterator[PostVitals]:
    """One per observation, unless a report has taken it; a blood pressure has two readings."""
    for one in bundle.all("Observation"):
        if id(one) in reported or not is_vital(one):
            continue
        status = values.status_of(one)
        made = values.observations([one], bundle.zone)
        yield PostVitals(
            patient=PENDING,
            sender=subject.sender,
            source=source_of(bundle, one),
            recorded=moment(text(one, "issued"), bundle.zone),
            removed=status == "wrong",
            taken=moment(values.effective(one), bundle.zone),
            status=status,
            readings=tuple(
                Reading(codes=part.codes, value=part.value, number=part.number, unit=part.unit)
                for part in made[:MOST_READINGS]
                if part.value
            ),
        )
