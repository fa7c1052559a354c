"""NDJSON (one resource a line, as bulk exports come): the lines of each patient as one bundle.

The lines stay bytes and are read twice, once to sort them and once for each patient's bundle: the
whole file is never in memory as objects.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from services.interop.fhir.bundle import VERSION, Bundle
from services.interop.fhir.json import Json, parse, text
from services.interop.fhir.kinds import R4
from services.interop.fhir.patient import identifiers
from services.interop.fhir.whom import UNKNOWN, stated_numbers, subjects
from services.interop.parcel import Unusable
from services.interop.reading import Reading

MOST_LINES = 200_000


@dataclass(slots=True)
class Sorted:
    """The lines by patient; `shared` are nobody's, such as practitioners.

    A key is `Patient/<id>` of a Patient line, or a record number; `aliases` are the record numbers
    of Patient lines, with "" for one that two of them have.
    """

    lines: list[bytes]
    patients: dict[str, list[int]] = field(default_factory=dict)
    shared: list[int] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    unknown: bool = False
    broken: bool = False


def is_ndjson(raw: bytes) -> bool:
    """Whether there is something below a first line that is a JSON object by itself."""
    first, _, rest = raw.lstrip().partition(b"\n")
    if not first.rstrip().endswith(b"}") or not rest.strip():
        return False
    try:
        parse(first)
    except Unusable:
        return False
    return True


def bundles(raw: bytes, reading: Reading) -> Iterator[Bundle | Unusable]:
    """One bundle for each patient, then one of what is nobody's, then what is wrong with the rest.

    Lines that cannot be read, or that name a patient unknown here, spoil no other patient's.
    """
    lines = [line for line in raw.split(b"\n") if line.strip()]
    if len(lines) > MOST_LINES:
        yield Unusable("More lines in one file than can be taken", verdict="refused")
        return
    found = _sorted(lines, reading)
    shared = _bundle(found, found.shared, reading, None)
    if isinstance(shared, Unusable):
        yield shared
        return
    for numbers in found.patients.values():
        yield _bundle(found, numbers, reading, shared)
    if found.shared:
        yield shared
    if found.broken:
        yield Unusable("A line is no FHIR resource", code="102")
    if found.unknown:
        yield Unusable(UNKNOWN, code="204", where="Patient")


def _bundle(
    found: Sorted, numbers: list[int], reading: Reading, shared: Bundle | None
) -> Bundle | Unusable:
    bundle = Bundle(reading.practice, behind=shared)
    try:
        for n in numbers:
            bundle.add(parse(found.lines[n]))
    except Unusable as problem:
        return problem
    return bundle


def _sorted(lines: list[bytes], reading: Reading) -> Sorted:
    """Patient lines may stand anywhere: whom a line means is only known when all were read."""
    found = Sorted(lines)
    nobody = Bundle(reading.practice)
    named: list[tuple[int, list[str]]] = []
    for n, line in enumerate(lines):
        try:
            resource = parse(line)
        except Unusable:
            found.broken = True
            continue
        kind = text(resource, "resourceType")
        if kind not in R4 or kind == "Bundle":
            found.broken = True
        elif kind == "Patient":
            _add_patient(found, n, resource, reading)
        elif subjects(nobody, resource):
            named.append((n, _names(nobody, resource, reading)))
        else:
            found.shared.append(n)
    for n, names in named:
        key = _key(found, names)
        if key:
            found.patients.setdefault(key, []).append(n)
        else:
            found.unknown = True
    return found


def _add_patient(found: Sorted, n: int, patient: Json, reading: Reading) -> None:
    key = f"Patient/{text(patient, 'id') or f'line {n}'}"
    found.patients.setdefault(key, []).append(n)
    for one in identifiers(patient, reading):
        alias = f"{one.authority}|{one.value}"
        found.aliases[alias] = key if found.aliases.get(alias, key) == key else ""


def _names(nobody: Bundle, resource: Json, reading: Reading) -> list[str]:
    """How a line names its patient: by references and by record numbers."""
    written = (text(one, "reference") for one in subjects(nobody, resource))
    numbers = stated_numbers(nobody, resource, reading)
    references = [VERSION.sub("", one) for one in written]
    return [*references, *(f"{one.authority}|{one.value}" for one in numbers)]


def _key(found: Sorted, names: list[str]) -> str:
    """The patient's group: of a Patient line, else of a record number; '' when nobody is known."""
    for name in names:
        if name.startswith("Patient/") and name in found.patients:
            return name
    for name in names:
        if name in found.aliases:
            return found.aliases[name]
    return next((name for name in names if "|" in name and "?" not in name), "")
