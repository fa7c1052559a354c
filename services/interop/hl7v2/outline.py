"""The structure of a kept HL7 message: its segments and filled fields, with the content masked."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.interop import OutlineField, OutlineSegment
from services.interop.hl7v2.normalise import HEADER, messages
from services.interop.hl7v2.shown import FIELDS, MOST_SHOWN, NUMBERS, TESTS, number, test

STANDARD = "^~\\&"
SHORT = 200
MOST_FIELDS = 200
"""In one segment. HL7 has none with more than 60; the rest is rubbish, and says nothing more."""


def segments(raw: bytes, tests: bool) -> Iterator[OutlineSegment]:
    """Every segment in the bytes, in order; none of what has no header. Never raises.

    `tests`: whether the names of what was ordered and measured are shown.
    """
    for text in messages(raw):
        if not HEADER.match(text[:16].encode("utf-8", "replace")):
            continue
        text = text.lstrip()
        end = text.find(text[3], 4)
        own = dict(zip(map(ord, text[4:end]), STANDARD, strict=False)) if end > 0 else {}
        for line in text.split("\r"):
            yield _segment(line, text[3], own, tests)


def _segment(line: str, separator: str, own: dict[int, str], tests: bool) -> OutlineSegment:
    name, *values = line.split(separator)
    name = name[:3]
    if name == "MSH":
        values = [separator, *values]
    filled = [(n, value) for n, value in enumerate(values[:MOST_FIELDS], 1) if value]
    return OutlineSegment(
        name=name,
        fields=tuple(
            OutlineField(
                number=n,
                shown=_shown(name, n, value if name == "MSH" else value.translate(own), tests),
                length=len(value),
            )
            for n, value in filled
        ),
    )


def _shown(name: str, field: int, value: str, tests: bool) -> str:
    """What may be read of a field; '' masks it."""
    if (name, field) in NUMBERS:
        return _short("~".join(map(number, value.split("~"))).strip("~"))
    if (name, field) in TESTS:
        return _short(test(value)) if tests else ""
    looks = FIELDS.get(name, {}).get(field)
    return value if looks and len(value) <= MOST_SHOWN and looks(value) else ""


def _short(shown: str) -> str:
    return shown if len(shown) <= SHORT else ""
