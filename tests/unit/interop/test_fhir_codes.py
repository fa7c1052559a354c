"""Status codes of every kind of resource that is taken: only R4's own words."""

from __future__ import annotations

import pytest

from services.interop.fhir.kinds import CODES, CONCEPTS, OPTIONAL
from tests.unit.interop.fhir_samples import (
    OWN,
    PATIENT,
    REPORT,
    VALUE,
    Json,
    allergy,
    bundle,
    coded,
    of_patient,
    prescription,
    problem,
    refused,
    status,
    taken,
)

SAMPLES: dict[str, Json] = {
    "DiagnosticReport": REPORT | {"result": []},
    "Observation": VALUE,
    "ServiceRequest": of_patient("ServiceRequest", status="active", intent="order"),
    "MedicationRequest": prescription(),
    "MedicationDispense": of_patient(
        "MedicationDispense", status="completed", medicationCodeableConcept=coded("1")
    ),
    "Immunization": {
        "resourceType": "Immunization", "id": "x", "patient": OWN, "status": "completed",
        "vaccineCode": coded("140"), "occurrenceDateTime": "2026-01-01",
    },
    "Procedure": of_patient("Procedure", status="completed"),
    "Encounter": of_patient("Encounter", status="finished", **{"class": {"code": "AMB"}}),
    "Appointment": {
        "resourceType": "Appointment", "id": "x", "status": "booked",
        "participant": [{"actor": OWN, "status": "accepted"}],
    },
    "DocumentReference": of_patient(
        "DocumentReference", status="current", content=[{"attachment": {"title": "A"}}]
    ),
    "Claim": {
        "resourceType": "Claim", "id": "x", "patient": OWN, "status": "active", "use": "claim",
        "type": coded("professional"), "created": "2026-01-01", "provider": {"display": "P"},
        "priority": coded("normal"),
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"display": "C"}}],
    },
    "ExplanationOfBenefit": {
        "resourceType": "ExplanationOfBenefit", "id": "x", "patient": OWN, "status": "active",
        "use": "claim", "outcome": "complete", "type": coded("professional"),
        "created": "2026-01-01", "provider": {"display": "P"}, "insurer": {"display": "I"},
        "insurance": [{"focal": True, "coverage": {"display": "C"}}],
    },
    "Specimen": {"resourceType": "Specimen", "id": "x"},
    "Medication": {"resourceType": "Medication", "id": "x"},
    "Condition": problem(),
    "AllergyIntolerance": allergy(),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "field"), [*CODES, *OPTIONAL])
def test_every_status_code_is_checked(kind: str, field: str) -> None:
    words = {**CODES, **OPTIONAL}[kind, field].split()
    for word in words:
        taken(SAMPLES[kind] | {field: word})
    for word in ("done", "Final", "finall", *({"booked", "final", "active"} - set(words))):
        problem = refused(bundle(PATIENT, SAMPLES[kind] | {field: word}))
        assert (problem.code, problem.where) == ("103", kind), word
        assert word not in problem.reason.split()


@pytest.mark.parametrize(("kind", "field"), CONCEPTS)
def test_every_status_concept_is_checked(kind: str, field: str) -> None:
    system, words = CONCEPTS[kind, field]
    for word in words.split():
        taken(SAMPLES[kind] | {field: status(system, word)})
    for odd in (status(system, "done"), {"coding": [{"code": "done"}]}):
        assert refused(bundle(PATIENT, SAMPLES[kind] | {field: odd})).code == "103"
    own = coded("done", system="urn:east:status")
    taken(SAMPLES[kind] | {field: own})


def test_a_status_that_is_missing_is_not_made_up() -> None:
    for kind in ("Procedure", "Encounter", "Claim", "Immunization", "DocumentReference"):
        bare = {k: v for k, v in SAMPLES[kind].items() if k != "status"}
        assert refused(bundle(PATIENT, bare)).verdict == "quarantined"
        hidden = bare | {"_status": {"extension": [{"url": "urn:x", "valueString": "y"}]}}
        assert refused(bundle(PATIENT, hidden)).verdict == "quarantined"
