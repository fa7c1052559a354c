"""A FHIR Bundle resource: which types are taken, and what its entries ask for."""

from __future__ import annotations

from datetime import tzinfo

from services.interop.fhir.bundle import Bundle, conditional
from services.interop.fhir.json import Json, at, items, text
from services.interop.parcel import Unusable

TYPES = frozenset({"transaction", "batch", "collection", "searchset"})
WITH_REQUESTS = frozenset({"transaction", "batch"})
WRITES = frozenset({"POST", "PUT"})
READS = frozenset({"GET", "HEAD"})
MOST_ENTRIES = 20_000


def opened(content: Json, zone: tzinfo) -> Bundle:
    """The bundle's resources. Raises Unusable for another kind of bundle or invalid content."""
    kind = text(content, "type")
    if kind not in TYPES:
        raise Unusable("This type of bundle is not taken", code="201", verdict="refused")
    found = at(content, "entry")
    entries = items(content, "entry")
    if found is not None and (not isinstance(found, list) or len(entries) != len(found)):
        raise Unusable("The entries of the bundle are no list of entries", code="102")
    if len(entries) > MOST_ENTRIES:
        raise Unusable("More entries in one bundle than can be taken", verdict="refused")
    bundle = Bundle(zone, text(content, "timestamp"))
    for entry in entries:
        if kind not in WITH_REQUESTS or _writes(bundle, entry):
            _add(bundle, entry)
    return bundle


def _writes(bundle: Bundle, entry: Json) -> bool:
    """Whether the entry brings something. A deletion or a patch must not pass as nothing."""
    method = text(entry, "request", "method")
    if method in READS:
        bundle.leave(method)
        return False
    if not method:
        raise Unusable("An entry without a request", code="101")
    if method not in WRITES:
        raise Unusable("An entry asks for something that is not taken", code="201")
    return True


def _add(bundle: Bundle, entry: Json) -> None:
    resource = at(entry, "resource")
    if not isinstance(resource, dict):
        raise Unusable("An entry without a resource", code="101")
    bundle.add(resource, text(entry, "fullUrl"))
    if text(resource, "resourceType") == "Patient":
        _same_person(resource, at(entry, "request"))


def _same_person(patient: Json, request: object) -> None:
    """A condition (`ifNoneExist`, a conditional update) names the person that the entry is.

    A server would take whoever fits it for the patient: so it must be a number of this one. A
    condition on anything else could mean another person.
    """
    url = text(request, "url")
    conditions = [text(request, "ifNoneExist")] if text(request, "ifNoneExist") else []
    conditions += [url.partition("?")[2]] if "?" in url else []
    own = {(text(one, "system"), text(one, "value")) for one in items(patient, "identifier")}
    for condition in conditions:
        query = condition.rpartition("?")[2]
        if conditional(f"Patient?{query}")[1:] not in own:
            raise Unusable(
                "An entry's condition names another patient", code="204", where="Patient"
            )
    named = "" if "?" in url else url.partition("Patient/")[2]
    if named and named != text(patient, "id"):
        raise Unusable("An entry's address names another patient", code="204", where="Patient")
