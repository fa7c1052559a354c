"""FHIR bytes to parcels. Runs in a worker thread: a bundle of 3000 resources takes a second."""

from __future__ import annotations

from datetime import datetime

from kernel.envelope import Command
from services.interop.fhir.bundle import Bundle
from services.interop.fhir.charges import charges
from services.interop.fhir.chart import allergies, immunisations, problems, procedures, vitals
from services.interop.fhir.documents import documents
from services.interop.fhir.entries import opened
from services.interop.fhir.json import Json, parse, text, unpack
from services.interop.fhir.kinds import LOOKED_UP, R4, TAKEN
from services.interop.fhir.medications import medications
from services.interop.fhir.ndjson import bundles, is_ndjson
from services.interop.fhir.orders import orders
from services.interop.fhir.reports import reports
from services.interop.fhir.visits import visits
from services.interop.fhir.whom import Subject, whom
from services.interop.parcel import Header, Parcel, Translated, Unusable
from services.interop.reading import Reading

KIND = "FHIR Bundle"
LINES = "FHIR NDJSON"
DIRECTORY = "FHIR directory"
DIRECTORY_KINDS = frozenset(
    [
        "Practitioner",
        "PractitionerRole",
        "Organization",
        "Location",
        "HealthcareService",
        "Endpoint",
        "Medication",
    ]
)


def translate(raw: bytes, received: datetime, reading: Reading) -> list[Translated]:
    """A bundle or a lone resource as a parcel, NDJSON as one for each patient; or why not.

    At least one entry; never raises.
    """
    kind = "FHIR"
    try:
        unpacked = unpack(raw)
        if is_ndjson(unpacked):
            return [
                _translated(one, LINES, received, reading) for one in bundles(unpacked, reading)
            ]
        content = parse(unpacked)
        kind = _kind(content)
        return [_translated(_opened(content, reading), kind, received, reading)]
    except Unusable as problem:
        return [Translated(header=Header(kind=kind), problem=problem)]


def _kind(content: Json) -> str:
    """What the file is called in lists: only names that FHIR has."""
    stated = text(content, "resourceType")
    return f"FHIR {stated}" if stated in R4 else "FHIR"


def _opened(content: Json, reading: Reading) -> Bundle:
    """The bundle, or a bundle made of a lone resource."""
    kind = text(content, "resourceType")
    if kind == "Bundle":
        return opened(content, reading.practice)
    if kind not in R4:
        raise Unusable("The file is no FHIR resource", verdict="refused")
    if kind not in TAKEN | {"Patient"}:
        reason = f"This kind of resource is not taken: {kind}"
        raise Unusable(reason, code="200", where=kind, verdict="refused")
    bundle = Bundle(reading.practice)
    bundle.add(content)
    return bundle


def _translated(
    bundle: Bundle | Unusable, kind: str, received: datetime, reading: Reading
) -> Translated:
    if isinstance(bundle, Unusable):
        return Translated(header=Header(kind=kind), problem=bundle)
    try:
        parcel = _parcel(bundle, kind, received, reading)
    except Unusable as problem:
        return Translated(header=Header(kind=kind), problem=problem)
    except (ValueError, ArithmeticError, RecursionError):
        unread = Unusable("The content is beyond what can be handed over")
        return Translated(header=Header(kind=kind), problem=unread)
    return Translated(header=Header(kind=parcel.kind, sender=parcel.sender), parcel=parcel)


def _parcel(bundle: Bundle, kind: str, received: datetime, reading: Reading) -> Parcel:
    """One patient's records. A directory names nobody: it is kept, and its counts say so."""
    subject = whom(bundle, received, reading)
    if subject is None:
        return _directory(bundle)
    commands = _commands(bundle, subject, received, reading)
    return Parcel(
        kind=kind,
        sender=subject.sender,
        about=subject.about,
        commands=commands,
        left={kind: count for kind, count in sorted(bundle.counts.items()) if count},
    )


def _commands(
    bundle: Bundle, subject: Subject, received: datetime, reading: Reading
) -> tuple[Command, ...]:
    """Everything that is taken, orders before their results."""
    made, reported = reports(bundle, subject, received, reading)
    return (
        *orders(bundle, subject, received),
        *made,
        *visits(bundle, subject, received),
        *problems(bundle, subject),
        *allergies(bundle, subject),
        *medications(bundle, subject),
        *immunisations(bundle, subject),
        *procedures(bundle, subject),
        *vitals(bundle, subject, reported),
        *documents(bundle, subject),
        *charges(bundle, subject, received),
    )


def _directory(bundle: Bundle) -> Parcel:
    """Practitioners and organisations: kept for later. Their orders stay held until someone adds
    them to the directory (R20, decision j), because nothing here makes anybody a provider.
    """
    left = bundle.counts.copy()
    for kind in LOOKED_UP:
        left[kind] += len(bundle.all(kind))
    left = +left
    if not left or set(left) - DIRECTORY_KINDS:
        raise Unusable("No patient in the bundle", code="100", where="Patient")
    return Parcel(kind=DIRECTORY, sender="fhir", about=None, left=dict(sorted(left.items())))
