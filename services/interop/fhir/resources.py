"""The resources of any FHIR file, loosely: for what must look at files that cannot be translated."""

from __future__ import annotations

from collections.abc import Iterator

from services.interop.fhir.bundle import conditional
from services.interop.fhir.json import Json, items, parse, text, unpack
from services.interop.fhir.patient import sender_of
from services.interop.parcel import Unusable
from services.interop.text import short


def resources(raw: bytes) -> Iterator[Json]:
    """The file's own resource and its entries'; also of one per line (NDJSON). Never raises."""
    for whole in _wholes(raw):
        yield whole
        for entry in items(whole, "entry"):
            yield from items(entry, "resource")


def with_contained(raw: bytes) -> Iterator[Json]:
    """The same, each followed by what it contains."""
    for resource in resources(raw):
        yield resource
        yield from items(resource, "contained")


def _wholes(raw: bytes) -> Iterator[Json]:
    try:
        yield parse(raw)
    except Unusable:
        yield from _by_line(raw)


def _by_line(raw: bytes) -> Iterator[Json]:
    try:
        lines = unpack(raw).splitlines()
    except Unusable:
        return
    for line in lines:
        try:
            yield parse(line)
        except Unusable:
            continue


def sender_in(raw: bytes) -> str:
    """Whose profile a file is read by: who keeps the chart of the first patient in it, else who
    gave the first number by which one is named.
    """
    named = ""
    for resource in resources(raw):
        if text(resource, "resourceType") == "Patient":
            return sender_of(resource)
        named = named or next(filter(None, _systems(resource)), "")
    return short(named) or "fhir"


def _systems(resource: Json) -> Iterator[str]:
    """Who gave the numbers by which a resource names its patient."""
    for subject in items(resource, "subject") or items(resource, "patient"):
        yield text(subject, "identifier", "system")
        yield conditional(text(subject, "reference"))[1]
    for contained in items(resource, "contained"):
        if text(contained, "resourceType") == "Patient":
            yield from (text(one, "system") for one in items(contained, "identifier"))
