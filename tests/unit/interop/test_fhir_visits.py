"""FHIR visits, documents and charges as commands for the services that will own them."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from contracts.billing import PostCharges
from contracts.records import PostDocument
from contracts.scheduling import PostVisit
from services.interop.fhir.charges import cents_of
from tests.unit.interop.fhir_samples import (
    ENCOUNTER,
    PATIENT,
    Json,
    bundle,
    coded,
    made,
    of_patient,
    refused,
    taken,
    the,
)
from tests.unit.interop.samples import NOW

OWN = {"reference": "Patient/p"}
NINE, TEN = datetime(2026, 1, 1, 9, tzinfo=UTC), datetime(2026, 1, 1, 10, tzinfo=UTC)
PERIOD = {"start": "2026-01-01T09:00:00Z", "end": "2026-01-01T10:00:00Z"}


def visit(**said: Any) -> PostVisit:
    """The visit that the sample encounter is with these changes."""
    changed = ENCOUNTER | {"id": "v"} | said
    return next(one for one in made(PostVisit, changed) if one.source == "Encounter/v")


@pytest.mark.parametrize(
    ("status", "setting", "state"),
    [
        ("planned", "AMB", "booked"), ("arrived", "AMB", "arrived"), ("triaged", "EMER", "arrived"),
        ("in-progress", "AMB", "arrived"), ("in-progress", "IMP", "admitted"),
        ("onleave", "IMP", "admitted"), ("finished", "AMB", "completed"),
        ("finished", "IMP", "discharged"), ("cancelled", "IMP", "cancelled"),
        ("entered-in-error", "AMB", "deleted"), ("unknown", "AMB", "unknown"),
    ],
)  # fmt: skip
def test_an_encounters_state(status: str, setting: str, state: str) -> None:
    assert visit(status=status, **{"class": {"code": setting}}).state == state


def test_an_encounter() -> None:
    doctor = {"reference": "Practitioner?identifier=npi|42", "display": "Dr. Gray"}
    nurse = {"reference": "Practitioner?identifier=npi|43", "display": "Nurse Lee"}
    one = visit(
        period=PERIOD,
        type=[coded("1", "Check-up")],
        reasonCode=[coded("2", "Cough")],
        participant=[
            {"individual": nurse},
            {"individual": doctor, "type": [{"coding": [{"code": "ATND"}]}]},
        ],
        location=[{"location": {"display": "Room 4"}}],
        serviceProvider={"display": "East clinic"},
        meta={"lastUpdated": "2026-01-01T10:00:00Z"},
    )
    assert (one.starts, one.ends, one.stated) == (NINE, TEN, TEN)
    assert (one.providers, one.provider_names) == (("42", "43"), ("Dr. Gray", "Nurse Lee"))
    assert (one.kind[0].text, one.reasons[0].text, one.place) == ("Check-up", "Cough", "Room 4")
    assert (one.trigger, one.video, one.sender) == ("FHIR Encounter", False, "urn:east")
    assert visit(**{"class": {"code": "VR"}}).video
    assert visit(meta={"lastUpdated": "2999-01-01T10:00:00Z"}).stated == NOW


def test_a_reason_may_be_a_problem_that_stands_beside() -> None:
    problem = of_patient("Condition", code=coded("38341003", "High blood pressure"))
    named = ENCOUNTER | {"id": "v", "reasonReference": [{"reference": "Condition/x"}]}
    one = made(PostVisit, named, problem)[1]
    assert one.reasons[0].code == "38341003"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("proposed", "unknown"), ("pending", "unknown"), ("waitlist", "unknown"),
        ("booked", "booked"), ("arrived", "arrived"), ("checked-in", "arrived"),
        ("fulfilled", "completed"), ("cancelled", "cancelled"), ("noshow", "no-show"),
        ("entered-in-error", "deleted"),
    ],
)  # fmt: skip
def test_an_appointment(status: str, state: str) -> None:
    planned = {
        "resourceType": "Appointment", "id": "a", "status": status,
        "serviceType": [coded("1", "Check-up")], "description": "Bring a list",
        "start": PERIOD["start"], "end": PERIOD["end"],
        "participant": [
            {"actor": OWN, "status": "accepted"},
            {"actor": {"reference": "Practitioner?identifier=npi|42"}, "status": "accepted"},
            {"actor": {"reference": "Location/4", "display": "Room 4"}, "status": "accepted"},
        ],
    }  # fmt: skip
    encounter, one = made(PostVisit, planned)
    assert (one.state, one.starts, one.ends) == (state, NINE, TEN)
    assert (one.providers, one.place, one.note) == (("42",), "Room 4", "Bring a list")
    assert (encounter.source, one.source) == ("Encounter/e", "Appointment/a")


def document(*attachments: Json, **said: Any) -> Json:
    """A DocumentReference."""
    content = [{"attachment": one} for one in attachments or ({"title": "Scan"},)]
    return of_patient("DocumentReference", **({"status": "current", "content": content} | said))


def attached(data: bytes, kind: str = "text/plain") -> Json:
    """An attachment that comes with its bytes."""
    return {"contentType": kind, "data": base64.b64encode(data).decode()}


def test_a_plain_text_is_decoded() -> None:
    one = the(
        PostDocument,
        document(
            attached("Größe\r\n170".encode(), "text/plain; charset=utf-8"),
            attached("Größe".encode("latin-1"), "text/plain;charset=ISO-8859-1"),
            attached(b"%PDF", "application/pdf"),
            type=coded("34117-2", "History note", "http://loinc.org"),
            date="2026-01-01T09:00:00Z",
            docStatus="final",
            author=[{"display": "Dr. Gray"}],
        ),
    )
    assert one.text == "Größe\n170\n\nGröße"
    assert (one.title, one.status, one.written) == ("History note", "final", NINE)
    assert (one.author, one.source) == ("Dr. Gray", "DocumentReference/x")


def test_other_attachments_have_a_heading_only() -> None:
    for odd in (
        attached(b"<p>x</p>", "text/html"), attached(b"x", "text/plain; charset=utf-7"),
        {"contentType": "text/plain", "url": "https://x.example/1"}, attached(b"x" * 500_001),
    ):  # fmt: skip
        one = the(PostDocument, document(odd | {"title": "Letter"}))
        assert (one.title, one.text, one.status) == ("Letter", "", "unknown")


@pytest.mark.parametrize("data", ["%%%%", "QQ", base64.b64encode(b"\xff\xfe").decode()])
def test_a_text_that_cannot_be_decoded_is_quarantined(data: str) -> None:
    broken = {"contentType": "text/plain", "data": data}
    assert refused(bundle(PATIENT, document(broken))).code == "102"


def test_a_document_is_withdrawn_or_replaces_another() -> None:
    for wrong in ({"status": "entered-in-error"}, {"docStatus": "entered-in-error"}):
        one = the(PostDocument, document(**wrong))
        assert (one.status, one.removed) == ("wrong", True)
    older = document() | {"id": "old", "identifier": [{"system": "urn:d", "value": "1"}]}
    target = {"reference": "DocumentReference/old"}
    newer = document(relatesTo=[{"code": "replaces", "target": target}])
    old, new = made(PostDocument, older, newer)
    assert new.replaces == old.source == "DocumentReference/urn:d|1"
    assert the(PostDocument, newer).replaces == "DocumentReference/old"


CLAIM: Json = {
    "resourceType": "Claim", "id": "c", "patient": OWN, "status": "active", "use": "claim",
    "type": coded("professional"), "created": "2026-01-01", "provider": {"display": "P"},
    "priority": coded("normal"), "billablePeriod": {"start": "2026-01-01T23:30:00-08:00"},
    "insurance": [{"sequence": 1, "focal": True, "coverage": {"display": "C"}}],
    "diagnosis": [{"sequence": 1, "diagnosisCodeableConcept": coded("J06.9", "Cold")}],
    "item": [
        {"sequence": 1, "productOrService": coded("99213", "Visit"), "diagnosisSequence": [1],
         "net": {"value": 80.1, "currency": "USD"}, "quantity": {"value": 2},
         "encounter": [{"reference": "Encounter/e"}]},
        {"sequence": 2, "productOrService": coded("81000"), "servicedDate": "2026-01-03"},
    ],
}  # fmt: skip


def test_a_claim() -> None:
    one = the(PostCharges, CLAIM)
    assert (one.kind, one.status, one.source) == ("claim", "active", "Claim/c")
    assert one.visit == the(PostVisit).source
    first, second = one.charges
    assert (first.cents, first.quantity, first.on) == (8010, 2, date(2026, 1, 1))
    assert (first.codes[0].code, first.diagnoses[0].code) == ("99213", "J06.9")
    assert (second.cents, second.on, second.diagnoses) == (None, date(2026, 1, 3), ())


@pytest.mark.parametrize(
    ("value", "currency", "cents"),
    [("0.1", "USD", 10), ("1.005", "USD", 101), ("33333333333.33", "USD", 3333333333333),
     ("-5", "USD", -500), ("1e-999", "USD", 0), ("500", "JPY", 500)],
)  # fmt: skip
def test_money_is_counted_in_cents_without_rounding_twice(
    value: str, currency: str, cents: int
) -> None:

    assert cents_of({"value": Decimal(value), "currency": currency}) == cents


def test_an_amount_beyond_reason_is_quarantined() -> None:
    raw = bundle(PATIENT, CLAIM).replace(b"80.1", b"1e999")
    assert refused(raw).code == "103"


def test_a_total_counts_where_no_line_has_an_amount() -> None:
    bare = [{k: v for k, v in item.items() if k != "net"} for item in CLAIM["item"]]
    total = {"total": {"value": 125.5, "currency": "USD"}}
    one = the(PostCharges, CLAIM | total | {"item": bare})
    assert [(line.source, line.cents) for line in one.charges] == [
        ("1", None),
        ("2", None),
        ("total", 12550),
    ]
    assert len(the(PostCharges, CLAIM | total).charges) == 2


def test_a_benefit_says_what_was_paid() -> None:
    benefit = {k: v for k, v in CLAIM.items() if k not in ("priority", "item", "insurance")} | {
        "resourceType": "ExplanationOfBenefit", "outcome": "complete", "insurer": {"display": "I"},
        "insurance": [{"focal": True, "coverage": {"display": "C"}}],
        "payment": {"amount": {"value": 40, "currency": "USD"}, "date": "2026-02-01"},
        "total": [
            {"category": coded("benefit"), "amount": {"value": 40}},
            {"category": coded("submitted"), "amount": {"value": 80.1}},
        ],
    }  # fmt: skip
    one = the(PostCharges, benefit)
    assert (one.kind, one.source) == ("benefit", "ExplanationOfBenefit/c")
    assert [(line.kind, line.cents) for line in one.charges] == [
        ("charge", 8010),
        ("payment", 4000),
    ]
    assert one.charges[1].on == date(2026, 2, 1)


def test_a_question_about_a_price_is_no_charge() -> None:
    assert taken(CLAIM | {"use": "predetermination"}).left == {"Claim": 1}


def test_a_claim_of_too_many_lines_is_quarantined() -> None:
    lines = [{"sequence": n, "productOrService": coded("1")} for n in range(1, 1100)]
    assert refused(bundle(PATIENT, CLAIM | {"item": lines})).verdict == "quarantined"
