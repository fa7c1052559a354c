"""Small messages written for these tests, and where the shared feeds are."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from contracts.labs import PostReport
from services.interop.hl7v2.translate import translate
from services.interop.parcel import Parcel, Unusable
from services.interop.reading import Reading

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


def report(*segments: str) -> PostReport:
    """The only report of an ORU made of MSH, PID and these segments."""
    [made] = parcel(MSH, PID, *segments).commands
    return made


def problem(*segments: str) -> Unusable:
    """Why the message is not usable."""
    [one] = translate(raw(*segments), NOW, READ)
    assert one.problem is not None
    return one.problem
