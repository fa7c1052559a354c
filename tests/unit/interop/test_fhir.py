"""FHIR bundles: statuses, orderers, subjects, values, and what is refused."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.labs import PostReport
from services.interop.fhir.translate import translate
from services.interop.parcel import Parcel, Unusable
from tests.unit.interop.samples import NOW, ZONE

LAB = [{"coding": [{"code": "laboratory"}]}]
PATIENT = {
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
ENCOUNTER = {
    "resourceType": "Encounter",
    "id": "e",
    "status": "finished",
    "class": {"code": "AMB"},
    "participant": [
        {"individual": {"reference": "Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|42"}}
    ],
}
VALUE: dict[str, Any] = {
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
REPORT: dict[str, Any] = {
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


def bundle(*resources: dict[str, Any], kind: str = "transaction") -> bytes:
    """A bundle's bytes; each entry's name is urn:uuid and its id."""
    entries = [
        {"fullUrl": f"urn:uuid:{one.get('id', n)}", "resource": one}
        for n, one in enumerate(resources)
    ]
    return json.dumps({"resourceType": "Bundle", "type": kind, "entry": entries}).encode()


def taken(*resources: dict[str, Any]) -> Parcel:
    """The parcel of the patient, the encounter and these."""
    [one] = translate(bundle(PATIENT, ENCOUNTER, *resources), NOW, ZONE)
    assert one.parcel is not None, one.problem and one.problem.reason
    return one.parcel


def only(*resources: dict[str, Any]) -> PostReport:
    """The one report of it."""
    [made] = taken(*resources).commands
    return made


def refused(sent: bytes) -> Unusable:
    """Why the bundle is not usable."""
    [one] = translate(sent, NOW, ZONE)
    assert one.problem is not None
    return one.problem


def test_patient() -> None:
    patient = taken(VALUE).patient
    assert patient is not None
    assert [(one.authority, one.value) for one in patient.identifiers] == [("urn:east", "77")]
    said = patient.demographics
    assert (said.name.family, said.ssn_last4, said.address.zip) == ("Roe", "1431", "90001")
    assert "999-51" not in patient.model_dump_json()


@pytest.mark.rule("R20")
def test_a_report_with_its_values_and_the_encounters_orderer() -> None:
    made = only(REPORT, VALUE)
    assert made.orderer.ids == ("42",)
    assert (made.section, made.sender, len(made.observations)) == ("LAB", "urn:east", 1)
    assert made.observations[0].number == 13.5
    asked = REPORT | {
        "basedOn": [{"reference": "ServiceRequest/s"}],
        "performer": [{"display": "L"}],
    }
    order = {
        "resourceType": "ServiceRequest", "id": "s", "status": "active", "intent": "order",
        "subject": {"reference": "Patient/p"}, "requester": {"identifier": {"value": "43"}},
    }  # fmt: skip
    assert only(asked, VALUE, order).orderer.ids == ("43",)
    assert only({k: v for k, v in VALUE.items() if k != "encounter"}).orderer.ids == ()


@pytest.mark.rule("R54")
def test_acquisition_is_the_effective_time_or_the_specimens() -> None:
    assert only(VALUE).acquired == datetime(2026, 1, 1, 16, tzinfo=UTC)
    vague = VALUE | {"effectiveDateTime": "2026-01"}
    assert only(vague).acquired is None  # never `issued`
    day_only = VALUE | {"effectiveDateTime": "2026-01-01"}
    assert only(day_only).acquired == datetime(2026, 1, 1, 8, tzinfo=UTC)  # at the practice
    specimen = {
        "resourceType": "Specimen", "id": "x", "collection": {"collectedDateTime": "2025-12-31"},
    }  # fmt: skip
    made = only(VALUE | {"specimen": {"reference": "Specimen/x"}}, specimen)
    assert made.acquired == datetime(2025, 12, 31, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("registered", "preliminary"), ("preliminary", "preliminary"), ("final", "final"),
        ("amended", "corrected"), ("corrected", "corrected"), ("cancelled", "cannot-obtain"),
        ("entered-in-error", "wrong"), ("unknown", "preliminary"),
    ],
)  # fmt: skip
def test_statuses(stated: str, expected: str) -> None:
    made = only(VALUE | {"status": stated})
    assert (made.status, made.observations[0].status) == (expected, expected)
    assert only(REPORT | {"status": stated}, VALUE).status == expected


def test_an_unknown_status_or_an_invalid_resource_is_quarantined() -> None:
    assert refused(bundle(PATIENT, VALUE | {"status": "done"})).verdict == "quarantined"
    assert refused(bundle(PATIENT, VALUE | {"valueString": "x"})).code == "102"
    assert refused(bundle(PATIENT, VALUE | {"nonsense": 1})).code == "102"


def test_a_result_of_another_or_no_patient_is_never_attributed() -> None:
    other = VALUE | {"subject": {"reference": "Patient/q"}}
    assert refused(bundle(PATIENT, other)).verdict == "quarantined"
    nobody = {k: v for k, v in VALUE.items() if k != "subject"}
    assert refused(bundle(PATIENT, nobody)).verdict == "quarantined"
    assert refused(bundle(PATIENT, PATIENT | {"id": "q"}, VALUE)).where == "Patient"
    assert refused(bundle(VALUE)).where == "Patient"
    assert refused(bundle(PATIENT | {"identifier": []}, VALUE)).code == "101"


def test_a_report_that_names_a_missing_result_is_quarantined() -> None:
    assert refused(bundle(PATIENT, REPORT)).code == "204"


@pytest.mark.parametrize(
    ("changed", "value", "number"),
    [
        ({"valueQuantity": {"value": 5, "comparator": "<"}}, "<5", None),
        ({"valueCodeableConcept": {"text": "Negative"}}, "Negative", None),
        ({"valueString": "clear"}, "clear", None),
        ({"valueInteger": 3}, "3", 3.0),
        ({"valueRange": {"low": {"value": 1}, "high": {"value": 2}}}, "1 - 2", None),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 40}}}, "1 : 40", None),
        ({"dataAbsentReason": {"text": "clotted"}}, "", None),
    ],
)
def test_values(changed: dict[str, Any], value: str, number: float | None) -> None:
    bare = {k: v for k, v in VALUE.items() if k != "valueQuantity"}
    [made] = only(bare | changed).observations
    assert (made.value, made.number) == (value, number)


def test_digits_are_kept_as_written() -> None:
    sent = bundle(PATIENT, VALUE).replace(b"13.5", b"5.10")
    [one] = translate(sent, NOW, ZONE)
    assert one.parcel is not None
    assert one.parcel.commands[0].observations[0].value == "5.10"


def test_what_is_no_result_is_counted_and_kept_for_later() -> None:
    vital = VALUE | {"id": "v", "category": [{"coding": [{"code": "vital-signs"}]}]}
    parcel = taken(VALUE, vital, {"resourceType": "Claim", "id": "c"})
    assert parcel.left == {"Claim": 1, "Observation": 1}
    [directory] = translate(bundle({"resourceType": "Organization", "id": "x"}), NOW, ZONE)
    assert directory.parcel is not None
    assert directory.parcel.left == {"Organization": 1}


def test_report_ids_do_not_depend_on_the_version() -> None:
    first, second = only(REPORT, VALUE), only(REPORT | {"status": "corrected"}, VALUE)
    assert first.report == second.report
    assert len(first.report) <= 64


@pytest.mark.parametrize(
    "sent",
    [b"", b"x", b"[]", b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000, gzip.compress(b"{}", mtime=0)[:-4],
     b'{"resourceType": "Patient"}', bundle(kind="document"), b'{"a": 1e9999999999999999999}'],
)  # fmt: skip
def test_what_is_no_bundle_is_refused(sent: bytes) -> None:
    assert refused(sent).verdict == "refused"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=5,
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(VALUE)), st.sampled_from(sorted(REPORT)), JSON, st.booleans())
def test_any_damage_to_a_bundle_has_an_outcome(
    value: str, report: str, new: Any, gone: bool
) -> None:
    changed = [VALUE | {value: new}, REPORT | {report: new}]
    if gone:
        del changed[0][value], changed[1][report]
    for sent in (
        bundle(PATIENT, ENCOUNTER, *changed),
        bundle(PATIENT, ENCOUNTER, REPORT, changed[0]),
    ):
        [one] = translate(sent, NOW, ZONE)
        assert (one.parcel is None) != (one.problem is None)
