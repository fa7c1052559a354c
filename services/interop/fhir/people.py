"""Who of the practice is meant: practitioners by reference."""

from __future__ import annotations

from contracts.labs import Orderer
from services.interop.fhir.bundle import Bundle, conditional, named_type
from services.interop.fhir.json import Json, codes, items, text
from services.interop.text import short

ATTENDING_FIRST = ("ATND", "PPRF")
MOST_IDS = 20


def practitioner(bundle: Bundle, reference: object, inside: Json) -> Orderer:
    """A practitioner by reference: in the bundle, conditional, or by identifier alone.

    Of a role its practitioner. An organisation, a device or the patient is nobody here.
    """
    found = bundle.find(text(reference, "reference"), inside)
    if text(found, "resourceType") == "PractitionerRole" and found is not None:
        reference, inside = found.get("practitioner"), found
        found = bundle.find(text(reference, "reference"), inside)
    written = text(reference, "reference")
    kind = text(found, "resourceType") or named_type(written) or text(reference, "type")
    if kind and kind != "Practitioner":
        return Orderer()
    ids = [text(one, "value") for one in items(found, "identifier")]
    ids += [text(reference, "identifier", "value"), conditional(written)[2]]
    name = text(reference, "display") or text(found, "name", 0, "text")
    name = name or text(found, "name", 0, "family")
    unique = dict.fromkeys(short(one) for one in ids if one)
    return Orderer(ids=tuple(unique)[:MOST_IDS], name=short(name))


def ranked(encounter: Json) -> list[Json]:
    """An encounter's participants, attending and performing ones first."""

    def rank(participant: Json) -> int:
        kinds = {code for _, code in codes(participant, "type")}
        return min((n for n, kind in enumerate(ATTENDING_FIRST) if kind in kinds), default=9)

    return sorted(items(encounter, "participant"), key=rank)
