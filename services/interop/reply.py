"""From a frame to its acknowledgement: what the MLLP listener does with each message."""

from __future__ import annotations

from datetime import datetime

from kernel.bus.requests import Unavailable
from services.interop.decider.message import Message
from services.interop.framing import Frame
from services.interop.hl7v2.ack import Fault, acknowledge
from services.interop.hl7v2.translate import header_of
from services.interop.intake import Intake, message_id
from services.interop.parcel import Header

CODES = {"applied": "AA", "held": "AA", "quarantined": "AE", "refused": "AR"}
NOT_WHOLE = {
    "truncated": "The frame ended before the message did",
    "too-large": "Larger than 16 MB",
}
TRY_AGAIN = Fault("207", "", "Cannot be processed now: try again")


async def answer(intake: Intake, frame: Frame, now: datetime) -> bytes:
    """Take one frame and say what became of it. The answer comes when that is durable."""
    header = header_of(frame.raw)
    try:
        if frame.kind == "whole":
            state = await intake.take(frame.raw, "hl7v2", "mllp")
        else:
            state = await intake.keep(frame.raw, NOT_WHOLE[frame.kind])
    except Unavailable:
        return try_again(frame, now)
    return settled(header, state, message_id(frame.raw), now)


def settled(header: Header, state: Message, id: str, now: datetime) -> bytes:
    """The ACK of a settled message; the same each time the same bytes come."""
    if state.outcome is None:
        return acknowledge("AE", header, [TRY_AGAIN], id[:20], now)
    code = CODES[state.outcome]
    faults = [] if code == "AA" else [Fault(state.code or "207", state.where, state.reason)]
    return acknowledge(code, header, faults, id[:20], now)


def try_again(frame: Frame, now: datetime) -> bytes:
    """AE: the bytes may be kept, but their outcome is not known. The sender sends them again."""
    header = header_of(frame.raw)
    return acknowledge("AE", header, [TRY_AGAIN], message_id(frame.raw)[:20], now)
