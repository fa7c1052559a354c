"""Input made to hang or to fill memory, and numbers made to be taken for another's."""

from __future__ import annotations

import base64
import gzip
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.identity import RecordPatient
from contracts.interop import TakeMessages
from contracts.labs import PostReport
from services.interop.fhir.json import MOST_BYTES as MOST_JSON
from services.interop.framing import Frame, Framer
from services.interop.handing import MOST_COMMAND
from services.interop.hl7v2.normalise import messages, normalised
from services.interop.hl7v2.numbers import MOST_LISTED, numbers_in
from services.interop.hl7v2.splitting import split
from services.interop.hl7v2.translate import translate
from services.interop.intake import MOST_IN_ONE, TOGETHER, message_id
from services.interop.outline import outline
from services.interop.reply import answer
from tests.unit.interop.desk import OPERATOR, Desk, open_desk, parts
from tests.unit.interop.samples import MSH, NOW, OBR, OBX, PID, READ, header, parcel, person, raw

ONE = raw(MSH, PID)
ADT = header("ADT^A08")
GOOD = raw(ADT, PID)
LARGE = 8 * 2**20
SECONDS = 10.0
"""Far more than any of this takes, and far less than a step for each byte by each byte."""


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A fresh interop."""
    async with open_desk(tmp_path) as opened:
        yield opened


def framed(sent: bytes) -> list[Frame]:
    """The frames in these bytes, as they come over a network."""
    framer, found = Framer(), list[Frame]()
    for at in range(0, len(sent), 64 * 1024):
        found += framer.feed(sent[at : at + 64 * 1024])
        assert framer.inside or found
    return found


@pytest.mark.parametrize(
    ("work", "sent"),
    [
        (framed, b"\x0b" + ONE + b"\x0bX" * (LARGE // 2) + b"\x1c"),
        (framed, b"\x0b" + ONE + b"|" + b"x" * LARGE + b"\x1c"),
        (messages, ONE + b"\rx" * (LARGE // 8)),
        (split, ONE + b"\x1c" * LARGE + b"x\rPV1|"),
        (lambda sent: translate(sent, NOW, READ), ONE + b"\rABC" * (LARGE // 4)),
        (lambda sent: outline(sent, "hl7v2", True), ONE + b"\rx" * (LARGE // 8)),
        (lambda sent: numbers_in(normalised(sent)), ONE + b"\rPID|||" + b"7^^^N~" * (LARGE // 6)),
    ],
)  # fmt: skip
def test_nothing_takes_time_out_of_proportion(work: Callable[[bytes], Any], sent: bytes) -> None:
    began = time.process_time()
    work(sent)
    assert time.process_time() - began < SECONDS


def test_vts_inside_a_message_start_another_only_before_a_header() -> None:
    sent = b"\x0bMSH|a\x0bx\x0b \rMSH|b\x0bFHSx\x1c"
    found = [(frame.raw, frame.kind) for frame in Framer().feed(sent)]
    assert found == [(b"MSH|ax", "truncated"), (b" \rMSH|b", "truncated"), (b"FHSx", "whole")]


def test_a_message_made_of_segments_is_refused() -> None:
    for segment in (b"\rABC", b"\nABC"):
        [one] = translate(ONE + segment * 400_001, NOW, READ)
        assert one.problem is not None
        assert one.problem.verdict == "refused"
        assert one.header.control == "C1"


def test_the_numbers_that_keep_an_order_are_those_that_name_the_patient() -> None:
    field = "~".join(f"n{n}^^^NORTH" for n in range(MOST_LISTED + 50))
    found = numbers_in(normalised(raw(MSH, PID.replace("77^^^NORTH^MR", field))))
    assert found == {b"n%d" % n for n in range(MOST_LISTED)}
    odd = raw(header("ADT^A40"), " " + PID.replace("77^", "77&x^"), "MRG|78^^^NORTH~79")
    assert numbers_in(normalised(odd)) == {b"77", b"78", b"79"}


def test_numbers_too_long_to_keep_whole_are_still_told_apart() -> None:
    same = "7" * 250
    first, second = (
        person(parcel(ADT, PID.replace("77^^^NORTH^MR", f"{same}{n}^^^NORTH"))).identifiers
        for n in (1, 2)
    )
    assert first != second
    sender = ADT.replace("LAB", "L" * 200)
    first, second = (
        person(parcel(sender, PID.replace("^^^NORTH^MR", f"^^^{n}"))).identifiers for n in (1, 2)
    )
    assert first != second


async def test_a_report_is_measured_as_it_goes_over_the_bus(desk: Desk) -> None:
    wide = "\u4e00" * (MOST_COMMAND // 3)
    sent = raw(MSH, PID, OBR, OBX, f"NTE|1||{wide}")
    acknowledged = await answer(desk.intake, Frame(sent), NOW)
    assert b"MSA|AE|C1|A report is larger than can be handed over" in acknowledged
    assert not any(isinstance(message, PostReport) for _, message in desk.asked)


@pytest.mark.parametrize("rubbish", ["not base64!", "AAA", "\u00e4"])
async def test_what_is_no_base64_is_refused_and_not_kept(desk: Desk, rubbish: str) -> None:
    [part] = parts(b"{}", "fhir")
    reply = await desk.reply(part.model_copy(update={"part": rubbish}), OPERATOR)
    assert (reply.status, b"not-base64" in reply.body) == (422, True)
    reply = await desk.reply(TakeMessages(messages=(rubbish,)), OPERATOR)
    assert (reply.status, b"not-base64" in reply.body) == (422, True)
    assert await desk.names() == []


async def test_parts_of_another_size_replace_those_before_them(desk: Desk) -> None:
    raw_file = GOOD + b"\rNTE|1||" + b"x" * 300
    await desk.ask(parts(raw_file, "hl7v2", 100)[3], OPERATOR)
    said = await desk.file(raw_file, "hl7v2", 200)
    assert said["outcome"] == "applied"


async def test_more_messages_in_one_frame_than_fit_together(desk: Desk) -> None:
    sent = [GOOD.replace(b"C1", b"C%d" % n) for n in range(TOGETHER + 1)]
    assert b"MSA|AA|C0" in await answer(desk.intake, Frame(b"\r".join(sent)), NOW)
    assert sum(isinstance(message, RecordPatient) for _, message in desk.asked) == len(sent)


async def test_a_frame_of_nothing_but_headers_is_kept_as_one_and_refused(desk: Desk) -> None:
    sent = b"MSH|^~\\&|\r" * (MOST_IN_ONE + 1)
    assert b"MSA|AR" in await answer(desk.intake, Frame(sent), NOW)
    assert await desk.names() == ["MessageReceived", "MessageSettled"]
    said = await desk.reply(parts(sent, "hl7v2", 200_000)[0], OPERATOR)
    assert b"too-many" in said.body


async def test_a_bomb_in_gzip_is_refused_within_bounds(desk: Desk) -> None:

    bomb = gzip.compress(b" " * (MOST_JSON + 1))
    said = await desk.file(bomb)
    assert (said["outcome"], said["reason"]) == ("refused", "Larger than 64 MB")


async def test_what_is_refused_unread_is_answered_under_its_own_control_id(desk: Desk) -> None:
    for rubbish in (b"|" + b"&" * 400_001, b"\rABC" * 400_001):
        said = await answer(desk.intake, Frame(GOOD + rubbish), NOW)
        assert b"MSA|AR|C1|More parts in one message than can be taken" in said


async def test_a_damaged_stream_fails_nobody_who_is_decided_with_it(desk: Desk) -> None:
    known, fresh = (GOOD.replace(b"C1", n) for n in (b"K1", b"F1"))
    await answer(desk.intake, Frame(known), NOW)
    real = desk.committer.state

    async def damaged(stream: str, decider: Any) -> Any:
        if message_id(known) in stream:
            raise KeyError("damage")
        return await real(stream, decider)

    desk.committer.state = damaged  # type: ignore[method-assign]
    taken = await desk.ask(
        TakeMessages(messages=tuple(base64.b64encode(one).decode() for one in (known, fresh))),
        OPERATOR,
    )
    assert [one["outcome"] for one in taken["messages"]] == [None, "applied"]
