"""A message with safe access: split only where somebody looks, and every question has an answer.

A segment stays a string until one of its fields is asked for; what is not there is ''. Why this is
not the `hl7` package, which is what the tests compare it with: docs/decisions/0013.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

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
delimiters is nothing that a sender means, and would cost memory for nothing.
"""


@dataclass(frozen=True, slots=True)
class Delimiters:
    """The signs of one message, as MSH-1 and MSH-2 declare them."""

    field: str
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    sub: str = "&"

    def count(self, text: str) -> int:
        """How often they stand in a text, the escape left out."""
        return sum(map(text.count, (self.field, self.component, self.repetition, self.sub)))


class Segment:
    """One segment. Fields, repetitions, components and subcomponents count from 1, as in HL7."""

    __slots__ = ("_fields", "_line", "_repeated", "_signs", "name")

    def __init__(self, line: str, signs: Delimiters) -> None:
        self.name = line[:3]
        self._line = line
        self._signs = signs
        self._fields: list[str] | None = None
        self._repeated: tuple[int, list[str]] | None = (
            None  # the field read last: loops stay linear
        )

    def repetitions(self, field: int) -> int:
        """How many repetitions the field has; 0 when it is empty."""
        content = self._field(field)
        if self._declares(field):
            return 1
        return content.count(self._signs.repetition) + 1 if content else 0

    def get(self, field: int, component: int = 1, repetition: int = 1, sub: int = 1) -> str:
        """One value, unescaped and trimmed; '' when there is none."""
        value = self._repetition(field, repetition)
        if not value:
            return ""
        if self._declares(field):
            return value if component == sub == 1 else ""
        value = _part(value, self._signs.component, component)
        return self._value(_part(value, self._signs.sub, sub))

    def _value(self, raw: str) -> str:
        return "" if raw == NULL else self._plain(raw).strip()

    def parts(self, field: int, repetition: int = 1) -> list[str]:
        """The components of one repetition that say something, first subcomponents only."""
        found = self._repetition(field, repetition)
        split = [found] if self._declares(field) else found.split(self._signs.component)
        values = (self._value(_part(part, self._signs.sub, 1)) for part in split)
        return [value for value in values if value]

    def text(self, field: int, repetition: int = 1) -> str:
        """A repetition as free text, its delimiters left in, unescaped; inner spaces kept."""
        value = self._repetition(field, repetition)
        return "" if value == NULL else self._plain(value).rstrip()

    def _declares(self, field: int) -> bool:
        """MSH-1 and MSH-2 are the delimiters: there is nothing in them to split."""
        return field <= 2 and self.name == "MSH"

    def _field(self, field: int) -> str:
        if self._fields is None:
            self._fields = self._line.split(self._signs.field)
            if self.name == "MSH":
                self._fields.insert(1, self._signs.field)
        return self._fields[field] if field < len(self._fields) else ""

    def _repetition(self, field: int, repetition: int) -> str:
        content = self._field(field)
        if self._declares(field):
            return content if repetition == 1 else ""
        if self._signs.repetition not in content:
            return content if repetition == 1 else ""
        if self._repeated is None or self._repeated[0] != field:
            self._repeated = (field, content.split(self._signs.repetition))
        parts = self._repeated[1]
        return parts[repetition - 1] if repetition <= len(parts) else ""

    def _plain(self, value: str) -> str:
        if self._signs.escape not in value:
            return clean(value)
        return clean(_escapes(self._signs.escape).sub(self._escaped, value))

    def _escaped(self, found: re.Match[str]) -> str:
        """What one escape sequence stands for; unknown ones (highlighting, Z..) say nothing."""
        body, signs = found[1], self._signs
        plain = {
            "F": signs.field,
            "S": signs.component,
            "T": signs.sub,
            "R": signs.repetition,
            "E": signs.escape,
        }
        if body in plain:
            return plain[body]
        if body[:1] == "X" and re.fullmatch(r"(?:[0-9A-Fa-f]{2})+", body[1:]):
            return bytes.fromhex(body[1:]).decode("latin-1")
        return MARKUP.get(body[:3], "" if SILENT.fullmatch(body) else found[0])


def _part(text: str, separator: str, number: int) -> str:
    """The part with this number; what was not split is its own first part; '' past the end."""
    if separator not in text:
        return text if number == 1 else ""
    parts = text.split(separator, number)
    return parts[number - 1] if number <= len(parts) else ""


@lru_cache
def _escapes(escape: str) -> re.Pattern[str]:
    mark = re.escape(escape)
    return re.compile(f"{mark}([^{mark}\n]*){mark}")


class Message:
    """A parsed message: its segments in order, and its header."""

    def __init__(self, text: str) -> None:
        """Parse one normalised text. Raises Unusable when it is no HL7 message."""
        if not HEADER.match(text[:16].encode("utf-8", "replace")):
            raise Unusable("The message does not start with MSH", code="100", verdict="refused")
        text, signs = _with_sound_delimiters(text)
        if len(text) > MOST_PARTS and signs.count(text) > MOST_PARTS:
            raise Unusable("More parts in one message than can be taken", verdict="refused")
        self.segments = [Segment(line, signs) for line in text.split("\r")]
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


def _with_sound_delimiters(text: str) -> tuple[str, Delimiters]:
    """The text with an MSH-2 of 1 to 5 different signs, and what they are.

    Senders write `^~\\\\&` with a doubled escape: the second would be the subcomponent separator.
    Raises Unusable when the delimiters are not signs.
    """
    text = text.strip()
    separator = text[3]
    end = text.find(separator, 4)
    declared = text[4:end] if end > 0 else text[4:]
    kept = "".join(dict.fromkeys(declared))[:DELIMITERS]
    if not kept or separator in kept or any(c.isalnum() or c.isspace() for c in kept):
        raise Unusable("The delimiters are not usable", where="MSH", verdict="refused")
    return f"{text[:4]}{kept}{text[4 + len(declared) :]}", Delimiters(separator, *kept[:4])
