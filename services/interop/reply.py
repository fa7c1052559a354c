"""From a frame to its acknowledgement: what the MLLP listener does with each message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from kernel.bus.requests import Unavailable
from services.interop.decider.message import Message
from services.interop.framing import Frame
from services.interop.hl7v2.ack import OURS, TRY_AGAIN, Fault, acknowledge, acknowledgement
from services.interop.hl7v2.splitting import split
from services.interop.hl7v2.translate import header_of
from services.interop.intake import MOST_IN_ONE, Intake, frame_id, message_id
from services.interop.tally import GRAVITY

NOT_WHOLE = {
    "truncated": "The frame ended before the message did",
    "too-large": "Larger than 16 MB",
}


async def answer(intake: Intake, frame: Frame, now: datetime) -> bytes:
    """Take one frame and say what became of it. The answer comes when that is durable, and is the
    same each time the same bytes come.
    """
    if frame.kind != "whole":
        state = await intake.keep_frame(frame.raw, NOT_WHOLE[frame.kind])
        return _said(state, frame.raw, frame_id(frame.raw))
    raws = split(frame.raw) or [frame.raw]
    if len(raws) > MOST_IN_ONE:
        state = await intake.keep_frame(frame.raw, "More messages in one frame than can be taken")
        return _said(state, frame.raw, frame_id(frame.raw))
    states = []
    for taken in await intake.take_all(raws, "mllp"):
        if isinstance(taken, Unavailable):
            return try_again(frame, now)
        if isinstance(taken, BaseException):
            raise taken
        states.append(taken)
    if len(states) == 1:
        return _said(states[0], raws[0], message_id(raws[0]))
    return _said_of_all(states, raws[0])


def _said(state: Message, raw: bytes, id: str) -> bytes:
    """The acknowledgement that was kept, or the one that would have been: it first came in a file."""
    if state.ack:
        return state.ack.encode("ascii")
    at = state.settled or state.received
    if state.said is None or at is None:
        raise ValueError("a message without an outcome")
    fault = Fault(state.code or "207", state.where, state.reason)
    return acknowledgement(header_of(raw), state.said, fault, id, at)


def _said_of_all(states: Sequence[Message], first: bytes) -> bytes:
    """One acknowledgement for a frame of several messages: the gravest outcome, under the control id
    of the first one, and as of its time.
    """
    gravest = max(states, key=lambda state: GRAVITY.index(state.said or "applied"))
    return _said(replace(gravest, ack="", settled=states[0].settled), first, message_id(first))


def try_again(frame: Frame, now: datetime) -> bytes:
    """AE: the bytes may be kept, but their outcome is not known. The sender sends them again."""
    id = message_id(frame.raw)
    return acknowledge("AE", header_of(frame.raw), [TRY_AGAIN], id[:OURS], now)
