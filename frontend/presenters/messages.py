"""Kept messages in words: why one waits, what happened to it, and its structure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from contracts.interop import (
    MessageDetail,
    MessageStep,
    OutlineField,
    OutlineSegment,
    QuarantineAnswer,
    QuarantineRow,
)
from frontend.presenters.hl7_fields import FIELDS

KINDS: Final = {
    "ORU": "Test results",
    "OUL": "Test results",
    "ADT": "Patient data",
    "SIU": "Appointment",
    "ORM": "Order",
    "OML": "Order of tests",
    "RDE": "Medication order",
    "RDS": "Medication dispensed",
    "DFT": "Charges",
    "BAR": "Billing account",
    "MDM": "Document",
}
UNKNOWN: Final = "unknown"
"""What a message that cannot be read gives as its kind, and as its sender."""
OUTCOMES: Final = {
    "applied": ("Taken", "green"),
    "kept": ("Kept for later", "blue"),
    "held": ("Held results", "blue"),
    "quarantined": ("Quarantined", "amber"),
    "refused": ("Refused", "red"),
}
WAITS: Final = ("quarantined", "refused")
CODES: Final = {
    "100": "Segment missing or out of order",
    "101": "Required field missing",
    "102": "Value of the wrong type",
    "103": "Value that is in no table",
    "200": "Message type not taken",
    "201": "Event not taken",
    "202": "Processing id not taken",
    "203": "Version not taken",
    "204": "Unknown key",
    "205": "The same key twice",
    "206": "Record locked",
    "207": "Not understood",
}
"""HL7 table 0357."""
STEPS: Final = {
    "received": "Received",
    "settled": "Looked at",
    "reopened": "Taken again",
    "opened": "Opened, to see whom it is about",
    "discarded": "Discarded",
    "handed-over": "Handed over to its service",
}
RECEIVED: Final = (
    ("", "Any time"),
    ("day", "In the last 24 hours"),
    ("week", "In the last 7 days"),
    ("older", "More than 7 days ago"),
)
TRIED: Final = (("", "Any number"), ("once", "Once"), ("more", "More than once"))

Options = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which of the waiting messages are looked at. Empty: all of them."""

    sender: str = ""
    kind: str = ""
    reason: str = ""
    received: str = ""
    tried: str = ""

    @property
    def narrows(self) -> bool:
        """Whether messages of the chosen sender are left out."""
        return any((self.kind, self.reason, self.received, self.tried))

    def fits(self, row: QuarantineRow, now: datetime) -> bool:
        """Whether this message is among them; the service has chosen the sender already."""
        if (self.kind and row.kind != self.kind) or (self.reason and row.reason != self.reason):
            return False
        age = now - row.received
        by_age = {"day": age <= timedelta(days=1), "week": age <= timedelta(days=7)}
        by_age["older"] = not by_age["week"]
        by_tries = {"once": row.attempts <= 1, "more": row.attempts > 1}
        return by_age.get(self.received, True) and by_tries.get(self.tried, True)


@dataclass(frozen=True, slots=True)
class Row:
    """One waiting message in the queue. `tag` is (words, kind)."""

    message: str
    title: str
    tag: tuple[str, str]
    kind: str
    sender: str
    received: datetime
    more: tuple[str, ...]


def rows(found: Iterable[QuarantineRow], chosen: Filter, now: datetime) -> list[Row]:
    """What the filter leaves, in the order given."""
    return [_row(each) for each in found if chosen.fits(each, now)]


def _row(row: QuarantineRow) -> Row:
    more = [fault(row)] if fault(row) else []
    if row.attempts > 1:
        more.append(f"Tried {row.attempts} times")
    if not row.replayable:
        more.append("Only its sender can send it again")
    return Row(
        message=row.message,
        title=reason(row),
        tag=OUTCOMES[row.outcome],
        kind=kind(row.kind),
        sender="" if row.sender == UNKNOWN else row.sender,
        received=row.received,
        more=tuple(more),
    )


def kind(code: str) -> str:
    """What kind of message it is, with the code that its sender knows: `Test results (ORU^R01)`."""
    if code == UNKNOWN:
        return "Message of an unknown kind"
    words = KINDS.get(code.partition("^")[0])
    return f"{words} ({code})" if words else code


def means(row: QuarantineRow) -> str:
    """The difference between the two that wait."""
    if row.outcome == "refused":
        return "Refused: it cannot be read, or its kind is not taken here."
    return "Quarantined: it can be read, but a person has to look at what it says."


def reason(row: QuarantineRow) -> str:
    """Why it waits, as a sentence begins."""
    said = row.reason or "No reason is known"
    return said[:1].upper() + said[1:]


def fault(row: QuarantineRow) -> str:
    """What is wrong and where, as HL7 says it: `Required field missing (101) in PID`."""
    what = f"{CODES.get(row.code, 'Error')} ({row.code})" if row.code else ""
    return " in ".join(filter(None, (what, row.where)))


def senders(answer: QuarantineAnswer, chosen: str) -> Options:
    """Whose messages wait, most first; who was chosen stays, also when nothing waits any more."""
    listed = [(each.sender, f"{each.sender} ({each.waiting})") for each in answer.senders]
    if chosen and chosen not in dict(listed):
        listed.append((chosen, f"{chosen} (0)"))
    return [("", "All senders"), *((name, words) for name, words in listed if name)]


def options(words: str, values: Iterable[str], chosen: str) -> Options:
    """What there is to choose from, after the choice of all."""
    there = {value for value in values if value} | ({chosen} if chosen else set())
    return [("", words), *((value, value) for value in sorted(there))]


def waiting_of(answer: QuarantineAnswer, sender: str) -> int:
    """How many wait from this sender."""
    return next((each.waiting for each in answer.senders if each.sender == sender), 0)


# -- one message -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to it."""

    at: datetime
    words: str
    says: str


@dataclass(frozen=True, slots=True)
class Field:
    """One line of the structure. `hidden` says how long a masked content is."""

    name: str
    shown: str
    hidden: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment or resource with its filled fields."""

    name: str
    fields: tuple[Field, ...]


def parts(detail: MessageDetail) -> dict[str, int]:
    """What became of its parts. Of the message as a whole its tag says so already."""
    return {part: n for part, n in detail.counts.items() if not part.startswith("message ")}


def is_discarded(detail: MessageDetail) -> bool:
    """Whether a person took it out of the queue, and nobody put it back since."""
    turns = [step.what for step in detail.steps if step.what in ("reopened", "discarded")]
    return turns[-1:] == ["discarded"]


def steps(found: Iterable[MessageStep]) -> list[Step]:
    """In the order of time."""
    return [Step(each.at, _step(each), each.says) for each in found]


def _step(step: MessageStep) -> str:
    settled = step.what == "settled" and step.outcome
    words = OUTCOMES[settled][0] if settled else STEPS[step.what]
    return f"{words}, by {step.by}" if step.by else words


def segments(found: Iterable[OutlineSegment], is_hl7: bool) -> list[Segment]:
    """The structure, with the names that HL7 gives to its fields."""
    return [
        Segment(each.name, tuple(_field(each.name, one, is_hl7) for one in each.fields))
        for each in found
    ]


def _field(segment: str, field: OutlineField, is_hl7: bool) -> Field:
    known = FIELDS.get(segment, {}).get(field.number, "")
    name = f"{field.number} {known}".strip() if is_hl7 else f"Element {field.number}"
    return Field(name, field.shown, "" if field.shown else _length(field.length))


def _length(length: int) -> str:
    return "1 character" if length == 1 else f"{length:,} characters"


def ack_lines(ack: str) -> str:
    """The acknowledgement, a segment in each line."""
    return ack.replace("\r", "\n").strip()


def size(count: int) -> str:
    """`1,234 bytes`, or in KB where that reads better."""
    return f"{count:,} bytes" if count < 10_000 else f"{count / 1024:,.0f} KB"
