"""HL7 dates: partial precision, fractions, offsets, and nonsense."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

from services.interop.reading import Reading

STAMP = re.compile(
    r"^(?P<year>\d{4})(?:(?P<month>\d{2})(?:(?P<day>\d{2})(?:(?P<hour>\d{2})(?:(?P<minute>\d{2})"
    r"(?:(?P<second>\d{2})(?:\.?(?P<fraction>\d{1,9}))?)?)?)?)?)?(?P<offset>[+-]\d{4}|Z)?$"
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """A moment in UTC, and whether the sender named at least the day."""

    at: datetime
    whole_day: bool


@dataclass(frozen=True, slots=True)
class Zones:
    """Where what has no offset is read: a time in the sender's zone (MSH-7's offset, where it has
    one, else as its profile says), a mere day in the practice's, by whose calendar birthdays are
    counted (R54).
    """

    sender: tzinfo
    practice: tzinfo


def zones(sent: str, reading: Reading) -> Zones:
    """The zones of a message from its MSH-7, else from its sender's profile."""
    found = STAMP.match(sent.strip())
    stated = _zone(found["offset"]) if found else None
    return Zones(stated or reading.zone or reading.practice, reading.practice)


def _zone(offset: str | None) -> tzinfo | None:
    if not offset:
        return None
    if offset == "Z":
        return UTC
    minutes = int(offset[1:3]) * 60 + int(offset[3:5])
    if minutes >= 24 * 60:
        return None
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))


def stamp(text: str, read_in: Zones) -> Stamp | None:
    """A TS/DTM value as a moment; None when empty or not a date. A day means its first moment."""
    found = STAMP.match(text.strip())
    if not found:
        return None
    default = read_in.practice if found["hour"] is None else read_in.sender
    fraction = ((found["fraction"] or "") + "000000")[:6]
    try:
        local = datetime(
            int(found["year"]),
            int(found["month"] or 1),
            int(found["day"] or 1),
            int(found["hour"] or 0),
            int(found["minute"] or 0),
            int(found["second"] or 0),
            int(fraction),
            tzinfo=_zone(found["offset"]) or default,
        )
        return Stamp(at=local.astimezone(UTC), whole_day=found["day"] is not None)
    except (ValueError, OverflowError):  # no such day, or year 1 and 9999 shifted over the edge
        return None


def moment(text: str, read_in: Zones) -> datetime | None:
    """A TS/DTM value in UTC, whatever its precision; None when it is not a date."""
    found = stamp(text, read_in)
    return found.at if found else None


def acquired(text: str, read_in: Zones) -> datetime | None:
    """A collection time (R54). A month or a year is too vague to judge an age by: None."""
    found = stamp(text, read_in)
    return found.at if found and found.whole_day else None


def day(text: str) -> date | None:
    """A birth date as the sender wrote it, without any zone; None unless it names a whole day."""
    found = STAMP.match(text.strip())
    if not found or found["day"] is None:
        return None
    try:
        return date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        return None
