"""A bundle's resources: validated as R4, found by reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import tzinfo
from importlib import import_module
from urllib.parse import unquote

from pydantic import BaseModel, ValidationError

from services.interop.fhir.json import Json, at, items, text
from services.interop.parcel import Unusable

USED = {
    "Patient": "patient",
    "Practitioner": "practitioner",
    "Encounter": "encounter",
    "DiagnosticReport": "diagnosticreport",
    "Observation": "observation",
    "ServiceRequest": "servicerequest",
    "Specimen": "specimen",
}
"""The resources that are translated, with the module of their model. Others are kept as bytes
and counted; their models are not even imported (each costs memory that stays)."""

TYPES = frozenset({"transaction", "batch", "collection", "searchset"})
WRITES = frozenset({"", "POST", "PUT"})
MOST_ENTRIES = 20_000


class Bundle:
    """The resources of one bundle by type and by the names that references use.

    `zone` is the practice's: dates without an offset are read there.
    """

    def __init__(self, content: Json, zone: tzinfo) -> None:
        """Raises Unusable for another resource, another kind of bundle, or invalid content."""
        if text(content, "resourceType") != "Bundle":
            raise Unusable("The file is no FHIR bundle", verdict="refused")
        if text(content, "type") not in TYPES:
            raise Unusable("This type of bundle is not taken", verdict="refused")
        entries = items(content, "entry")
        if len(entries) > MOST_ENTRIES:
            raise Unusable("More entries in one bundle than can be taken", verdict="refused")
        self.zone = zone
        self.timestamp = text(content, "timestamp")
        self.counts: Counter[str] = Counter()
        self._by_type: dict[str, list[Json]] = {}
        self._by_name: dict[str, Json] = {}
        for entry in entries:
            self._add(entry)

    def _add(self, entry: Json) -> None:
        resource = at(entry, "resource")
        kind = text(resource, "resourceType")
        if not isinstance(resource, dict) or not kind.isalpha():
            raise Unusable("An entry without a resource")
        if text(entry, "request", "method") not in WRITES or kind not in USED:
            self.counts[kind[:60]] += 1
            return
        validate(resource, kind)
        self._by_type.setdefault(kind, []).append(resource)
        named = [text(entry, "fullUrl")]
        if text(resource, "id"):
            named.append(f"{kind}/{text(resource, 'id')}")
        for name in filter(None, named):
            if self._by_name.setdefault(name, resource) is not resource:
                raise Unusable("Two entries of one name")

    def all(self, kind: str) -> list[Json]:
        """Every resource of this type, in the bundle's order."""
        return self._by_type.get(kind, [])

    def find(self, reference: str, inside: Json | None = None) -> Json | None:
        """The resource that a reference means, in the bundle or contained; None when it is not here.

        A conditional reference (`Practitioner?identifier=system|value`) is looked up too.
        """
        if reference.startswith("#"):
            contained = items(inside or {}, "contained")
            return next((one for one in contained if text(one, "id") == reference[1:]), None)
        if found := self._by_name.get(reference):
            return found
        kind, system, value = conditional(reference)
        for one in self.all(kind):
            for held in items(one, "identifier"):
                if text(held, "value") == value and text(held, "system") == system:
                    return one
        relative = "/".join(reference.split("/")[-2:])
        return self._by_name.get(relative) if "://" in reference else None

    def names_of(self, resource: Json) -> Iterator[str]:
        """Every name under which a reference may mean this resource."""
        return (name for name, one in self._by_name.items() if one is resource)


def conditional(reference: str) -> tuple[str, str, str]:
    """(type, system, value) of `Type?identifier=system|value`; empty strings for other references."""
    kind, mark, query = reference.partition("?identifier=")
    if not mark:
        return "", "", ""
    system, bar, value = unquote(query).partition("|")
    return (kind, system, value) if bar else (kind, "", system)


def validate(resource: Json, kind: str) -> None:
    """Check one resource against the R4B model. Raises Unusable; never shows what was wrong in it."""
    module = import_module(f"fhir.resources.R4B.{USED[kind]}")
    model: type[BaseModel] = getattr(module, kind)
    try:
        model.model_validate(resource)
    except (ValidationError, ValueError, TypeError, RecursionError) as invalid:
        raise Unusable(f"A resource is not valid FHIR R4: {kind}", code="102") from invalid
