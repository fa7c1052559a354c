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

NOBODY = "unknown"
"""The sender of a message that does not say who sent it (MSH-3 and MSH-4 are empty)."""

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
    """One segment. Fields, repetitions, components and subcomponents count from 1, as in HL7.

    The field read last is kept taken apart: who reads one value of it mostly reads the next one too.
    """

    __slots__ = ("_components", "_declared", "_fields", "_line", "_repeated", "_signs", "name")

    def __init__(self, line: str, signs: Delimiters) -> None:
        self.name = line[:3]
        self._line = line
        self._signs = signs
        self._declared = 2 if self.name == "MSH" else 0
        self._fields: list[str] = []
        self._repeated: tuple[int, list[str]] = (0, [])
        self._components: tuple[int, int, list[str]] = (0, 0, [])

    def repetitions(self, field: int) -> int:
        """How many repetitions the field has; 0 when it is empty."""
        content = self._field(field)
        if field <= self._declared:
            return 1
        return content.count(self._signs.repetition) + 1 if content else 0

    def get(self, field: int, component: int = 1, repetition: int = 1, sub: int = 1) -> str:
        """One value, unescaped and trimmed; '' when there is none."""
        known = self._components
        found = known[0] == field and known[1] == repetition
        parts = known[2] if found else self._parts(field, repetition)
        value = parts[component - 1] if component <= len(parts) else ""
        if not value:
            return ""
        if field > self._declared and (sub > 1 or self._signs.sub in value):
            subs = value.split(self._signs.sub)
            value = subs[sub - 1] if sub <= len(subs) else ""
        elif sub > 1:
            return ""
        if value == NULL:
            return ""
        return self._plain(value).strip()

    def components(self, field: int, repetition: int = 1) -> list[str]:
        """The components of one repetition, first subcomponents only, as far as there are any."""
        count = len(self._parts(field, repetition))
        return [self.get(field, n, repetition) for n in range(1, count + 1)]

    def parts(self, field: int, repetition: int = 1) -> list[str]:
        """The components of one repetition that say something, first subcomponents only."""
        return [value for value in self.components(field, repetition) if value]

    def text(self, field: int, repetition: int = 1) -> str:
        """A repetition as free text, its delimiters left in, unescaped; inner spaces kept."""
        value = self._repetition(field, repetition)
        return "" if value == NULL else self._plain(value).rstrip()

    def _field(self, field: int) -> str:
        fields = self._fields
        if not fields:
            fields = self._fields = self._line.split(self._signs.field)
            if self._declared:  # MSH-1 and MSH-2 are the delimiters: nothing in them is split
                fields.insert(1, self._signs.field)
        return fields[field] if field < len(fields) else ""

    def _repetition(self, field: int, repetition: int) -> str:
        content = self._field(field)
        if field <= self._declared or self._signs.repetition not in content:
            return content if repetition == 1 else ""
        if self._repeated[0] != field:
            self._repeated = (field, content.split(self._signs.repetition))
        parts = self._repeated[1]
        return parts[repetition - 1] if repetition <= len(parts) else ""

    def _parts(self, field: int, repetition: int) -> list[str]:
        """The components of one repetition as written."""
        found = self._repetition(field, repetition)
        parts = [found] if field <= self._declared else found.split(self._signs.component)
        self._components = (field, repetition, parts)
        return parts

    def _plain(self, value: str) -> str:
        if self._signs.escape not in value:
            return value if value.isprintable() else clean(value)
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
        if len(text) > MOST_PARTS and signs.count(text) + text.count("\r") > MOST_PARTS:
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
            sender=facility or application or NOBODY,
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
