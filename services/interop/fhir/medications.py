"""FHIR MedicationRequest and MedicationDispense to records.PostMedication (R9, R10, R38)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Literal

from contracts.labs import Coding
from contracts.records import PostMedication
from services.interop.fhir.bundle import Bundle
from services.interop.fhir.json import Json, at, items, moment, text
from services.interop.fhir.orders import is_asked_for
from services.interop.fhir.origin import source_of
from services.interop.fhir.people import practitioner
from services.interop.fhir.values import codings, worded
from services.interop.fhir.whom import Subject
from services.interop.parcel import PENDING
from services.interop.text import short

REQUEST, DISPENSE = "MedicationRequest", "MedicationDispense"
State = Literal["active", "stopped", "completed", "on-hold", "cancelled", "wrong", "unknown"]
STATES: dict[str, State] = {
    "active": "active", "preparation": "active", "in-progress": "active", "on-hold": "on-hold",
    "cancelled": "cancelled", "declined": "cancelled", "completed": "completed",
    "stopped": "stopped", "entered-in-error": "wrong", "unknown": "unknown",
}  # fmt: skip
DAYS = {"d": 1, "day": 1, "days": 1, "wk": 7, "week": 7, "weeks": 7}
"""A month has no fixed number of days: it is not made into one."""

MOST_WHOLE = 10_000


def medications(bundle: Bundle, subject: Subject) -> Iterator[PostMedication]:
    """Prescriptions and dispenses. Drafts, proposals and "do not take" are counted as left."""
    for one in bundle.all(REQUEST):
        if is_asked_for(one):
            yield _prescribed(bundle, one, subject)
        else:
            bundle.leave(REQUEST)
    for one in bundle.all(DISPENSE):
        yield _dispensed(bundle, one, subject)


def _prescribed(bundle: Bundle, one: Json, subject: Subject) -> PostMedication:
    fill = at(one, "dispenseRequest")
    prescriber = practitioner(bundle, one.get("requester"), one)
    status = STATES[text(one, "status")]
    written = moment(text(one, "authoredOn"), bundle.zone)
    return PostMedication(
        patient=PENDING,
        sender=subject.sender,
        source=source_of(bundle, one),
        recorded=written,
        removed=status == "wrong",
        codes=_codes(bundle, one),
        kind="prescribed",
        status=status,
        directions=_directions(one),
        quantity=short(worded(at(fill, "quantity"))),
        days=_days(at(fill, "expectedSupplyDuration")),
        refills=_whole(at(fill, "numberOfRepeatsAllowed")),
        prescriber=prescriber.ids,
        prescriber_name=prescriber.name,
        pharmacy=short(text(fill, "performer", "display")),
        started=_bound(bundle, one, "start") or written,
        ended=_bound(bundle, one, "end"),
    )


def _dispensed(bundle: Bundle, one: Json, subject: Subject) -> PostMedication:
    order = _order(bundle, one)
    prescriber = practitioner(bundle, at(order, "requester"), order or one)
    status = STATES[text(one, "status")]
    handed = text(one, "whenHandedOver") or text(one, "whenPrepared")
    pharmacies = (text(each, "actor", "display") for each in items(one, "performer"))
    return PostMedication(
        patient=PENDING,
        sender=subject.sender,
        source=source_of(bundle, one),
        recorded=moment(handed, bundle.zone),
        removed=status == "wrong",
        codes=_codes(bundle, one),
        kind="dispensed",
        status=status,
        directions=_directions(one),
        quantity=short(worded(at(one, "quantity"))),
        days=_days(at(one, "daysSupply")),
        prescriber=prescriber.ids,
        prescriber_name=prescriber.name,
        pharmacy=short(text(one, "location", "display") or next(pharmacies, "")),
        started=moment(handed, bundle.zone),
    )


def _order(bundle: Bundle, dispense: Json) -> Json | None:
    """The prescription that was filled, where it is here."""
    for reference in items(dispense, "authorizingPrescription"):
        found = bundle.find(text(reference, "reference"), dispense)
        if text(found, "resourceType") == REQUEST:
            return found
    return None


def _codes(bundle: Bundle, one: Json) -> tuple[Coding, ...]:
    """What it is: coded in place, of the Medication that it refers to, else by its name alone."""
    stated = codings(one.get("medicationCodeableConcept"))
    if stated:
        return stated
    reference = at(one, "medicationReference")
    meant = bundle.find(text(reference, "reference"), one)
    if text(meant, "resourceType") == "Medication":
        stated = codings(at(meant, "code"))
    said = text(reference, "display")
    return stated or ((Coding(text=short(said, 500)),) if said else ())


def _directions(one: Json) -> str:
    """The sender's own words. Structured doses are not put into words here: a slip would harm."""
    said = []
    for dose in items(one, "dosageInstruction"):
        said.append(
            text(dose, "patientInstruction")
            or text(dose, "text")
            or "; ".join(filter(None, (text(dose, "timing", "code", "text"), *_more(dose))))
        )
    return "\n".join(filter(None, said))


def _more(dose: Json) -> Iterator[str]:
    """The additional instructions of a dose."""
    for one in items(dose, "additionalInstruction"):
        yield from (code.text for code in codings(one))


def _bound(bundle: Bundle, one: Json, edge: str) -> datetime | None:
    """When it is to be taken from or until, as its first dosage says."""
    return moment(
        text(one, "dosageInstruction", 0, "timing", "repeat", "boundsPeriod", edge), bundle.zone
    )


def _days(duration: object) -> int | None:
    """A duration in whole days; None in other units."""
    unit = text(duration, "code") or text(duration, "unit")
    each, count = DAYS.get(unit), _whole(at(duration, "value"))
    return count * each if each and count is not None else None


def _whole(number: object) -> int | None:
    """A whole number from 0 up to what can be true; None for anything else."""
    if isinstance(number, bool) or not isinstance(number, int | Decimal):
        return None
    if not 0 <= number <= MOST_WHOLE:
        return None
    return int(number) if number == int(number) else None
