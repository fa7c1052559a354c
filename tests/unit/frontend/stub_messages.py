"""Canned answers about kept messages: a queue of two senders, one message of each kind, a profile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from starlette.responses import Response

from contracts import interop
from contracts.common import Done, HumanName
from contracts.identity import Identifier
from contracts.interop import MessageStep, OutlineField, OutlineSegment, QuarantineRow
from tests.unit.frontend.stub import NOW, Stub, problem

ODD_NAME = "North/East & Co"


def row(message: str, reason: str, days: float = 0, **more: Any) -> QuarantineRow:
    """A kept message with the usual rest."""
    filled: dict[str, Any] = {
        "kind": "ORU^R01",
        "sender": "LABSYS",
        "outcome": "quarantined",
        "attempts": 1,
        "received": NOW - timedelta(days=days),
    }
    return QuarantineRow(message=message, reason=reason, **filled | more)


KEPT = (
    row("m-4711", "no usable patient identifier", where="PID", code="101"),
    row("m-4712", "kind that is not taken", 3, kind="QRY^A19", outcome="refused", code="200"),
    row("m-4713", "no usable patient identifier", 30, sender=ODD_NAME, attempts=3),
    row("m-4714", "cut off", 2, kind="frame", sender="", outcome="refused", replayable=False),
)
QUARANTINE = interop.QuarantineAnswer(
    messages=KEPT,
    waiting=1204,
    senders=(
        interop.SenderCount(sender="LABSYS", waiting=1202),
        interop.SenderCount(sender=ODD_NAME, waiting=1),
        interop.SenderCount(sender="", waiting=1),
    ),
)
SEGMENTS = (
    OutlineSegment(
        name="MSH",
        fields=(
            OutlineField(number=1, shown="|", length=1),
            OutlineField(number=9, shown="ORU^R01", length=7),
        ),
    ),
    OutlineSegment(
        name="PID",
        fields=(
            OutlineField(number=3, shown="^^^NORTH^MR", length=18),
            OutlineField(number=5, length=12),
            OutlineField(number=8, length=1),
        ),
    ),
    OutlineSegment(name="ZZ1", fields=(OutlineField(number=4, length=1500),)),
)
STEPS = (
    MessageStep(at=NOW - timedelta(hours=3), what="received"),
    MessageStep(
        at=NOW - timedelta(hours=3),
        what="settled",
        outcome="quarantined",
        says="no usable patient identifier",
    ),
    MessageStep(
        at=NOW - timedelta(hours=1),
        what="opened",
        by="Sam Ortega",
        says="To ask the sender for the number",
    ),
)
DISCARDED = MessageStep(at=NOW, what="discarded", by="Tomas Lind", says="A test message")
PEOPLE = (
    interop.MessagePerson(
        segment="PID",
        name=HumanName(family="Lindqvist", given="Grace"),
        born="1951-11-02",
        sex="F",
        identifiers=(Identifier(authority="NORTH", value="N-771"),),
    ),
)
PROFILE = interop.SenderProfile(
    sender="LABSYS",
    authorities={"HOSP": "NORTH", "TMP": ""},
    kinds={"ORU^R03": "ORU^R01"},
    zone="America/Denver",
    charset="8859/1",
)
SENDERS = (
    interop.SenderRow(profile=PROFILE, messages=48210, waiting=1202, last=NOW),
    interop.SenderRow(
        profile=interop.SenderProfile(sender=ODD_NAME), messages=1, waiting=1, last=NOW
    ),
    interop.SenderRow(
        profile=interop.SenderProfile(sender="WESTLAB"), messages=0, waiting=0, last=None
    ),
)


def detail(kept: QuarantineRow, **more: Any) -> interop.MessageDetail:
    """One message with the usual rest."""
    filled: dict[str, Any] = {
        "source": "mllp",
        "format": "hl7v2",
        "size": 1834,
        "control": "MSG0001",
        "ack": "MSH|^~\\&|PORTAL|HV|LABSYS||20260304||ACK|A1|P|2.5.1\rMSA|AE|MSG0001\r",
        "counts": {"results:held": 2},
        "steps": STEPS,
        "segments": SEGMENTS,
    }
    return interop.MessageDetail(row=kept, **filled | more)


def add(made: Stub) -> None:
    """What the pages about messages and senders ask, answered."""
    made.answers |= {
        interop.GetQuarantine: _quarantine,
        interop.GetMessage: _message,
        interop.OpenMessage: interop.MessagePeopleAnswer(people=PEOPLE),
        interop.RetryMessage: Done(id="m-4711"),
        interop.RetryMessages: interop.RetriedAnswer(id="x", reopened=500, left=702),
        interop.DiscardMessage: Done(id="m-4711"),
        interop.GetSenders: interop.SendersAnswer(senders=SENDERS),
        interop.MapSender: Done(id="LABSYS"),
    }


def _quarantine(fields: dict[str, Any]) -> interop.QuarantineAnswer:
    chosen = fields.get("sender", "")
    rows = tuple(each for each in KEPT if chosen in ("", each.sender))
    return QUARANTINE.model_copy(update={"messages": rows})


def _message(fields: dict[str, Any]) -> interop.MessageDetail | Response:
    found = [each for each in KEPT if each.message == fields["message"]]
    if not found:
        return problem(404, "not-found", "There is no such message.")
    if found[0].kind == "frame":
        return detail(found[0], source="file", ack="", control="", segments=(), counts={})
    return detail(found[0])
