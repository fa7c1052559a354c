"""One message about one patient, as the translators of its kind see it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from contracts.identity import RecordPatient
from services.interop.hl7v2 import dates
from services.interop.hl7v2.reader import Message, Segment
from services.interop.parcel import Unusable
from services.interop.text import digest, whole

MOST_SEGMENTS = 500
"""Of one kind in one message, where each becomes something of its own. More is a dump."""


@dataclass(slots=True)
class Case:
    """The message, whom it is about, and how its times are read.

    `left` counts what was understood and has no owner: it stays in the kept message.
    """

    message: Message
    about: RecordPatient
    received: datetime
    read_in: dates.Zones
    left: Counter[str] = field(default_factory=Counter)

    @property
    def sender(self) -> str:
        """Who sent it (MSH-4, else MSH-3)."""
        return self.message.header.sender

    @property
    def event(self) -> str:
        """The trigger event, such as `A08`."""
        return self.message.header.kind.partition("^")[2]

    @property
    def stated(self) -> datetime:
        """When the sender wrote it; never later than it came."""
        return self.about.at

    @property
    def patient_key(self) -> str:
        """The patient as the sender numbers them, for ids of things that have no number."""
        first = self.about.identifiers[0]
        return f"{first.authority}|{first.value}"

    def moment(self, text: str) -> datetime | None:
        """A TS/DTM value in UTC."""
        return dates.moment(text, self.read_in)

    def all(self, name: str, most: int = MOST_SEGMENTS) -> list[Segment]:
        """Every segment of this name. Raises Unusable where there are beyond reason many."""
        found = self.message.all(name)
        if len(found) > most:
            raise Unusable("More segments of one kind than can be taken", where=name)
        return found

    def only(self, name: str) -> Segment:
        """The one segment of this name. Raises Unusable without it, or with several."""
        found = self.message.all(name)
        if len(found) != 1:
            raise Unusable("A segment is missing or repeated", code="100", where=name)
        return found[0]

    def unnumbered(self, kind: str, *parts: str) -> str:
        """A name for what its sender gives no number: by the patient and what it says."""
        return f"{kind}-{digest(self.patient_key, *parts, length=20)}"


def number(segment: Segment | None, field: int) -> str:
    """A number with who gave it (EI, CX), whole; '' without one."""
    return whole("^".join(segment.parts(field))) if segment is not None else ""


def bare(segment: Segment | None, field: int) -> str:
    """A number without who gave it, as both sides of a match write it."""
    return whole(next(iter(segment.parts(field)), "")) if segment is not None else ""
