"""NDJSON: the lines of each patient are one bundle, and spoil no other patient's."""

from __future__ import annotations

import gzip

from contracts.labs import PostReport
from tests.unit.interop.fhir_samples import (
    BY_NUMBER,
    ENCOUNTER,
    PATIENT,
    VALUE,
    lines,
    numbers,
    settled,
)


def test_lines_are_taken_for_each_patient() -> None:
    other = PATIENT | {"id": "q", "identifier": [{"system": "urn:east", "value": "78"}]}
    known = VALUE | {"id": "k", "subject": {"identifier": {"system": "urn:east", "value": "99"}}}
    doctor = {"resourceType": "Practitioner", "id": "d", "identifier": [{"value": "42"}]}
    visit = ENCOUNTER | {"participant": [{"individual": {"reference": "Practitioner/d"}}]}
    raw = lines(
        VALUE,
        visit,
        known,
        other,
        PATIENT,
        doctor,
        VALUE | {"id": "o2", "subject": {"reference": "Patient/q"}},
    )
    for file in (raw, gzip.compress(raw)):
        found = settled(file)
        assert [numbers(one) for one in found[:3]] == [
            [("urn:east", "78")], [("urn:east", "77")], [("urn:east", "99")],
        ]  # fmt: skip
        mine = found[1].parcel
        assert mine is not None
        [report] = [one for one in mine.commands if isinstance(one, PostReport)]
        assert report.orderer.ids == ("42",)
        assert found[3].parcel is not None
        assert found[3].parcel.left == {"Practitioner": 1}
        assert len(found) == 4


def test_a_line_spoils_its_own_patient_only() -> None:
    other = PATIENT | {"id": "q", "identifier": [{"system": "urn:east", "value": "78"}]}
    bad = VALUE | {"id": "b", "subject": {"reference": "Patient/q"}, "status": "done"}
    lost = VALUE | {"id": "l", "subject": {"reference": "Patient/z"}}
    raw = lines(PATIENT, VALUE, other, bad, lost) + b'{"resourceType": "Obs'
    found = settled(raw)
    assert [one.problem and one.problem.code for one in found] == [None, "103", "102", "204"]
    assert numbers(found[0]) == [("urn:east", "77")]


def test_one_number_on_two_patient_lines_means_neither() -> None:
    twin = PATIENT | {"id": "q"}
    by_number = VALUE | {"subject": BY_NUMBER}
    found = settled(lines(PATIENT, twin, by_number))
    assert [one.problem is not None for one in found] == [False, False, True]
    assert all(not one.parcel.commands for one in found if one.parcel)
