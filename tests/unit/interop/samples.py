"""Small messages written for these tests, and where the shared feeds are."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from contracts.identity import RecordPatient
from contracts.labs import PostReport
from kernel.envelope import Command
from services.interop.hl7v2.translate import translate
from services.interop.parcel import Parcel, Unusable
from services.interop.reading import Reading

C = TypeVar("C", bound=Command)
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ZONE = ZoneInfo("America/Los_Angeles")
READ = Reading(ZONE)
SHARED = Path(os.environ.get("PORTAL_SHARED", "../shared"))
MSH = "MSH|^~\\&|APP|LAB|PORTAL|CLINIC|20260102030405||ORU^R01|C1|P|2.5.1"
PID = "PID|1||77^^^NORTH^MR||Roe^Ada^M||19800229|F|||1 Elm St^^Town^CA^90001-1234"
OBR = "OBR|1|P1|F1^LAB|718-7^Hemoglobin^LN|||20260101080000|||||||||111^Gray^Max||||||20260101|||F"
OBX = "OBX|1|NM|718-7^Hemoglobin^LN||13.5|g/dL|12-16|N|||F|||20260101090000"


def feed(folder: str) -> list[Path]:
    """The files of a shared folder; none, with a printed note, where the data is not there."""
    found = sorted(path for path in (SHARED / "data" / folder).glob("**/*") if path.is_file())
    found = [path for path in found if path.suffix in (".hl7", ".gz")]
    if not found:
        print(f"left out: {SHARED / 'data' / folder} is not here")
    return found


def raw(*segments: str) -> bytes:
    """The segments as a sender's bytes."""
    return "\r".join(segments).encode()


def parcel(*segments: str) -> Parcel:
    """The translated message, which must be usable."""
    [one] = translate(raw(*segments), NOW, READ)
    assert one.parcel is not None, one.problem and one.problem.reason
    return one.parcel


def person(made: Parcel) -> RecordPatient:
    """Whom a parcel is about, by demographics."""
    assert isinstance(made.about, RecordPatient)
    return made.about


def reports(made: Parcel) -> list[PostReport]:
    """A parcel's commands, which must all be reports."""
    found = [command for command in made.commands if isinstance(command, PostReport)]
    assert len(found) == len(made.commands)
    return found


def report(*segments: str) -> PostReport:
    """The only report of an ORU made of MSH, PID and these segments."""
    [made] = reports(parcel(MSH, PID, *segments))
    return made


def header(kind: str) -> str:
    """The sample MSH of another kind of message."""
    return MSH.replace("ORU^R01", kind)


def asked(command: type[C], kind: str, *segments: str) -> list[C]:
    """The commands of this type that a message of this kind, MSH, PID and these segments, makes."""
    made = parcel(header(kind), PID, *segments)
    return [one for one in made.commands if isinstance(one, command)]


def fields(segment: str, **changed: str) -> str:
    """The segment with some fields replaced by number (`_3="1"`)."""
    parts = segment.split("|") + [""] * 60
    for name, text in changed.items():
        parts[int(name[1:])] = text
    return "|".join(parts).rstrip("|")


def problem(*segments: str) -> Unusable:
    """Why the message is not usable."""
    [one] = translate(raw(*segments), NOW, READ)
    assert one.problem is not None
    return one.problem
