"""Whom everything is about: one patient, named by every resource, or nothing is taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from contracts.identity import Identifier, KnownPatient, RecordPatient
from services.interop.fhir.bundle import Bundle, conditional, named_type
from services.interop.fhir.json import Json, at, items, text
from services.interop.fhir.kinds import TAKEN
from services.interop.fhir.patient import numbers, record_patient, sender_of
from services.interop.parcel import Unusable
from services.interop.reading import Reading

OTHERS = frozenset({
    "Group", "Device", "Location", "Organization", "Practitioner", "PractitionerRole", "Substance",
    "Medication", "HealthcareService", "RelatedPerson", "NutritionProduct",
    "BiologicallyDerivedProduct",
})  # fmt: skip
"""Subjects that are no patient: a ward's water sample is nobody's result."""

UNKNOWN = "The patient is named by a reference that nobody here knows"
ANOTHER = "A resource does not name the patient that the others name"


@dataclass(frozen=True, slots=True, repr=False)
class Subject:
    """Whose records these are.

    `about` asks identity for the person, `numbers` are the record numbers in it, `resource` the
    Patient where there is one. `number` is the first, by which ids are made.
    """

    about: RecordPatient | KnownPatient
    sender: str
    resource: Json | None

    @property
    def numbers(self) -> tuple[Identifier, ...]:
        """The record numbers that mean this patient."""
        return self.about.identifiers

    @property
    def number(self) -> str:
        """The first record number with who gave it."""
        return f"{self.numbers[0].authority}|{self.numbers[0].value}"


def whom(bundle: Bundle, received: datetime, reading: Reading) -> Subject | None:
    """The one patient, of whom every resource is; None when nothing is about a patient.

    What is about a ward or a device is set aside and counted. Raises Unusable when a resource
    names another patient, or nobody.
    """
    patients = bundle.all("Patient")
    if len(patients) > 1:
        raise Unusable("More than one patient in the bundle", code="100", where="Patient")
    for kind in sorted(TAKEN):
        bundle.set_aside(kind, lambda resource: _about_another_thing(bundle, resource))
    taken = [one for kind in sorted(TAKEN) for one in bundle.all(kind)]
    specimens = [one for one in bundle.all("Specimen") if _is_of_a_patient(bundle, one)]
    if patients:
        about = record_patient(bundle, patients[0], received, reading)
        subject = Subject(about, sender_of(patients[0]), patients[0])
    elif taken:
        known = stated_numbers(bundle, taken[0], reading)
        if not known:
            raise Unusable(UNKNOWN, code="204", where="Patient")
        sender = stated_numbers(bundle, taken[0], Reading(reading.practice))[0].authority
        subject = Subject(KnownPatient(identifiers=known), sender, None)
    else:
        return None
    for resource in (*taken, *specimens):
        same_patient(bundle, resource, subject, reading)
    return subject


def subjects(bundle: Bundle, resource: Json) -> list[Json]:
    """The references that say whom a resource is about: its `subject`, or `patient`."""
    if text(resource, "resourceType") == "Appointment":
        actors = [at(one, "actor") for one in items(resource, "participant")]
        return [one for one in actors if _type_of(bundle, one, resource) == "Patient"]
    return items(resource, "subject") or items(resource, "patient")


def _about_another_thing(bundle: Bundle, resource: Json) -> bool:
    found = subjects(bundle, resource)
    return bool(found) and all(_type_of(bundle, one, resource) in OTHERS for one in found)


def _is_of_a_patient(bundle: Bundle, specimen: Json) -> bool:
    """Specimens may say nothing, or be a ward's; one of another patient dates nothing here."""
    return bool(subjects(bundle, specimen)) and not _about_another_thing(bundle, specimen)


def _type_of(bundle: Bundle, reference: object, inside: Json) -> str:
    written = text(reference, "reference")
    meant = bundle.find(written, inside) if written else None
    return text(meant, "resourceType") or named_type(written) or text(reference, "type")


def stated_numbers(bundle: Bundle, resource: Json, reading: Reading) -> tuple[Identifier, ...]:
    """The record numbers by which a resource names its patient without a Patient resource."""
    found: dict[tuple[str, str], Identifier] = {}
    for reference in subjects(bundle, resource):
        for one in _numbers_in(bundle, reference, resource, reading):
            found.setdefault((one.authority, one.value), one)
    return tuple(found.values())


def _numbers_in(
    bundle: Bundle, reference: Json, inside: Json, reading: Reading
) -> tuple[Identifier, ...]:
    """By its identifier, a condition on one, or a contained Patient; never one without a system."""
    written = text(reference, "reference")
    kind, system, value = conditional(written)
    listed = items(reference, "identifier")
    if kind == "Patient":
        listed = [*listed, {"system": system, "value": value}]
    contained = bundle.find(written, inside) if written.startswith("#") else None
    if text(contained, "resourceType") == "Patient":
        listed = [*listed, *items(contained, "identifier")]
    return numbers([one for one in listed if text(one, "system")], reading)


def same_patient(bundle: Bundle, resource: Json, subject: Subject, reading: Reading) -> None:
    """Raises Unusable unless each way in which a resource names its patient means this one."""
    references = subjects(bundle, resource)
    if not references:
        raise Unusable("A resource names no patient", code="101", where="Patient")
    for reference in references:
        if not _means(bundle, reference, resource, subject, reading):
            known = subject.resource or stated_numbers(bundle, resource, reading)
            raise Unusable(ANOTHER if known else UNKNOWN, code="204", where="Patient")


def _means(
    bundle: Bundle, reference: Json, inside: Json, subject: Subject, reading: Reading
) -> bool:
    said = _numbers_in(bundle, reference, inside, reading)
    own = {(one.authority, one.value) for one in subject.numbers}
    agreed = [one for one in said if (one.authority, one.value) in own]
    if _contradicted(said, subject):
        return False
    written = text(reference, "reference")
    meant = bundle.find(written, inside) if written else None
    if meant is not None and meant is subject.resource:
        return True
    contained = text(meant, "resourceType") == "Patient" and written.startswith("#")
    if meant is not None and not contained:
        return False
    if subject.resource is not None and written and not contained and not conditional(written)[0]:
        return False
    return bool(agreed)


def _contradicted(said: tuple[Identifier, ...], subject: Subject) -> bool:
    """Whether an authority is named by which this patient has another number, and only that."""
    mine: dict[str, set[str]] = {}
    theirs: dict[str, set[str]] = {}
    for one in subject.numbers:
        mine.setdefault(one.authority, set()).add(one.value)
    for one in said:
        theirs.setdefault(one.authority, set()).add(one.value)
    return any(not theirs[key] & mine[key] for key in theirs.keys() & mine.keys())
