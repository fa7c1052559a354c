"""FHIR resources written for these tests, and what becomes of them."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from contracts.labs import PostReport
from kernel.envelope import Command
from services.interop.fhir.kinds import TERMINOLOGY
from services.interop.fhir.translate import translate
from services.interop.parcel import Parcel, Translated, Unusable
from tests.unit.interop.samples import NOW, READ

Json = dict[str, Any]
C = TypeVar("C", bound=Command)
LAB = [{"coding": [{"code": "laboratory"}]}]
PATIENT: Json = {
    "resourceType": "Patient",
    "id": "p",
    "identifier": [
        {"system": "urn:east", "value": "77", "type": {"coding": [{"code": "MR"}]}},
        {"system": "http://hl7.org/fhir/sid/us-ssn", "value": "999-51-1431"},
    ],
    "name": [
        {"use": "old", "family": "Was"},
        {"use": "official", "family": "Roe", "given": ["Ada"]},
    ],
    "birthDate": "1980-02-29",
    "address": [{"line": ["1 Elm"], "postalCode": "90001-1234"}],
}
ENCOUNTER: Json = {
    "resourceType": "Encounter",
    "id": "e",
    "status": "finished",
    "class": {"code": "AMB"},
    "subject": {"reference": "Patient/p"},
    "participant": [
        {"individual": {"reference": "Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|42"}}
    ],
}
VALUE: Json = {
    "resourceType": "Observation",
    "id": "o",
    "status": "final",
    "category": LAB,
    "code": {"coding": [{"system": "http://loinc.org", "code": "718-7", "display": "Hemoglobin"}]},
    "subject": {"reference": "Patient/p"},
    "encounter": {"reference": "Encounter/e"},
    "effectiveDateTime": "2026-01-01T08:00:00-08:00",
    "issued": "2026-01-02T08:00:00-08:00",
    "valueQuantity": {"value": 13.5, "unit": "g/dL"},
}
REPORT: Json = {
    "resourceType": "DiagnosticReport",
    "id": "r",
    "status": "final",
    "category": [{"coding": [{"code": "LAB"}]}],
    "code": {"coding": [{"system": "http://loinc.org", "code": "58410-2", "display": "CBC"}]},
    "subject": {"reference": "urn:uuid:p"},
    "encounter": {"reference": "Encounter/e"},
    "effectiveDateTime": "2026-01-01T08:00:00-08:00",
    "result": [{"reference": "Observation/o"}],
}

BY_NUMBER = {"identifier": {"system": "urn:east", "value": "77"}}


def bundle(*resources: Json, kind: str = "transaction") -> bytes:
    """A bundle's bytes; each entry's name is urn:uuid and its id."""
    entries = [
        {
            "fullUrl": f"urn:uuid:{one.get('id', n)}",
            "resource": one,
            "request": {"method": "POST", "url": one.get("resourceType", "")},
        }
        for n, one in enumerate(resources)
    ]
    return sent({"resourceType": "Bundle", "type": kind, "entry": entries})


def sent(content: Json) -> bytes:
    """A resource as a sender's bytes."""
    return json.dumps(content).encode()


def taken(*resources: Json) -> Parcel:
    """The parcel of the patient, the encounter and these."""
    [one] = translate(bundle(PATIENT, ENCOUNTER, *resources), NOW, READ)
    assert one.parcel is not None, one.problem and one.problem.reason
    return one.parcel


def made(kind: type[C], *resources: Json) -> list[C]:
    """The commands of one kind that these resources of the patient ask for."""
    return [one for one in taken(*resources).commands if isinstance(one, kind)]


def the(kind: type[C], *resources: Json) -> C:
    """The only command of one kind."""
    [one] = made(kind, *resources)
    return one


def only(*resources: Json) -> PostReport:
    """The only report."""
    return the(PostReport, *resources)


def refused(raw: bytes) -> Unusable:
    """Why the file is not usable."""
    [one] = translate(raw, NOW, READ)
    assert one.problem is not None
    return one.problem


def lines(*resources: Json) -> bytes:
    """NDJSON."""
    return b"".join(sent(one) + b"\n" for one in resources)


def settled(raw: bytes) -> list[Translated]:
    """Every entry of the file."""
    return translate(raw, NOW, READ)


def numbers(one: Translated) -> list[tuple[str, str]]:
    """The record numbers by which it says whom it is about."""
    assert one.parcel is not None, one.problem and one.problem.reason
    assert one.parcel.about is not None
    return [(each.authority, each.value) for each in one.parcel.about.identifiers]


def of_patient(kind: str, **said: Any) -> Json:
    """A resource of the patient, with id `x`."""
    return {"resourceType": kind, "id": "x", "subject": {"reference": "Patient/p"}} | said


def coded(code: str, text: str = "", system: str = "http://snomed.info/sct") -> Json:
    """A CodeableConcept."""
    return {"coding": [{"system": system, "code": code, "display": text or code}]}


OWN = {"reference": "Patient/p"}
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


def status(kind: str, code: str) -> Json:
    """A status concept, such as (`condition-clinical`, `active`)."""
    return coded(code, system=f"{TERMINOLOGY}{kind}")


def problem(clinical: str = "active", verified: str = "confirmed", **said: Any) -> Json:
    """A Condition."""
    return of_patient(
        "Condition",
        clinicalStatus=status("condition-clinical", clinical),
        verificationStatus=status("condition-ver-status", verified),
        code=coded("38341003", "High blood pressure"),
        onsetDateTime="2026-01-01T09:00:00Z",
        **said,
    )


def allergy(clinical: str = "active", verified: str = "confirmed", **said: Any) -> Json:
    """An AllergyIntolerance."""
    stated = {
        "resourceType": "AllergyIntolerance",
        "id": "a",
        "patient": OWN,
        "clinicalStatus": status("allergyintolerance-clinical", clinical),
        "verificationStatus": status("allergyintolerance-verification", verified),
        "code": coded("7034005", "Diclofenac"),
    }
    return stated | said


def prescription(**said: Any) -> Json:
    """A MedicationRequest."""
    stated: Json = {
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": coded("310798", "Tablet 25 MG", RXNORM),
        "authoredOn": "2026-01-01T09:00:00Z",
        "requester": {"reference": "Practitioner?identifier=npi|42", "display": "Dr. Gray"},
    }
    return of_patient("MedicationRequest", **(stated | said))
