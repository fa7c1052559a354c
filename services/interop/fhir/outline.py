"""The structure of a kept FHIR file with its content masked, and whom it names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from contracts.common import HumanName
from contracts.identity import Identifier
from contracts.interop import MessagePerson, OutlineField, OutlineSegment
from services.interop.fhir.json import Json, codes, items, strings, text
from services.interop.fhir.kinds import CODES, R4
from services.interop.fhir.resources import with_contained
from services.interop.text import short

CODE = re.compile(r"[\w.-]{1,20}")
WORDS = re.compile(r"(?!.*\d{5})[^@\x00-\x1f]{1,60}")
TESTS = frozenset({"Observation", "DiagnosticReport", "ServiceRequest"})
"""What is measured or ordered by its code. The codes of others are a person's illnesses."""

SSN = "http://hl7.org/fhir/sid/us-ssn"
MOST_NUMBERS = 20


def segments(raw: bytes, tests: bool) -> Iterator[OutlineSegment]:
    """Every resource in order: which elements it has (by their place in it) and how long each is."""
    for resource in with_contained(raw):
        kind = text(resource, "resourceType")
        yield OutlineSegment(
            name=kind if kind in R4 else "?",
            fields=tuple(
                OutlineField(
                    number=n,
                    shown=_shown(resource, kind, element, tests),
                    length=_length(value),
                )
                for n, (element, value) in enumerate(resource.items(), 1)
                if element not in ("resourceType", "entry")
            ),
        )


def _shown(resource: Json, kind: str, element: str, tests: bool) -> str:
    if element == "status":
        status = text(resource, "status")
        return f"status: {status}" if status in CODES.get((kind, "status"), "").split() else ""
    if element == "code" and tests and kind in TESTS:
        said = [code for _, code in codes(resource, "code") if CODE.fullmatch(code)]
        said += [
            display
            for concept in items(resource, "code")
            for coding in items(concept, "coding")
            if WORDS.fullmatch(display := text(coding, "display"))
        ]
        return short(f"code: {', '.join(said)}") if said else ""
    return ""


def people(raw: bytes) -> Iterator[MessagePerson]:
    """Every Patient, in order."""
    for resource in with_contained(raw):
        if text(resource, "resourceType") == "Patient":
            yield _person(resource)


def _person(patient: Json) -> MessagePerson:
    name = next(iter(items(patient, "name")), {})
    return MessagePerson(
        segment="Patient",
        name=HumanName(
            family=short(text(name, "family")),
            given=short(" ".join(strings(name, "given"))),
            suffix=short(" ".join(strings(name, "suffix"))),
        ),
        born=short(text(patient, "birthDate")),
        sex=short(text(patient, "gender")),
        identifiers=tuple(
            Identifier(authority=short(system), value=_number(system, short(value)))
            for one in items(patient, "identifier")[:MOST_NUMBERS]
            if (value := text(one, "value"))
            for system in [text(one, "system")]
        ),
    )


def _number(system: str, value: str) -> str:
    """Of a Social Security number its last four digits."""
    return f"***-**-{value[-4:]}" if system == SSN else value


def _length(value: Any) -> int:
    """How long an element is as JSON; 0 for what is nested beyond reason."""
    try:
        return len(json.dumps(value, default=str, ensure_ascii=False))
    except RecursionError:
        return 0
