"""PID to identity.RecordPatient: who the message is about, and who gave which number."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Literal

from contracts.common import Address, HumanName
from contracts.identity import Demographics, Identifier, RecordPatient, Sex
from services.interop.hl7v2 import dates
from services.interop.hl7v2.reader import NOBODY, Message, Segment
from services.interop.parcel import Unusable
from services.interop.reading import Reading
from services.interop.text import clean, short, whole

NO_IDENTITY = frozenset({
    "SS", "SSN", "DL", "DLN", "PPN", "AN", "ANC", "VN", "VS", "TAX", "BC", "CC", "FI", "DN",
    "BR", "MA", "MB", "MC", "MI", "MS", "NI", "PRC", "ANON", "PNT", "DR", "EI",
})  # fmt: skip
"""Identifier types (CX.5) that name an account, a visit, an insurance or a licence: no chart."""

SSN_AUTHORITY = "2.16.840.1.113883.4.1"
SSN_SHAPE = re.compile(r"^\d{3}-\d{2}-\d{4}$")
PLACEHOLDER = re.compile(
    r"^(?:0+|n/?a|none|null|unknown|unk|mrn|test|patient id|id|not available|x+)$", re.IGNORECASE
)
GENERIC = re.compile(r"^(?:.{1,2}|\d+|MRN|MPI|EMPI|PID|NPI|ISO|HOSP|TEST|LOCAL)$", re.IGNORECASE)
"""Authority names that say nothing about who gave the number: they are kept apart by sender."""

Source = Literal["adt", "oru"]
"""What kind of message stated it: one about the person, or one about something else."""

MOST_IDENTIFIERS = 20
MOST_LISTED = 200
"""Repetitions of a field of identifiers that are looked at."""

SEXES: dict[str, Sex] = {"F": "female", "M": "male", "O": "other", "A": "other", "N": "other"}


def record_patient(
    message: Message, source: Source, received: datetime, read_in: dates.Zones, reading: Reading
) -> RecordPatient:
    """The command for the one patient this message is about.

    Raises Unusable when there is no PID, more than one, or nothing in it to know a patient by:
    a message is never attributed to the first patient it names.
    """
    pids = message.all("PID")
    if not pids:
        raise Unusable("No PID segment", code="100", where="PID")
    if len(pids) > 1:
        raise Unusable("More than one PID segment under one MSH", code="100", where="PID")
    return patient_of(pids[0], message, source, received, read_in, reading)


def patient_of(
    pid: Segment,
    message: Message,
    source: Source,
    received: datetime,
    read_in: dates.Zones,
    reading: Reading,
) -> RecordPatient:
    """The command for the patient of one PID. Raises Unusable without a usable number."""
    found = identifiers(pid, message.header.sender, reading)
    if not found:
        raise Unusable("No usable patient identifier", code="101", where="PID")
    return RecordPatient(
        identifiers=found,
        demographics=demographics(pid, received, read_in),
        source=source,
        at=min(_sent(message, read_in) or received, received),
    )


def _sent(message: Message, read_in: dates.Zones) -> datetime | None:
    """When the sender wrote it: MSH-7, else EVN-2. A future one is cut to now by the caller."""
    written = dates.moment(message.segments[0].get(7), read_in)
    event = message.first("EVN")
    return written or (dates.moment(event.get(2), read_in) if event else None)


def identifiers(
    segment: Segment,
    sender: str,
    reading: Reading,
    listed: int = 3,
    others: tuple[int, ...] = (2, 4),
) -> tuple[Identifier, ...]:
    """Record numbers from PID-3; PID-2 and PID-4 too when they name an authority, or PID-3 none."""
    found = [
        cx
        for n in range(min(segment.repetitions(listed), MOST_LISTED))
        if (cx := _identifier(segment, listed, n + 1, sender, reading))
    ]
    bare_allowed = not found
    for field in others:
        for n in range(min(segment.repetitions(field), MOST_LISTED)):
            named = segment.get(field, 4, n + 1) or segment.get(field, 4, n + 1, 2)
            allowed = named or bare_allowed
            cx = _identifier(segment, field, n + 1, sender, reading) if allowed else None
            if cx is not None:
                found.append(cx)
    unique = {(one.authority, one.value): one for one in found}
    return tuple(unique.values())[:MOST_IDENTIFIERS]


def _identifier(
    pid: Segment, field: int, repetition: int, sender: str, reading: Reading
) -> Identifier | None:
    """One CX within its authority, None when it is no record number."""
    value = whole(pid.get(field, 1, repetition))
    kind = short(pid.get(field, 5, repetition)).upper()
    if not value or kind in NO_IDENTITY or PLACEHOLDER.match(value):
        return None
    if _is_ssn(pid, field, repetition):
        return None
    namespace = short(pid.get(field, 4, repetition))
    universal = short(pid.get(field, 4, repetition, 2))
    plainly = _authority(namespace, universal, sender)
    authority = reading.authority(namespace, universal, plainly)
    if not authority or authority.partition(":")[0] == NOBODY:
        return None  # two systems that do not say who they are may both have given this number
    return Identifier(authority=authority, value=value)


def _authority(namespace: str, universal: str, sender: str) -> str:
    """Who gave the number: its namespace, else its universal id, else the sender (MSH-4)."""
    if not namespace and not universal:
        return sender
    if namespace and not GENERIC.match(namespace):
        return namespace
    if universal and not GENERIC.match(universal):
        return universal
    return whole(f"{sender}:{namespace or universal}")


def _is_ssn(pid: Segment, field: int, repetition: int) -> bool:
    """Whether a CX is a Social Security number, which is kept as its last four digits only."""
    kinds = {pid.get(field, 5, repetition).upper(), pid.get(field, 6, repetition).upper()}
    authority = pid.get(field, 4, repetition).upper()
    return bool(
        kinds & {"SS", "SSN"}
        or SSN_AUTHORITY in (authority, pid.get(field, 4, repetition, 2))
        or authority in ("USSSA", "SSA")
        or SSN_SHAPE.match(pid.get(field, 1, repetition))
    )


def _ssn_last4(pid: Segment) -> str:
    candidates = [pid.get(19)]
    listed = range(1, min(pid.repetitions(3), MOST_LISTED) + 1)
    candidates += [pid.get(3, 1, n) for n in listed if _is_ssn(pid, 3, n)]
    for candidate in candidates:
        digits = re.sub(r"\D", "", candidate)
        if len(digits) == 9 and len(set(digits)) > 1:
            return digits[-4:]
    return ""


def demographics(pid: Segment, received: datetime, read_in: dates.Zones) -> Demographics:
    """What PID says of the person. A birth date that is nonsense or to come says nothing."""
    born = dates.day(pid.get(7))
    deceased = pid.get(30).upper() == "Y" or dates.moment(pid.get(29), read_in) is not None
    return Demographics(
        name=_name(pid),
        born=born if born and born <= received.date() else None,
        sex=SEXES.get(pid.get(8).upper()[:1], "unknown"),
        address=_address(pid),
        phones=_phones(pid),
        email=_email(pid),
        ssn_last4=_ssn_last4(pid),
        deceased=deceased,
    )


def _name(pid: Segment) -> HumanName:
    """The legal name where the types tell it (XPN.7 = L), else the first one given.

    A name that is all in the family component as "Family, Given" is taken apart.
    """
    count = pid.repetitions(5)
    legal = [n for n in range(1, count + 1) if pid.get(5, 7, n).upper() == "L"]
    chosen = legal[0] if legal else 1
    if not pid.get(5, 1, chosen) and not pid.get(5, 2, chosen):
        named = [n for n in range(1, count + 1) if pid.get(5, 1, n) or pid.get(5, 2, n)]
        chosen = named[0] if named else 1
    family, given = pid.get(5, 1, chosen), pid.get(5, 2, chosen)
    if "," in family and not given:
        family, given = (part.strip() for part in family.split(",", 1))
    middle = pid.get(5, 3, chosen)
    return HumanName(
        family=short(family),
        given=short(f"{given} {middle}" if given and middle else given or middle),
        suffix=short(pid.get(5, 4, chosen)),
    )


def _address(pid: Segment) -> Address:
    """The first address that has a line or a ZIP."""
    usable = [
        n for n in range(1, pid.repetitions(11) + 1) if pid.get(11, 1, n) or pid.get(11, 5, n)
    ]
    n = usable[0] if usable else 1
    line = " ".join(filter(None, (_street(pid, n), pid.get(11, 2, n))))
    return Address(
        line=short(line),
        city=short(pid.get(11, 3, n)),
        state=short(pid.get(11, 4, n)),
        zip=five(pid.get(11, 5, n)),
    )


def _street(pid: Segment, n: int) -> str:
    """A street address, whose number and name may be subcomponents of their own (SAD)."""
    parts = (pid.get(11, 1, n, sub) for sub in (1, 2, 3))
    return " ".join(part for part in parts if part)


def five(code: str) -> str:
    """The first five digits of a US ZIP+4 however written; other countries' codes as they are."""
    digits = code.replace("-", "").replace(" ", "")
    return digits[:5] if digits.isdigit() and len(digits) in (5, 9) else short(code)


def _phones(pid: Segment) -> tuple[str, ...]:
    """Home then business numbers, as written or put together from their parts (XTN.5 to 7)."""
    found: dict[str, None] = {}
    for field in (13, 14):
        for n in range(1, pid.repetitions(field) + 1):
            if "@" in pid.text(field, n) and not pid.get(field, 7, n):
                continue
            whole = pid.get(field, 12, n) or pid.get(field, 1, n)
            put_together = "-".join(filter(None, (pid.get(field, 6, n), pid.get(field, 7, n))))
            number = short(put_together or whole)
            if sum(c.isdigit() for c in number) >= 7:
                found[number] = None
    return tuple(found)[:10]


def _email(pid: Segment) -> str:
    """The first address in PID-13 or PID-14 (XTN.4, whatever the use code)."""
    for field in (13, 14):
        for n in range(1, pid.repetitions(field) + 1):
            for value in (pid.get(field, 4, n), pid.get(field, 1, n)):
                if re.fullmatch(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+\.[^@\s<>,;\"]+", value):
                    return clean(value)[:254].lower()
    return ""
