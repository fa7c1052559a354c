"""The way of a message through a real log: durable first, once, continued after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contracts.interop import GetQuarantine, GetSummary, RetryMessage
from kernel.bus.requests import Unavailable
from kernel.decider import Refused
from services.interop.framing import Frame
from services.interop.intake import frame_id, message_id
from services.interop.reply import answer
from tests.unit.interop.desk import OPERATOR, SRE, Desk, open_desk, parts
from tests.unit.interop.samples import MSH, NOW, OBR, OBX, PID, feed, raw

RESULT = raw(MSH, PID, OBR, OBX)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A fresh interop."""
    async with open_desk(tmp_path) as opened:
        yield opened


async def ack(desk: Desk, sent: bytes) -> str:
    """The acknowledgement code of one whole frame."""
    said = await answer(desk.intake, Frame(sent), NOW)
    return said.decode().split("\r")[1].split("|")[1]


async def test_a_result_goes_to_identity_then_labs_and_is_acknowledged(desk: Desk) -> None:
    assert await ack(desk, RESULT) == "AA"
    assert [type(message).__name__ for _, message in desk.asked] == ["RecordPatient", "PostReport"]
    assert desk.asked[1][1].patient == "p1"
    assert len({key for key, _ in desk.asked}) == 2
    assert await desk.names() == ["MessageReceived", "MessageSettled"]


async def test_the_same_bytes_again_and_at_once_do_it_once(desk: Desk) -> None:
    assert await asyncio.gather(*(ack(desk, RESULT) for _ in range(5))) == ["AA"] * 5
    assert await ack(desk, RESULT) == "AA"
    await desk.react()
    assert len(desk.asked) == 2
    assert await desk.names() == ["MessageReceived", "MessageSettled"]


async def test_an_empty_message_is_refused_and_kept(desk: Desk) -> None:
    assert await ack(desk, b"") == "AR"
    [row] = (await desk.ask(GetQuarantine()))["messages"]
    assert row["reason"] == "The message is empty or its bytes are gone"


async def test_held_reports_are_accepted_and_said_so(desk: Desk) -> None:
    desk.outcome = "held"
    assert await ack(desk, RESULT) == "AA"
    summary = await desk.ask(GetSummary())
    assert summary["rows"] == [{"kind": "ORU^R01", "outcome": "held", "count": 1}]


async def test_an_unavailable_service_is_ae_and_the_next_try_goes_on_with_the_same_keys(
    desk: Desk,
) -> None:
    desk.failures = [None, Unavailable("labs")]
    assert await ack(desk, RESULT) == "AE"
    assert await desk.names() == ["MessageReceived"]
    assert await ack(desk, RESULT) == "AA"
    keys = [key for key, _ in desk.asked]
    assert keys[:2] == keys[2:]
    bodies = [message for _, message in desk.asked]
    assert bodies[:2] == bodies[2:]


async def test_before_the_practice_is_heard_a_message_is_kept_and_asked_for_again(
    tmp_path: Path,
) -> None:
    local = raw(MSH, PID, OBR.replace("20260101080000", "20260101"), OBX)
    async with open_desk(tmp_path, heard=False) as desk:
        assert await ack(desk, local) == "AE"
        assert (await desk.names(), desk.asked) == (["MessageReceived"], [])
        await desk.hear("Asia/Tokyo")
        assert await ack(desk, local) == "AA"
        assert desk.asked[1][1].acquired == datetime(2025, 12, 31, 15, tzinfo=UTC)


async def test_a_message_left_by_a_crash_is_settled_by_the_policy(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as first:
        whole = first.intake.keeping.whole(message_id(RESULT), RESULT, "hl7v2", "mllp")
        await first.intake.keeping.keep([whole])
        assert first.asked == []
    async with open_desk(tmp_path) as second:
        await second.react()
        assert len(second.asked) == 2
        assert (await second.names())[-1] == "MessageSettled"


async def test_a_conflict_is_quarantined_and_a_retry_takes_it_with_new_keys(desk: Desk) -> None:
    desk.failures = [Refused("identity-conflict", "two patients")]
    assert await ack(desk, RESULT) == "AE"
    [row] = (await desk.ask(GetQuarantine()))["messages"]
    assert row["reason"] == "The identifiers or demographics contradict the patient index"
    assert (row["kind"], row["sender"]) == ("ORU^R01", "LAB")
    reply = await desk.reply(RetryMessage(message=row["message"]), SRE)
    assert reply.status == 201
    await desk.react()
    assert (await desk.ask(GetQuarantine()))["messages"] == []
    assert desk.asked[0][0] != desk.asked[1][0]
    assert (await desk.ask(GetSummary()))["rows"][0]["outcome"] == "applied"
    assert len((await desk.ask(GetSummary()))["rows"]) == 1
    assert (await desk.reply(RetryMessage(message=row["message"]))).status == 409


async def test_a_refusal_of_us_is_no_refusal_of_the_message(desk: Desk) -> None:
    desk.failures = [Refused("signed-out", "token", status=401)]
    assert await ack(desk, RESULT) == "AE"
    assert await desk.names() == ["MessageReceived"]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (raw(MSH, PID, OBR, OBX, PID, OBR, OBX), "AE"),
        (raw(MSH, OBR, OBX), "AE"),
        (raw(MSH.replace("ORU^R01", "ZZZ^Z04"), PID), "AR"),
        (b"no message", "AR"),
    ],
)
async def test_what_is_not_applied_is_kept_with_its_reason(
    desk: Desk, sent: bytes, code: str
) -> None:
    assert await ack(desk, sent) == code
    [row] = (await desk.ask(GetQuarantine()))["messages"]
    assert row["message"] == message_id(sent)
    assert row["reason"]
    assert await desk.intake.bytes_of(message_id(sent)) == sent


async def test_a_truncated_frame_is_kept_and_can_never_be_applied(desk: Desk) -> None:
    said = await answer(desk.intake, Frame(RESULT, "truncated"), NOW)
    assert b"MSA|AR|C1|The frame ended before the message did" in said
    await desk.react()
    assert desk.asked == []
    reply = await desk.reply(RetryMessage(message=frame_id(RESULT)))
    assert reply.status == 409
    assert await ack(desk, RESULT) == "AA"  # sent again whole, it is another message


async def test_parts_in_any_order_and_more_than_once(desk: Desk) -> None:
    sent = parts(RESULT, "hl7v2", 30)
    for part in [*reversed(sent[1:]), *sent[2:]]:
        assert (await desk.ask(part, OPERATOR))["outcome"] is None
    done = await desk.ask(sent[0], OPERATOR)
    assert (done["outcome"], done["counts"]) == (
        "applied",
        {"patient applied": 1, "report applied": 1},
    )
    assert await desk.ask(sent[3], OPERATOR) == done
    assert len(desk.asked) == 2
    assert await ack(desk, RESULT) == "AA"  # the same bytes by another way
    assert len(desk.asked) == 2


async def test_parts_that_are_not_the_promised_file_are_forgotten(desk: Desk) -> None:
    [first, second] = parts(b"x" * 150_000, "fhir")
    wrong = second.model_copy(update={"part": "AAAA"})
    await desk.ask(first, OPERATOR)
    reply = await desk.reply(wrong, OPERATOR)
    assert (reply.status, b"hash-mismatch" in reply.body) == (422, True)
    await desk.ask(first, OPERATOR)
    assert (await desk.ask(second, OPERATOR))["outcome"] == "refused"  # no JSON, but whole
    other = Desk.reply(desk, first, OPERATOR.model_copy(update={"subject": "notifier"}))
    assert (await other).status == 403


async def test_a_shared_bundle_in_parts(desk: Desk) -> None:
    for path in feed("fhir")[:1]:
        for part in parts(path.read_bytes(), "fhir"):
            done = await desk.ask(part, OPERATOR)
        assert done["outcome"] == "kept"
        assert done["counts"]["report applied"] == len(desk.asked) - 1
        assert done["counts"]["PostCharges kept for later"] > 0
