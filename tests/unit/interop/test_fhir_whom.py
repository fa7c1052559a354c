"""Whom a FHIR file is about: bundles, lone resources, NDJSON, and whatever does not agree."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from contracts.identity import KnownPatient, RecordPatient
from contracts.labs import PostReport
from services.interop.fhir.resources import sender_in
from services.interop.fhir.translate import translate
from services.interop.reading import Reading
from tests.unit.interop.fhir_samples import (
    BY_NUMBER,
    ENCOUNTER,
    PATIENT,
    REPORT,
    VALUE,
    Json,
    bundle,
    lines,
    numbers,
    of_patient,
    only,
    refused,
    sent,
    settled,
    taken,
)
from tests.unit.interop.samples import NOW, ZONE

BY_CONDITION = {"reference": "Patient?identifier=urn:east|77"}
CONTAINED: Json = {
    "contained": [{"resourceType": "Patient", "id": "me", "identifier": PATIENT["identifier"]}],
    "subject": {"reference": "#me"},
}


def entry(resource: Json, **said: Any) -> Json:
    """One entry of a transaction."""
    request = {"method": "POST", "url": resource["resourceType"]}
    return {
        "fullUrl": f"urn:uuid:{resource.get('id')}",
        "resource": resource,
        "request": request,
    } | said


def transaction(*entries: Json, kind: str = "transaction") -> bytes:
    """A bundle of these entries."""
    return sent({"resourceType": "Bundle", "type": kind, "entry": list(entries)})


@pytest.mark.parametrize(
    "named", [{"subject": BY_NUMBER}, {"subject": BY_CONDITION}, CONTAINED,
              {"subject": {"reference": "Patient?identifier=urn%3Aeast%7C77"}}],
)  # fmt: skip
def test_a_lone_result_names_a_known_patient_by_number(named: Json) -> None:
    [one] = settled(sent(VALUE | named))
    assert numbers(one) == [("urn:east", "77")]
    assert one.parcel is not None
    assert isinstance(one.parcel.about, KnownPatient)
    assert (one.header.kind, one.parcel.sender) == ("FHIR Observation", "urn:east")
    [report] = one.parcel.commands
    assert isinstance(report, PostReport)
    assert report.report == only(VALUE).report  # the same one as in the patient's bundle


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/p"}, {"reference": "https://east.example/fhir/Patient/p"},
        {"display": "Roe"}, {"identifier": {"value": "77"}},
        {"identifier": {"system": "http://hl7.org/fhir/sid/us-ssn", "value": "999-51-1431"}},
        {"identifier": {"system": "urn:east", "value": "7" * 201}},
        {"reference": "Patient?identifier=urn:east|77&active=true"},
        {"reference": "Patient?identifier=urn:east|77,urn:east|78"},
        {"reference": "Patient?name=Roe"}, {"reference": "#gone"},
    ],
)  # fmt: skip
def test_a_reference_that_nobody_here_knows_is_quarantined(subject: Json) -> None:
    problem = refused(sent(VALUE | {"subject": subject}))
    assert (problem.verdict, problem.code, problem.where) == ("quarantined", "204", "Patient")
    assert "nobody here knows" in problem.reason


def test_a_lone_patient_is_recorded() -> None:
    [one] = settled(sent(PATIENT))
    assert one.parcel is not None
    assert isinstance(one.parcel.about, RecordPatient)
    assert (one.parcel.kind, one.parcel.commands) == ("FHIR Patient", ())


def test_other_resources_are_refused_by_name_and_kept() -> None:
    problem = refused(sent({"resourceType": "CarePlan"}))
    assert (problem.verdict, problem.code) == ("refused", "200")
    assert problem.reason.endswith(": CarePlan")
    stranger = refused(sent({"resourceType": "Roe Ada 77"}))
    assert stranger.verdict == "refused"
    assert "Roe" not in stranger.reason


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/q"},
        {"reference": "Patient/q", **BY_NUMBER},
        {"reference": "Patient/p", "identifier": {"system": "urn:east", "value": "78"}},
        {"reference": "Patient?identifier=urn:east|78"},
        {"reference": "https://west.example/fhir/Patient/p"},
        {"identifier": {"system": "urn:west", "value": "77"}},
        {"reference": "Encounter/e"},
        {},
    ],
)
def test_whatever_may_mean_another_patient_is_never_attributed(subject: Json) -> None:
    for resource in (VALUE, of_patient("Procedure", status="completed")):
        problem = refused(bundle(PATIENT, ENCOUNTER, resource | {"subject": subject}))
        assert (problem.verdict, problem.where) == ("quarantined", "Patient")


def test_a_contained_patient_with_another_number_is_another() -> None:
    other = [
        {
            "resourceType": "Patient",
            "id": "me",
            "identifier": [{"system": "urn:east", "value": "8"}],
        }
    ]
    changed = VALUE | {"contained": other, "subject": {"reference": "#me"}}
    assert refused(bundle(PATIENT, changed)).code == "204"
    assert len(taken(VALUE | CONTAINED).commands) == 2


def test_a_relative_reference_stays_at_its_server() -> None:
    def at(server: str, resource: Json) -> Json:
        url = f"https://{server}.example/fhir/{resource['resourceType']}/{resource['id']}"
        return {"fullUrl": url, "resource": resource}

    here = transaction(at("east", PATIENT), at("east", VALUE), kind="searchset")
    [one] = settled(here)
    assert numbers(one) == [("urn:east", "77")]
    elsewhere = transaction(at("east", PATIENT), at("west", VALUE), kind="searchset")
    assert refused(elsewhere).code == "204"


def test_results_of_two_known_patients_are_not_taken_together() -> None:
    one = VALUE | {"subject": BY_NUMBER}
    two = VALUE | {"id": "o2", "subject": {"identifier": {"system": "urn:east", "value": "78"}}}
    assert refused(bundle(one, two)).code == "204"
    assert numbers(settled(bundle(one, one | {"id": "o2"}))[0]) == [("urn:east", "77")]


def test_what_is_about_a_ward_is_left() -> None:
    ward = VALUE | {"id": "w", "subject": {"reference": "Location/ward"}}
    parcel = taken(VALUE, ward)
    assert parcel.left == {"Observation": 1}
    assert (
        refused(bundle(PATIENT, REPORT | {"result": [{"reference": "Observation/w"}]}, ward)).code
        == "204"
    )


def test_an_appointment_is_its_patient_participants() -> None:
    visit: Json = {
        "resourceType": "Appointment", "id": "a", "status": "booked",
        "participant": [
            {"actor": {"reference": "Practitioner?identifier=npi|42"}, "status": "accepted"},
            {"actor": {"reference": "Patient/p"}, "status": "accepted"},
        ],
    }  # fmt: skip
    assert len(taken(visit).commands) == 2
    two = visit | {
        "participant": [
            *visit["participant"],
            {"actor": {"reference": "Patient/q"}, "status": "accepted"},
        ]
    }
    assert refused(bundle(PATIENT, two)).code == "204"
    nobody = visit | {"participant": visit["participant"][:1]}
    assert refused(bundle(PATIENT, nobody)).code == "101"


def test_a_condition_must_mean_the_patient_that_stands_there() -> None:
    def asked(**request: str) -> bytes:
        changed = entry(PATIENT, request={"method": "POST", "url": "Patient", **request})
        return transaction(changed, entry(VALUE))

    assert settled(asked(ifNoneExist="identifier=urn:east|77"))[0].parcel is not None
    put = {"method": "PUT", "url": "Patient?identifier=urn:east|77"}
    assert settled(asked(**put))[0].parcel is not None
    assert settled(asked(method="PUT", url="Patient/p"))[0].parcel is not None
    for request in (
        {"ifNoneExist": "identifier=urn:east|78"}, {"ifNoneExist": "family=Roe"},
        {"method": "PUT", "url": "Patient/q"}, {"method": "PUT", "url": "Patient?name=Roe"},
    ):  # fmt: skip
        assert refused(asked(**request)).where == "Patient"


def test_a_transaction_that_asks_for_more_is_quarantined_whole() -> None:
    gone = {"fullUrl": "urn:uuid:o", "request": {"method": "DELETE", "url": "Observation/o"}}
    for odd in (
        gone,
        entry(VALUE, request={"method": "PATCH", "url": "Observation/o"}),
        {"fullUrl": "urn:uuid:o", "resource": VALUE},
        {"request": {"method": "POST", "url": "Observation"}},
        entry({"resourceType": "Bundle", "type": "batch"}),
        entry({"resourceType": "Nonsense"}),
    ):
        assert refused(transaction(entry(PATIENT), odd)).verdict == "quarantined"
    reading = {"request": {"method": "GET", "url": "Patient/p"}}
    [one] = settled(transaction(entry(PATIENT), reading))
    assert one.parcel is not None
    assert one.parcel.left == {"GET": 1}


def test_two_entries_of_one_name_are_quarantined() -> None:
    assert refused(transaction(entry(PATIENT), entry(VALUE), entry(VALUE))).code == "205"
    plan = {"resourceType": "CarePlan", "id": "o"}
    assert refused(transaction(entry(PATIENT), entry(VALUE), entry(plan))).code == "205"


def test_what_must_be_understood_and_is_not_is_quarantined() -> None:
    denied = VALUE | {"modifierExtension": [{"url": "urn:not", "valueBoolean": True}]}
    assert refused(bundle(PATIENT, denied)).verdict == "quarantined"
    assert refused(bundle(PATIENT, VALUE | {"implicitRules": "urn:rules"})).verdict == "quarantined"


def test_a_member_that_is_named_twice_is_no_json() -> None:
    raw = sent(VALUE | {"subject": BY_NUMBER})
    twice = raw.replace(b'"status": "final"', b'"status": "final", "status": "preliminary"')
    assert refused(twice).verdict == "refused"


def test_numbers_of_a_sender_may_be_renamed_or_name_nobody() -> None:
    renamed = Reading(ZONE, authorities={"urn:east": "NORTH"})
    lone = sent(VALUE | {"subject": BY_NUMBER})
    for raw in (lone, bundle(PATIENT, VALUE)):
        [one] = translate(raw, NOW, renamed)
        assert numbers(one) == [("NORTH", "77")]
        assert one.parcel is not None
        assert one.parcel.sender == "urn:east"
        [nobody] = translate(raw, NOW, Reading(ZONE, authorities={"urn:east": ""}))
        assert nobody.problem is not None


def test_the_sender_of_a_lone_resource_is_who_gave_the_number() -> None:
    for named in ({"subject": BY_NUMBER}, {"subject": BY_CONDITION}, CONTAINED):
        assert sender_in(sent(VALUE | named)) == "urn:east"
    assert sender_in(sent(VALUE)) == "fhir"
    assert sender_in(gzip.compress(lines(VALUE, PATIENT))) == "urn:east"
