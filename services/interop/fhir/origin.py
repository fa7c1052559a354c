"""What every handed-over resource shares: the name its sender has for it, and when it was stated."""

from __future__ import annotations

from datetime import datetime

from contracts.labs import Coding
from services.interop.fhir.bundle import Bundle, conditional
from services.interop.fhir.json import Json, codes, items, moment, text
from services.interop.fhir.values import codings
from services.interop.fhir.whom import Subject
from services.interop.parcel import Unusable
from services.interop.text import digest, short, whole

OF_SEVERAL = frozenset({"ACSN", "PLAC", "PGN", "FGN"})
"""Accessions, placer numbers and groups: several resources may have the same."""


def own_identifier(resource: Json) -> Json | None:
    """The identifier that names a resource: its filler's number, else the first of its own."""
    own = [
        one
        for one in items(resource, "identifier")
        if text(one, "value") and not _kinds(one) & OF_SEVERAL
    ]
    return next((one for one in own if "FILL" in _kinds(one)), own[0] if own else None)


def _kinds(identifier: Json) -> set[str]:
    return {code for _, code in codes(identifier, "type")}


def source_of(bundle: Bundle, resource: Json) -> str:
    """The sender's name for a resource, the same for every version of it.

    Its type with its own identifier (unless another of the type here has that too), else its id,
    else its full name. Raises Unusable without any: nothing could ever replace it.
    """
    kind = text(resource, "resourceType")
    one = own_identifier(resource)
    if one is not None and not bundle.is_alone(resource, one):
        one = None
    own = f"{text(one, 'system')}|{text(one, 'value')}" if one is not None else ""
    own = own or text(resource, "id") or next(bundle.names_of(resource), "")
    if not own:
        raise Unusable("A resource without id or identifier", code="101", where=kind)
    return whole(f"{kind}/{own}")


def named_source(bundle: Bundle, reference: Json, inside: Json, kind: str) -> str:
    """`source_of` of what a reference means; of one elsewhere, as far as the reference tells it."""
    written = text(reference, "reference")
    meant = bundle.find(written, inside) if written else None
    if meant is not None and text(meant, "resourceType") == kind:
        return source_of(bundle, meant)
    own = f"{text(reference, 'identifier', 'system')}|{text(reference, 'identifier', 'value')}"
    if own == "|":
        of, system, value = conditional(written)
        own = f"{system}|{value}" if of == kind else written.rpartition(f"{kind}/")[2]
    return whole(f"{kind}/{own}") if own else ""


def stable_id(subject: Subject, *parts: str) -> str:
    """An id for labs, the same for every version: sender, patient and the sender's own name."""
    return f"fhir.{digest(subject.sender, subject.number, *parts, length=40)}"


def stated_at(bundle: Bundle, resource: Json, received: datetime) -> datetime:
    """When this version was stated: the newest counts. Never later than it came."""
    found = moment(text(resource, "meta", "lastUpdated"), bundle.zone)
    found = found or moment(bundle.timestamp, bundle.zone)
    return min(found or received, received)


def concepts(value: object) -> tuple[Coding, ...]:
    """The codes of one CodeableConcept or several, in their order."""
    return tuple(code for one in items({"of": value}, "of") for code in codings(one))


def notes(resource: Json, element: str = "note") -> str:
    """The annotations of a resource, one a line."""
    return "\n".join(filter(None, (text(one, "text") for one in items(resource, element))))


def start_of(resource: Json, element: str) -> str:
    """`<element>DateTime`, else the start of `<element>Period`, as written."""
    return text(resource, f"{element}DateTime") or text(resource, f"{element}Period", "start")


def shorts(*words: str) -> tuple[str, ...]:
    """Short texts without empty ones and repetitions."""
    return tuple(dict.fromkeys(short(word) for word in words if word))
