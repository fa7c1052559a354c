"""FHIR Encounter and Appointment to scheduling.PostVisit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from contracts.labs import Coding, Orderer
from contracts.scheduling import PostVisit, VisitState
from services.interop.fhir.bundle import Bundle, named_type
from services.interop.fhir.json import Json, at, items, moment, text
from services.interop.fhir.origin import concepts, notes, shorts, source_of, stated_at
from services.interop.fhir.people import practitioner, ranked
from services.interop.fhir.values import codings
from services.interop.fhir.whom import Subject
from services.interop.parcel import PENDING
from services.interop.text import short

IN_HOSPITAL = frozenset({"IMP", "ACUTE", "NONAC"})
VIRTUAL = "VR"
ENCOUNTERS: dict[str, VisitState] = {
    "planned": "booked", "arrived": "arrived", "triaged": "arrived", "in-progress": "arrived",
    "onleave": "arrived", "finished": "completed", "cancelled": "cancelled",
    "entered-in-error": "deleted", "unknown": "unknown",
}  # fmt: skip
STAYS: dict[str, VisitState] = {
    "in-progress": "admitted", "onleave": "admitted", "finished": "discharged",
}  # fmt: skip
"""The same words of a stay in hospital."""

APPOINTMENTS: dict[str, VisitState] = {
    "proposed": "unknown", "pending": "unknown", "waitlist": "unknown", "booked": "booked",
    "arrived": "arrived", "checked-in": "arrived", "fulfilled": "completed",
    "cancelled": "cancelled", "noshow": "no-show", "entered-in-error": "deleted",
}  # fmt: skip
"""What not everybody has agreed to is no booked visit."""

MOST_PEOPLE = 20


def visits(bundle: Bundle, subject: Subject, received: datetime) -> Iterator[PostVisit]:
    """Every encounter and appointment."""
    for one in bundle.all("Encounter"):
        yield _encounter(bundle, one, subject, received)
    for one in bundle.all("Appointment"):
        yield _appointment(bundle, one, subject, received)


def _encounter(bundle: Bundle, one: Json, subject: Subject, received: datetime) -> PostVisit:
    status, setting = text(one, "status"), text(one, "class", "code")
    seen = [practitioner(bundle, each.get("individual"), one) for each in ranked(one)]
    state = ENCOUNTERS[status]
    return PostVisit(
        patient=PENDING,
        sender=subject.sender,
        source=source_of(bundle, one),
        stated=stated_at(bundle, one, received),
        trigger="FHIR Encounter",
        state=STAYS.get(status, state) if setting in IN_HOSPITAL else state,
        starts=moment(text(one, "period", "start"), bundle.zone),
        ends=moment(text(one, "period", "end"), bundle.zone),
        reasons=concepts(one.get("reasonCode")) or _problems(bundle, one),
        kind=concepts(one.get("type")),
        providers=_ids(seen),
        provider_names=_names(seen),
        place=short(
            text(one, "location", 0, "location", "display")
            or text(one, "serviceProvider", "display")
        ),
        video=setting == VIRTUAL,
    )


def _appointment(bundle: Bundle, one: Json, subject: Subject, received: datetime) -> PostVisit:
    actors = [at(each, "actor") for each in items(one, "participant")]
    seen = [practitioner(bundle, each, one) for each in actors]
    places = (
        text(each, "display")
        for each in actors
        if named_type(text(each, "reference")) == "Location" or text(each, "type") == "Location"
    )
    return PostVisit(
        patient=PENDING,
        sender=subject.sender,
        source=source_of(bundle, one),
        stated=stated_at(bundle, one, received),
        trigger="FHIR Appointment",
        state=APPOINTMENTS[text(one, "status")],
        starts=moment(text(one, "start"), bundle.zone),
        ends=moment(text(one, "end"), bundle.zone),
        reasons=concepts(one.get("reasonCode")) or _problems(bundle, one),
        kind=concepts(one.get("serviceType")) + codings(one.get("appointmentType")),
        providers=_ids(seen),
        provider_names=_names(seen),
        place=short(next(places, "")),
        note="\n".join(
            filter(None, (text(one, "description"), text(one, "patientInstruction"), notes(one)))
        ),
    )


def _problems(bundle: Bundle, one: Json) -> tuple[Coding, ...]:
    """The problems that it is about, where they are here or named."""
    found: list[Coding] = []
    for reference in items(one, "reasonReference"):
        meant = bundle.find(text(reference, "reference"), one)
        said = short(text(reference, "display"), 500)
        found += codings(at(meant, "code")) or ((Coding(text=said),) if said else ())
    return tuple(found)


def _ids(seen: list[Orderer]) -> tuple[str, ...]:
    return shorts(*(id for one in seen for id in one.ids))[:MOST_PEOPLE]


def _names(seen: list[Orderer]) -> tuple[str, ...]:
    return shorts(*(one.name for one in seen))[:MOST_PEOPLE]
