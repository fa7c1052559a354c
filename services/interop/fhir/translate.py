"""FHIR bytes to one parcel. Runs in a worker thread: a bundle of 3000 resources takes seconds."""

from __future__ import annotations

from datetime import datetime, tzinfo

from services.interop.fhir.bundle import Bundle
from services.interop.fhir.json import parse
from services.interop.fhir.patient import record_patient, sender_of
from services.interop.fhir.reports import Subject, reports
from services.interop.parcel import Header, Parcel, Translated, Unusable

KIND = "FHIR Bundle"
DIRECTORY = "FHIR directory"
DIRECTORY_KINDS = frozenset(
    [
        "Practitioner",
        "PractitionerRole",
        "Organization",
        "Location",
        "HealthcareService",
        "Endpoint",
    ]
)


def translate(raw: bytes, received: datetime, practice_zone: tzinfo) -> list[Translated]:
    """The bundle as a parcel, or the reason why not. Exactly one entry; never raises."""
    header = Header(kind=KIND)
    try:
        parcel = _parcel(Bundle(parse(raw), practice_zone), received)
    except Unusable as problem:
        return [Translated(header=header, problem=problem)]
    return [Translated(header=Header(kind=parcel.kind, sender=parcel.sender), parcel=parcel)]


def _parcel(bundle: Bundle, received: datetime) -> Parcel:
    """One patient's results. A directory names nobody: it is kept, and its counts say so."""
    patients = bundle.all("Patient")
    if not patients:
        return _directory(bundle)
    if len(patients) > 1:
        raise Unusable("More than one patient in the bundle", code="100", where="Patient")
    patient = record_patient(bundle, patients[0], received)
    sender = sender_of(patients[0])
    subject = Subject(
        sender=sender,
        number=f"{patient.identifiers[0].authority}|{patient.identifiers[0].value}",
        names=frozenset(bundle.names_of(patients[0])),
    )
    made, left = reports(bundle, subject, received)
    return Parcel(
        kind=KIND,
        sender=sender,
        about=patient,
        commands=made,
        left={kind: count for kind, count in sorted((left + bundle.counts).items())},
    )


def _directory(bundle: Bundle) -> Parcel:
    """Practitioners and organisations: kept for later. Their orders stay held until someone adds
    them to the directory (R20, decision j), because nothing here makes anybody a provider.
    """
    left = bundle.counts.copy()
    left["Practitioner"] += len(bundle.all("Practitioner"))
    left = +left
    if not left or set(left) - DIRECTORY_KINDS or bundle.all("DiagnosticReport"):
        raise Unusable("No patient in the bundle", code="100", where="Patient")
    if bundle.all("Observation") or bundle.all("Encounter"):
        raise Unusable("No patient in the bundle", code="100", where="Patient")
    return Parcel(kind=DIRECTORY, sender="fhir", about=None, left=dict(sorted(left.items())))
