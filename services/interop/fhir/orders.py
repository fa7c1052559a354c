"""FHIR ServiceRequests for laboratory tests to labs.PostOrder, and the numbers that reports share."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from contracts.labs import PostOrder
from services.interop.fhir.bundle import Bundle, conditional
from services.interop.fhir.json import Json, at, codes, items, moment, text
from services.interop.fhir.origin import shorts, source_of, stable_id, stated_at
from services.interop.fhir.people import practitioner
from services.interop.fhir.values import LOINC, codings
from services.interop.fhir.whom import Subject
from services.interop.parcel import PENDING
from services.interop.text import whole

KIND = "ServiceRequest"
LABORATORY = frozenset({"108252007", "laboratory", "LAB"})
"""SNOMED CT's laboratory procedure, and what the categories of results say."""

NOT_ORDERED = frozenset({"proposal", "plan", "directive", "option"})
"""Intents that ask for nothing yet."""

CANCELLED = frozenset({"revoked", "entered-in-error"})
MOST_NUMBERS = 20


def orders(bundle: Bundle, subject: Subject, received: datetime) -> Iterator[PostOrder]:
    """Every order of laboratory tests with patient `PENDING`; other requests are counted as left."""
    for request in bundle.all(KIND):
        if not _is_laboratory(request) or not is_asked_for(request):
            bundle.leave(KIND)
            continue
        coded = [one for part in ("code", "orderDetail") for one in items(request, part)]
        words = (one.text or one.code for concept in coded for one in codings(concept))
        yield PostOrder(
            order=stable_id(subject, source_of(bundle, request)),
            patient=PENDING,
            sender=subject.sender,
            numbers=_numbers(request),
            orderer=practitioner(bundle, request.get("requester"), request),
            codes=shorts(*words)[:MOST_NUMBERS],
            ordered=moment(text(request, "authoredOn"), bundle.zone),
            stated=stated_at(bundle, request, received),
            cancelled=text(request, "status") in CANCELLED,
        )


def _is_laboratory(request: Json) -> bool:
    """By its category; a request without one by a laboratory code (LOINC)."""
    categories = {code for _, code in codes(request, "category")}
    if categories:
        return bool(categories & LABORATORY)
    return any(system == LOINC for system, _ in codes(request, "code"))


def is_asked_for(request: Json) -> bool:
    """Whether a request asks for something: no draft, no proposal, no "do not"."""
    return (
        text(request, "intent") not in NOT_ORDERED
        and text(request, "status") != "draft"
        and at(request, "doNotPerform") is not True
    )


def _numbers(request: Json) -> tuple[str, ...]:
    """An order's numbers: its identifiers' values, and how a reference names it."""
    own = [text(one, "value") for one in items(request, "identifier")]
    name = f"{KIND}/{text(request, 'id')}" if text(request, "id") else ""
    return shorts(*map(whole, filter(None, [*own, name])))[:MOST_NUMBERS]


def order_of(bundle: Bundle, head: Json) -> Json | None:
    """The first request that a report is based on and that is here."""
    for reference in items(head, "basedOn"):
        found = bundle.find(text(reference, "reference"), head)
        if text(found, "resourceType") == KIND:
            return found
    return None


def numbers_of(bundle: Bundle, head: Json) -> tuple[str, ...]:
    """The numbers by which a report finds its orders: its own, and those of what it is based on."""
    found = [text(one, "value") for one in items(head, "identifier")]
    for reference in items(head, "basedOn"):
        written = text(reference, "reference")
        meant = bundle.find(written, head)
        if meant is not None:
            found += _numbers(meant) if text(meant, "resourceType") == KIND else ()
            continue
        found += [text(reference, "identifier", "value"), conditional(written)[2]]
        _, named, own = written.rpartition(f"{KIND}/")
        found.append(f"{KIND}/{own}" if named else "")
    return shorts(*map(whole, filter(None, found)))[:MOST_NUMBERS]
