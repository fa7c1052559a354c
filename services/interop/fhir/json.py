"""Safe access to FHIR's JSON: every question has an answer, whatever the sender wrote."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from io import BytesIO
from typing import Any

from services.interop.parcel import Unusable
from services.interop.text import clean

Json = dict[str, Any]
MOST_BYTES = 64 * 2**20
"""Of one bundle, unpacked. Synthea's largest has 3 MB."""


def unpack(raw: bytes) -> bytes:
    """The bytes themselves, of gzip or plain. Raises Unusable when it is damaged or too large."""
    try:
        if raw[:2] == b"\x1f\x8b":
            with gzip.GzipFile(fileobj=BytesIO(raw)) as packed:
                raw = packed.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as broken:
        raise Unusable("The file is no JSON", verdict="refused") from broken
    if len(raw) > MOST_BYTES:
        raise Unusable("Larger than 64 MB", verdict="refused")
    return raw.removeprefix(b"\xef\xbb\xbf")


def parse(raw: bytes) -> Json:
    """The JSON object in the bytes (gzip or plain); numbers keep the digits that were written.

    Raises Unusable when it is none, or nested beyond reason. An object that names a member twice
    is none: two readers would take two different ones.
    """
    try:
        found = json.loads(
            unpack(raw).decode("utf-8"),
            parse_float=Decimal,
            parse_constant=_no_constant,
            object_pairs_hook=_object,
        )
    except (ValueError, ArithmeticError, RecursionError) as broken:
        raise Unusable("The file is no JSON", verdict="refused") from broken
    if not isinstance(found, dict):
        raise Unusable("The file is no FHIR resource", verdict="refused")
    return found


def _object(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member is named twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def at(value: Any, *path: str | int) -> Any:
    """What is at the path, None when anything on the way is missing or of another shape."""
    for step in path:
        if isinstance(step, str) and isinstance(value, dict):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def text(value: Any, *path: str | int) -> str:
    """The cleaned string at the path; '' when there is none."""
    found = at(value, *path)
    return clean(found).strip() if isinstance(found, str) else ""


def items(value: Any, *path: str | int) -> list[Json]:
    """The objects of the list at the path; a lone object counts as a list of one."""
    found = at(value, *path)
    if isinstance(found, dict):
        return [found]
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def strings(value: Any, *path: str | int) -> list[str]:
    """The strings of the list at the path, cleaned, empty ones left out."""
    found = at(value, *path)
    listed = found if isinstance(found, list) else []
    return [clean(one).strip() for one in listed if isinstance(one, str) and one.strip()]


def codes(value: Any, *path: str | int) -> Iterator[tuple[str, str]]:
    """(system, code) of every coding of the CodeableConcepts at the path."""
    for concept in items(value, *path):
        for coding in items(concept, "coding"):
            yield text(coding, "system"), text(coding, "code")


def moment(written: str, practice_zone: tzinfo) -> datetime | None:
    """A FHIR dateTime or instant in UTC; None for a mere month or year, which judge no age (R54).

    A date without a time is that day's first moment at the practice, by whose calendar birthdays
    are counted. A time without an offset, which FHIR forbids, is read there too.
    """
    try:
        if len(written) < 10:
            return None
        found = datetime.fromisoformat(written)
        return (found if found.tzinfo else found.replace(tzinfo=practice_zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def day(written: str) -> date | None:
    """A whole FHIR date, None for a partial one."""
    try:
        return date.fromisoformat(written) if len(written) == 10 else None
    except ValueError:
        return None
