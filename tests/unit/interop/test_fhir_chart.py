"""FHIR chart entries as commands for records: problems, allergies, medications, and their statuses."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from contracts.records import (
    PostAllergies,
    PostImmunisation,
    PostMedication,
    PostProblem,
    PostProcedure,
    PostVitals,
)
from tests.unit.interop.fhir_samples import (
    LAB,
    OWN,
    REPORT,
    RXNORM,
    VALUE,
    Json,
    allergy,
    coded,
    made,
    of_patient,
    only,
    prescription,
    problem,
    taken,
    the,
)

NINE = datetime(2026, 1, 1, 9, tzinfo=UTC)


@pytest.mark.rule("R8")
@pytest.mark.parametrize(
    ("clinical", "verified", "expected", "removed"),
    [
        ("active", "confirmed", "active", False), ("recurrence", "confirmed", "active", False),
        ("relapse", "provisional", "active", False), ("remission", "confirmed", "inactive", False),
        ("inactive", "confirmed", "inactive", False), ("resolved", "confirmed", "resolved", False),
        ("active", "refuted", "wrong", True), ("active", "entered-in-error", "wrong", True),
    ],
)  # fmt: skip
def test_problems(clinical: str, verified: str, expected: str, removed: bool) -> None:
    one = the(PostProblem, problem(clinical, verified, note=[{"text": "Since youth"}]))
    assert (one.status, one.removed) == (expected, removed)
    assert (one.source, one.sender, one.onset) == ("Condition/x", "urn:east", NINE)
    assert (one.codes[0].code, one.codes[0].text) == ("38341003", "High blood pressure")
    assert one.note == "Since youth"


def test_an_own_identifier_names_an_entry_better_than_its_id() -> None:
    number: Json = {"identifier": [{"system": "urn:east:problem", "value": "5"}]}
    one = the(PostProblem, problem() | number)
    assert one.source == "Condition/urn:east:problem|5"
    both = made(PostProblem, problem() | number, problem() | number | {"id": "y"})
    assert [one.source for one in both] == ["Condition/x", "Condition/y"]
    long: Json = {"identifier": [{"system": "urn:east", "value": "1" * 300}]}
    longer: Json = {"identifier": [{"system": "urn:east", "value": "1" * 301}]}
    assert the(PostProblem, problem() | long).source != the(PostProblem, problem() | longer).source


@pytest.mark.parametrize(
    ("clinical", "verified", "expected"),
    [
        ("active", "confirmed", "active"), ("active", "unconfirmed", "unconfirmed"),
        ("inactive", "unconfirmed", "inactive"), ("resolved", "confirmed", "resolved"),
        ("active", "refuted", "refuted"), ("active", "entered-in-error", "wrong"),
    ],
)  # fmt: skip
def test_allergies(clinical: str, verified: str, expected: str) -> None:
    reaction = {"severity": "mild", "manifestation": [coded("1", "Rash")]}
    worse = {"severity": "severe", "manifestation": [coded("2", "Swelling"), coded("1", "Rash")]}
    said = allergy(
        clinical, verified, category=["medication"], criticality="high", reaction=[reaction, worse]
    )
    one = the(PostAllergies, said)
    [entry] = one.allergies
    assert (entry.status, one.removed, one.whole) == (expected, expected == "wrong", False)
    assert (entry.kind, entry.severity) == ("medication", "severe, high criticality")
    assert (entry.reactions, entry.none) == (("Rash", "Swelling"), False)


def test_no_known_allergy_is_a_statement_of_its_own() -> None:
    one = the(PostAllergies, allergy(code=coded("716186003", "No known allergy")))
    assert one.allergies[0].none
    drugs = the(PostAllergies, allergy(code=coded("409137002", "No known drug allergy")))
    assert (drugs.allergies[0].none, drugs.allergies[0].codes[0].code) == (True, "409137002")


@pytest.mark.rule("R9", "R10", "R38")
def test_a_prescription() -> None:
    one = the(PostMedication, prescription(
        dosageInstruction=[{
            "text": "One in the morning",
            "timing": {"repeat": {"boundsPeriod": {
                "start": "2026-01-01T09:00:00Z", "end": "2026-03-01T09:00:00Z",
            }}},
        }],
        dispenseRequest={
            "quantity": {"value": 30, "unit": "tablets"}, "numberOfRepeatsAllowed": 3,
            "expectedSupplyDuration": {"value": 30, "code": "d"},
            "performer": {"display": "Corner pharmacy"},
        },
    ))  # fmt: skip
    assert (one.kind, one.status, one.removed) == ("prescribed", "active", False)
    assert (one.directions, one.quantity) == ("One in the morning", "30 tablets")
    assert (one.days, one.refills, one.pharmacy) == (30, 3, "Corner pharmacy")
    assert (one.prescriber, one.prescriber_name) == (("42",), "Dr. Gray")
    assert (one.started, one.ended) == (NINE, datetime(2026, 3, 1, 9, tzinfo=UTC))
    bare = the(PostMedication, prescription())
    assert (bare.days, bare.refills, bare.directions) == (None, None, "")


@pytest.mark.parametrize(
    ("duration", "days"),
    [({"value": 2, "code": "wk"}, 14), ({"value": 1, "code": "mo"}, None), ({"value": 30}, None),
     ({"value": -1, "code": "d"}, None), ({"value": 1.5, "code": "d"}, None),
     ({"value": 1e99, "code": "d"}, None)],
)  # fmt: skip
def test_a_supply_is_whole_days_or_not_said(duration: Json, days: int | None) -> None:
    asked = prescription(dispenseRequest={"expectedSupplyDuration": duration})
    assert the(PostMedication, asked).days == days


def test_doses_are_not_put_into_words_here() -> None:
    dose: Json = {"doseAndRate": [{"doseQuantity": {"value": 2, "unit": "tablets"}}]}
    assert the(PostMedication, prescription(dosageInstruction=[dose])).directions == ""
    timed = dose | {"timing": {"code": {"text": "Once a day"}}}
    timed |= {"additionalInstruction": [{"text": "With food"}]}
    said = the(PostMedication, prescription(dosageInstruction=[timed])).directions
    assert said == "Once a day; With food"


def test_what_is_not_to_be_taken_is_no_prescription() -> None:
    for changed in ({"intent": "proposal"}, {"status": "draft"}, {"doNotPerform": True}):
        assert taken(prescription(**changed)).left == {"MedicationRequest": 1}
    wrong = the(PostMedication, prescription(status="entered-in-error"))
    assert (wrong.status, wrong.removed) == ("wrong", True)


def test_the_medication_may_stand_beside_or_inside() -> None:
    drug = {"resourceType": "Medication", "id": "m", "code": coded("212033", "Pill", RXNORM)}
    bare = prescription(medicationReference={"reference": "Medication/m"})
    del bare["medicationCodeableConcept"]
    assert the(PostMedication, bare, drug).codes[0].text == "Pill"
    inside = bare | {"contained": [drug], "medicationReference": {"reference": "#m"}}
    assert the(PostMedication, inside).codes[0].code == "212033"
    named = bare | {"medicationReference": {"reference": "Medication/gone", "display": "A pill"}}
    assert the(PostMedication, named).codes[0].text == "A pill"


def test_a_dispense_knows_its_prescriber() -> None:
    filled = of_patient(
        "MedicationDispense",
        id="d",
        status="completed",
        medicationCodeableConcept=coded("310798", "Tablet 25 MG", RXNORM),
        authorizingPrescription=[{"reference": "MedicationRequest/x"}],
        whenHandedOver="2026-01-01T09:00:00Z",
        daysSupply={"value": 30, "code": "d"},
    )
    both = made(PostMedication, prescription(), filled)
    dispensed = both[1]
    assert (dispensed.kind, dispensed.status) == ("dispensed", "completed")
    assert (dispensed.prescriber, dispensed.days, dispensed.started) == (("42",), 30, NINE)
    assert both[0].source != dispensed.source


def test_immunisations_and_procedures() -> None:
    shot = {
        "resourceType": "Immunization", "id": "i", "patient": OWN, "status": "not-done",
        "vaccineCode": coded("140", system="http://hl7.org/fhir/sid/cvx"), "lotNumber": "L1",
        "occurrenceDateTime": "2026-01-01T09:00:00Z", "statusReason": coded("1", "Refused"),
    }  # fmt: skip
    one = the(PostImmunisation, shot)
    assert (one.status, one.given, one.lot, one.note) == ("not-done", NINE, "L1", "Refused")
    assert the(PostImmunisation, shot | {"status": "entered-in-error"}).removed
    done = of_patient(
        "Procedure",
        status="completed",
        code=coded("40701008", "Echo"),
        performedPeriod={"start": "2026-01-01T09:00:00Z"},
    )
    procedure = the(PostProcedure, done)
    assert (procedure.status, procedure.done) == ("completed", NINE)
    assert the(PostProcedure, done | {"status": "entered-in-error"}).removed


PRESSURE: Json = {k: v for k, v in VALUE.items() if k != "valueQuantity"} | {
    "id": "bp",
    "category": [{"coding": [{"code": "vital-signs"}]}],
    "code": coded("85354-9", system="http://loinc.org"),
    "component": [
        {
            "code": coded("8480-6", system="http://loinc.org"),
            "valueQuantity": {"value": 120, "unit": "mmHg"},
        },
        {
            "code": coded("8462-4", system="http://loinc.org"),
            "valueQuantity": {"value": 80, "unit": "mmHg"},
        },
    ],
}


def test_a_blood_pressure_is_two_readings_of_one_time() -> None:
    one = the(PostVitals, PRESSURE)
    assert one.taken == datetime(2026, 1, 1, 16, tzinfo=UTC)
    assert [(r.codes[0].code, r.value, r.number, r.unit) for r in one.readings] == [
        ("8480-6", "120", 120.0, "mmHg"),
        ("8462-4", "80", 80.0, "mmHg"),
    ]
    wrong = the(PostVitals, PRESSURE | {"status": "entered-in-error"})
    assert (wrong.status, wrong.removed) == ("wrong", True)


def test_a_vital_sign_in_a_laboratory_report_is_not_said_twice() -> None:
    panel = REPORT | {"result": [{"reference": "Observation/bp"}]}
    assert len(only(panel, PRESSURE).observations) == 2
    assert made(PostVitals, panel, PRESSURE) == []
    note = {k: v for k, v in panel.items() if k != "category"}
    assert len(made(PostVitals, note, PRESSURE)) == 1


def test_a_laboratory_category_wins_over_vital_signs() -> None:
    both = [*LAB, {"coding": [{"code": "vital-signs"}]}]
    assert only(VALUE | {"category": both}).observations
