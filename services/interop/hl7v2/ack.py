"""HL7 acknowledgements (original mode): AA, AE, AR with an ERR per problem. No patient data.

AA = durable and its outcome known (applied, kept, or held in labs' queue); AE = the content is wrong,
or a service it belongs to cannot answer now; AR = unreadable, or a kind not taken here. An ACK is
sent always, also when MSH-15/16 say NE: senders that wait would hang, the others do not read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.interop import Outcome
from services.interop.parcel import Header

TEXTS = {
    "100": "Segment sequence error",
    "101": "Required field missing",
    "102": "Data type error",
    "103": "Table value not found",
    "200": "Unsupported message type",
    "201": "Unsupported event code",
    "202": "Unsupported processing id",
    "203": "Unsupported version id",
    "204": "Unknown key identifier",
    "207": "Application internal error",
}
"""HL7 table 0357."""

CODES: dict[Outcome, str] = {
    "applied": "AA", "kept": "AA", "held": "AA", "quarantined": "AE", "refused": "AR",
}  # fmt: skip
OURS = 20
"""Characters of a message's id that are our MSH-10: table 2.A allows no more in old versions."""

ERR_FIELDS_SINCE = "2.5"
MOST_ERRORS = 10
"""So that an ACK stays below the 4096 bytes that simple senders read at once."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One problem as an ERR says it: code of table 0357, segment, plain sentence."""

    code: str
    where: str
    reason: str


TRY_AGAIN = Fault("207", "", "Cannot be processed now: try again")


def acknowledgement(header: Header, outcome: Outcome, fault: Fault, id: str, at: datetime) -> bytes:
    """What a settled message's sender is told. Made once, and kept."""
    code = CODES[outcome]
    return acknowledge(code, header, [] if code == "AA" else [fault], id[:OURS], at)


def acknowledge(
    code: str, header: Header, faults: Sequence[Fault], control: str, now: datetime
) -> bytes:
    """One ACK message, segments ended by CR, ASCII. `control` is our own MSH-10."""
    version = header.version if header.version.startswith("2") else "2.5.1"
    event = f"ACK^{_safe(header.event)}^ACK" if header.event else "ACK"
    msh = [
        "MSH|^~\\&",
        _safe(header.sent_to[0] or "MYPORTAL"),
        _safe(header.sent_to[1]),
        _safe(header.sent_by[0]),
        _safe(header.sent_by[1]),
        now.strftime("%Y%m%d%H%M%S+0000"),
        "",
        event,
        _safe(control),
        header.processing if header.processing in ("P", "T", "D") else "P",
        _safe(version),
    ]
    said = _safe(faults[0].reason) if faults else ""
    segments = ["|".join(msh), "|".join(["MSA", code, _safe(header.control), said]).rstrip("|")]
    segments += [_err(fault, version) for fault in list(faults)[:MOST_ERRORS]]
    return ("\r".join(segments) + "\r").encode("ascii", "replace")


def _err(fault: Fault, version: str) -> str:
    text = TEXTS.get(fault.code, TEXTS["207"])
    if version < ERR_FIELDS_SINCE:
        return f"ERR|{fault.where}^1^^{fault.code}&{text}&HL70357"
    where = f"{fault.where}^1" if fault.where else ""
    return f"ERR||{where}|{fault.code}^{text}^HL70357|E||||{_safe(fault.reason)}"


def _safe(text: str) -> str:
    """Text as one field: our own delimiters escaped, no line ends, bounded."""
    escaped = text.replace("\\", "\\E\\")
    for sign, letter in (("|", "F"), ("^", "S"), ("&", "T"), ("~", "R")):
        escaped = escaped.replace(sign, f"\\{letter}\\")
    return " ".join(escaped.split())[:250]
