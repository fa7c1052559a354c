"""What came together: resources by type and by the names that references use."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import tzinfo
from urllib.parse import unquote

from services.interop.fhir.json import Json, items, text
from services.interop.fhir.kinds import R4, USED, validate
from services.interop.parcel import Unusable

RELATIVE = re.compile(r"[A-Za-z]{1,60}/[A-Za-z0-9.-]{1,64}")
NAMED_TYPE = re.compile(r"(?:^|/)([A-Z][A-Za-z]{1,60})[/?]")
VERSION = re.compile(r"/_history/[^/]*$")


class Bundle:
    """The validated resources of one bundle, one line group or one lone resource.

    `zone` is the practice's: dates without an offset are read there. `behind` is looked into for
    what is not here: the practitioners that many patients of one file share.
    """

    def __init__(self, zone: tzinfo, timestamp: str = "", behind: Bundle | None = None) -> None:
        self.zone = zone
        self.timestamp = timestamp
        self.counts: Counter[str] = Counter()
        self._behind = behind
        self._by_type: dict[str, list[Json]] = {}
        self._by_name: dict[str, Json] = {}
        self._by_number: dict[tuple[str, str, str], Json | None] = {}
        self._home: dict[int, Json] = {}
        self._base: dict[int, str] = {}

    def add(self, resource: Json, full_url: str = "") -> None:
        """Take one in; kinds that are not used are counted. Raises Unusable for an invalid one."""
        kind = text(resource, "resourceType")
        if kind not in R4 or kind == "Bundle":
            raise Unusable("An entry of a type that cannot be in a bundle", code="102")
        own = text(resource, "id")
        for name in filter(None, (full_url, f"{kind}/{own}" if own else "")):
            if self._by_name.setdefault(name, resource) is not resource:
                raise Unusable("Two entries of one name", code="205")
        if kind not in USED:
            self.leave(kind)
            return
        validate(resource, kind)
        self._by_type.setdefault(kind, []).append(resource)
        self._base[id(resource)] = base_of(full_url, kind)
        for one in items(resource, "contained"):
            self._home[id(one)] = resource
        for one in items(resource, "identifier"):
            number = kind, text(one, "system"), text(one, "value")
            other = self._by_number.setdefault(number, resource)
            self._by_number[number] = resource if other is resource else None

    def leave(self, kind: str) -> None:
        """Count a resource that nobody takes."""
        self.counts[kind] += 1

    def set_aside(self, kind: str, which: Callable[[Json], bool]) -> None:
        """Count those of a type that are not about the patient; they are taken for nothing more."""
        kept = [one for one in self.all(kind) if not which(one)]
        self.counts[kind] += len(self.all(kind)) - len(kept)
        self._by_type[kind] = kept

    def all(self, kind: str) -> list[Json]:
        """Every resource of this type, in the order given."""
        return self._by_type.get(kind, [])

    def find(self, reference: str, inside: Json) -> Json | None:
        """The resource that a reference in `inside` means; None when it is not here.

        A contained one (`#x`), one by its full name, one by type and id where both stand at the
        same server, or by a condition (`Practitioner?identifier=system|value`) that one fits.
        """
        inside = self._home.get(id(inside), inside)
        if reference.startswith("#"):
            contained = items(inside, "contained")
            return next((one for one in contained if text(one, "id") == reference[1:]), None)
        found = self._named(VERSION.sub("", reference), inside)
        if found is None:
            found = self._by_number.get(conditional(reference))
        if found is None and self._behind is not None:
            found = self._behind.find(reference, inside)
        return found

    def _named(self, name: str, inside: Json) -> Json | None:
        found = self._by_name.get(name)
        if found is None or not RELATIVE.fullmatch(name):
            return found
        here, there = self._base.get(id(inside), ""), self._base.get(id(found), "")
        return None if here and there and here != there else found

    def is_alone(self, resource: Json, identifier: Json) -> bool:
        """Whether no other resource of this type here has this identifier too."""
        kind = text(resource, "resourceType")
        number = kind, text(identifier, "system"), text(identifier, "value")
        return self._by_number.get(number, resource) is resource

    def names_of(self, resource: Json) -> Iterator[str]:
        """Every name under which a reference may mean this resource."""
        return (name for name, one in self._by_name.items() if one is resource)


def base_of(full_url: str, kind: str) -> str:
    """The server of a full name such as `https://x/fhir/Patient/1`; '' for a mere UUID."""
    base, found, _ = full_url.rpartition(f"/{kind}/")
    return base if found else ""


def conditional(reference: str) -> tuple[str, str, str]:
    """(type, system, value) of `Type?identifier=system|value`; empty strings for other references.

    Only with a single condition on a single identifier: anything else may mean somebody else.
    """
    kind, mark, query = reference.partition("?identifier=")
    if not mark or not kind.isalpha() or "&" in query or "," in query:
        return "", "", ""
    system, bar, value = unquote(query).partition("|")
    system, value = (system, value) if bar else ("", system)
    return (kind, system.strip(), value.strip()) if value.strip() else ("", "", "")


def named_type(reference: str) -> str:
    """The type that a reference's own words name; '' for a UUID or a contained resource."""
    found = NAMED_TYPE.findall(reference)
    return found[-1] if found else ""
