"""The one place that touches python-hl7: a message with safe access.

The library raises IndexError, KeyError or AssertionError for a missing component, segment or an
odd header, and answers '' in other places for the same question. Here every question has an
answer: the text, or ''.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import hl7

from services.interop.hl7v2.normalise import HEADER
from services.interop.parcel import Header, Unusable
from services.interop.text import clean, short

NULL = '""'
"""HL7's explicit null. In a feed that erases nothing it says the same as an empty field."""

MARKUP = {".br": "\n", ".sp": "\n", ".ti": "", ".fi": "", ".nf": "", ".in": "", ".ce": "\n"}
SILENT = re.compile(r"[HN]|[CMZX][0-9A-Fa-f]*")
"""Highlighting, character-set switches and local sequences: they carry no text of their own."""

KIND = re.compile(r"^[A-Z0-9]{3}(?:\^[A-Z0-9]{3})?$")
"""A message type as the standard writes one. Anything else in MSH-9 might be anybody's data."""

DELIMITERS = 5
MOST_PARTS = 400_000
"""Delimiters in one message. A large message of text or a document has few; one made of
delimiters would cost the library gigabytes.
"""


def _at(container: Any, index: int) -> Any:
    """The part at `index`; a leaf that was not split is its own first part; '' past the end."""
    if isinstance(container, str):
        return container if index == 0 else ""
    return container[index] if 0 <= index < len(container) else ""


class Segment:
    """One segment. Fields, repetitions, components and subcomponents count from 1, as in HL7."""

    def __init__(self, raw: Sequence[Any], separators: str, escape: str) -> None:
        self._raw = raw
        self._separators = separators
        self._escape = escape
        self.name = str(_at(_at(raw, 0), 0))[:3]

    def repetitions(self, field: int) -> int:
        """How many repetitions the field has; 0 when it is empty."""
        content = _at(self._raw, field)
        return len(content) if str(content) and not isinstance(content, str) else 0

    def get(self, field: int, component: int = 1, repetition: int = 1, sub: int = 1) -> str:
        """One value, unescaped and trimmed; '' when there is none."""
        found = _at(_at(self._raw, field), repetition - 1)
        value = str(_at(_at(found, component - 1), sub - 1))
        return "" if value == NULL else self._plain(value).strip()

    def parts(self, field: int, repetition: int = 1) -> list[str]:
        """The components of one repetition that say something, first subcomponents only."""
        found = _at(_at(self._raw, field), repetition - 1)
        count = 1 if isinstance(found, str) else len(found)
        values = (self.get(field, n, repetition) for n in range(1, count + 1))
        return [value for value in values if value]

    def text(self, field: int, repetition: int = 1) -> str:
        """A repetition as free text, its delimiters left in, unescaped; inner spaces kept."""
        found = _at(_at(self._raw, field), repetition - 1)
        value = str(found)
        return "" if value == NULL else self._plain(value).rstrip()

    def _plain(self, value: str) -> str:
        if self._escape not in value:
            return clean(value)
        mark = re.escape(self._escape)
        return clean(re.sub(f"{mark}([^{mark}\n]*){mark}", self._escaped, value))

    def _escaped(self, found: re.Match[str]) -> str:
        """What one escape sequence stands for; unknown ones (highlighting, Z..) say nothing."""
        body = found[1]
        plain = {
            "F": self._separators[1],
            "S": self._separators[3],
            "T": self._separators[4],
            "R": self._separators[2],
            "E": self._escape,
        }
        if body in plain:
            return plain[body]
        if body[:1] == "X" and re.fullmatch(r"(?:[0-9A-Fa-f]{2})+", body[1:]):
            return bytes.fromhex(body[1:]).decode("latin-1")
        return MARKUP.get(body[:3], "" if SILENT.fullmatch(body) else found[0])


class Message:
    """A parsed message: its segments in order, and its header."""

    def __init__(self, text: str) -> None:
        """Parse one normalised text. Raises Unusable when it is no HL7 message."""
        if not HEADER.match(text[:16].encode("utf-8", "replace")):
            raise Unusable("The message does not start with MSH", code="100", verdict="refused")
        text = _with_sound_delimiters(text)
        if sum(text.count(c) for c in set(text[3:9]) if not c.isalnum()) > MOST_PARTS:
            raise Unusable("More parts in one message than can be taken", verdict="refused")
        try:
            parsed = hl7.parse(text)
        except (hl7.HL7Exception, AssertionError, IndexError, KeyError, ValueError) as broken:
            raise Unusable("The header cannot be read", where="MSH", verdict="refused") from broken
        self.segments = [Segment(part, parsed.separators, parsed.esc) for part in parsed]
        self.header = self._header()

    def all(self, name: str) -> list[Segment]:
        """Every segment of this name, in order."""
        return [segment for segment in self.segments if segment.name == name]

    def first(self, name: str) -> Segment | None:
        """The first segment of this name, None without one."""
        return next(self._named(name), None)

    def _named(self, name: str) -> Iterator[Segment]:
        return (segment for segment in self.segments if segment.name == name)

    def _header(self) -> Header:
        msh = self.segments[0]
        event, kind = self._event(), msh.get(9, 1).upper()
        application, facility = _name(msh, 3), _name(msh, 4)
        stated = f"{kind}^{event}" if event else kind
        return Header(
            kind=stated if KIND.match(stated) else "unknown",
            sender=facility or application or "unknown",
            control=short(msh.get(10), 199),
            event=event if KIND.match(stated) else "",
            version=short(msh.get(12), 20),
            processing=short(msh.get(11), 20),
            sent_by=(application, facility),
            sent_to=(_name(msh, 5), _name(msh, 6)),
        )

    def _event(self) -> str:
        """MSH-9.2; old senders say it in EVN-1 (ADT), or not at all (an ORU is an R01)."""
        msh, evn = self.segments[0], self.first("EVN")
        if stated := msh.get(9, 2).upper():
            return stated
        if msh.get(9, 1).upper() == "ADT":
            return evn.get(1).upper() if evn else ""
        return "R01" if msh.get(9, 1).upper() == "ORU" else ""


def _name(segment: Segment, field: int) -> str:
    """An HD's namespace, else its universal id."""
    return short(segment.get(field, 1) or segment.get(field, 2))


def _with_sound_delimiters(text: str) -> str:
    """The text with an MSH-2 that the library can use: 2 to 5 different signs, none repeated.

    Senders write `^~\\\\&` with a doubled escape; the library would take the second for the
    subcomponent separator. Raises Unusable when the delimiters are not signs.
    """
    text = text.lstrip()
    separator = text[3]
    end = text.find(separator, 4)
    declared = text[4:end] if end > 0 else text[4:]
    kept = "".join(dict.fromkeys(declared))[:DELIMITERS]
    if not kept or separator in kept or any(c.isalnum() or c.isspace() for c in kept):
        raise Unusable("The delimiters are not usable", where="MSH", verdict="refused")
    rest = text[4 + len(declared) :]
    return f"{text[:4]}{kept}{rest}"
