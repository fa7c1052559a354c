"""FHIR results: statuses, orderers, values, orders, and what is refused."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.identity import RecordPatient
from contracts.labs import PostOrder, PostReport
from services.interop.fhir.translate import translate
from tests.unit.interop.fhir_samples import (
    ENCOUNTER,
    PATIENT,
    REPORT,
    VALUE,
    bundle,
    coded,
    made,
    of_patient,
    only,
    refused,
    taken,
    the,
)
from tests.unit.interop.samples import NOW, READ


def test_patient() -> None:
    patient = taken(VALUE).about
    assert isinstance(patient, RecordPatient)
    assert [(one.authority, one.value) for one in patient.identifiers] == [("urn:east", "77")]
    said = patient.demographics
    assert (said.name.family, said.ssn_last4, said.address.zip) == ("Roe", "1431", "90001")
    assert "999-51" not in patient.model_dump_json()


@pytest.mark.rule("R20")
def test_a_report_with_its_values_and_the_encounters_orderer() -> None:
    report = only(REPORT, VALUE)
    assert report.orderer.ids == ("42",)
    assert (report.section, report.sender, len(report.observations)) == ("LAB", "urn:east", 1)
    assert report.observations[0].number == 13.5
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


@pytest.mark.rule("R20")
def test_only_a_practitioner_is_an_orderer() -> None:
    def asked(requester: dict[str, Any], *beside: dict[str, Any]) -> tuple[str, ...]:
        return the(PostOrder, ORDER | {"requester": requester}, *beside).orderer.ids

    doctor = {"resourceType": "Practitioner", "id": "d", "identifier": [{"value": "42"}]}
    role = {"resourceType": "PractitionerRole", "id": "r"}
    held = role | {"practitioner": {"reference": "Practitioner/d"}}
    looped = role | {"practitioner": {"reference": "PractitionerRole/r"}}
    named = {"reference": "PractitionerRole/r"}
    assert asked(named, held, doctor) == ("42",)
    assert asked(named, looped) == asked(named) == ()
    assert asked({"reference": "Organization?identifier=npi|42"}) == ()
    assert asked({"type": "Organization", "identifier": {"value": "42"}}) == ()
    assert asked({"reference": "Patient/p"}) == ()


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
    report = only(VALUE | {"specimen": {"reference": "Specimen/x"}}, specimen)
    assert report.acquired == datetime(2025, 12, 31, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("registered", "preliminary"), ("preliminary", "preliminary"), ("final", "final"),
        ("amended", "corrected"), ("corrected", "corrected"), ("cancelled", "cannot-obtain"),
        ("entered-in-error", "wrong"), ("unknown", "preliminary"),
    ],
)  # fmt: skip
def test_statuses(stated: str, expected: str) -> None:
    report = only(VALUE | {"status": stated})
    assert (report.status, report.observations[0].status) == (expected, expected)
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
    [one] = only(bare | changed).observations
    assert (one.value, one.number) == (value, number)


def test_digits_are_kept_as_written() -> None:
    raw = bundle(PATIENT, VALUE).replace(b"13.5", b"5.10")
    [one] = translate(raw, NOW, READ)
    assert one.parcel is not None
    [report] = one.parcel.commands
    assert isinstance(report, PostReport)
    assert report.observations[0].value == "5.10"


@pytest.mark.parametrize("digits", ["1e999", "-1e400", "1e-9999999999", "9" * 400])
def test_absurd_numbers_are_shown_and_never_counted_with(digits: str) -> None:
    [one] = translate(bundle(PATIENT, VALUE).replace(b"13.5", digits.encode()), NOW, READ)
    assert one.parcel is not None
    [report] = one.parcel.commands
    assert isinstance(report, PostReport)
    assert report.observations[0].number in (None, 0.0)
    assert "e" in report.observations[0].value
    assert len(report.observations[0].value) <= 60


def test_what_is_no_result_is_counted_and_kept_for_later() -> None:
    survey = VALUE | {"id": "v", "category": [{"coding": [{"code": "survey"}]}]}
    parcel = taken(VALUE, survey, {"resourceType": "CarePlan", "id": "c"})
    assert parcel.left == {"CarePlan": 1, "Observation": 1}
    [directory] = translate(bundle({"resourceType": "Organization", "id": "x"}), NOW, READ)
    assert directory.parcel is not None
    assert directory.parcel.left == {"Organization": 1}


def test_report_ids_do_not_depend_on_the_version() -> None:
    first, second = only(REPORT, VALUE), only(REPORT | {"status": "corrected"}, VALUE)
    assert first.report == second.report
    assert len(first.report) <= 64


def test_panels_that_share_a_fillers_number_stay_apart() -> None:
    filler = {"identifier": [{"system": "urn:lab", "value": "F1"}]}
    other = REPORT | filler | {"id": "r2", "code": coded("24321-2"), "result": []}
    both = made(PostReport, REPORT | filler, other, VALUE)
    assert len({report.report for report in both}) == 2
    assert only(REPORT | filler, VALUE).report == both[0].report
    again = made(PostReport, REPORT | filler, REPORT | filler | {"id": "r3"}, VALUE)
    assert len({report.report for report in again}) == 2


ORDER = of_patient(
    "ServiceRequest",
    status="active",
    intent="order",
    category=[coded("108252007")],
    code=coded("58410-2", "CBC", "http://loinc.org"),
    identifier=[{"system": "urn:lab", "value": "P9"}],
    authoredOn="2026-01-01T08:00:00Z",
    requester={"identifier": {"value": "43"}, "display": "Dr. Gray"},
)


@pytest.mark.rule("R21")
def test_an_order_and_its_report_share_a_number() -> None:
    order = the(PostOrder, ORDER)
    assert (order.numbers, order.codes, order.cancelled) == (
        ("P9", "ServiceRequest/x"),
        ("CBC",),
        False,
    )
    assert order.orderer.ids == ("43",)
    by = {"basedOn": [{"reference": "ServiceRequest/x"}]}
    here = only(REPORT | by, VALUE, ORDER)
    assert set(order.numbers) <= set(here.numbers)
    assert here.ordered == datetime(2026, 1, 1, 8, tzinfo=UTC)
    assert only(REPORT | by, VALUE).numbers == ("ServiceRequest/x",)
    by_number = {"basedOn": [{"identifier": {"value": "P9"}}]}
    assert only(REPORT | by_number, VALUE).numbers == ("P9",)


def test_only_what_was_ordered_of_a_laboratory_is_an_order() -> None:
    assert the(PostOrder, ORDER | {"status": "revoked"}).cancelled
    assert the(PostOrder, ORDER | {"status": "revoked"}).order == the(PostOrder, ORDER).order
    for changed in (
        {"intent": "plan"}, {"status": "draft"}, {"doNotPerform": True},
        {"category": [coded("363679005", "Imaging")]},
    ):  # fmt: skip
        assert taken(ORDER | changed).left == {"ServiceRequest": 1}


def test_a_specimen_entered_in_error_dates_nothing() -> None:
    specimen = {
        "resourceType": "Specimen", "id": "x", "status": "entered-in-error",
        "collection": {"collectedDateTime": "2025-12-31"},
    }  # fmt: skip
    dated = VALUE | {"specimen": {"reference": "Specimen/x"}}
    assert only(dated, specimen).acquired == datetime(2026, 1, 1, 16, tzinfo=UTC)
    others = specimen | {"subject": {"reference": "Patient/q"}}
    assert refused(bundle(PATIENT, dated, others)).code == "204"


def test_the_same_result_named_twice_is_one_value() -> None:
    twice = REPORT | {"result": [{"reference": "Observation/o"}, {"reference": "urn:uuid:o"}]}
    assert len(only(twice, VALUE).observations) == 1


@pytest.mark.parametrize(
    "sent",
    [b"", b"x", b"[]", b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000, gzip.compress(b"{}", mtime=0)[:-4],
     b'{"resourceType": "CarePlan"}', bundle(kind="document"), bundle(kind="message"),
     b'{"a": 1e9999999999999999999}'],
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
        [one] = translate(sent, NOW, READ)
        assert (one.parcel is None) != (one.problem is None)
