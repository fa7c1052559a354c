"""Each message stands for itself: in frames, files and batches; its acknowledgement, bytes, order."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.common import Caller, Role
from contracts.identity import RecordMerge, RecordPatient
from contracts.interop import GetMessage, GetQuarantine, GetSummary, TakeMessages
from contracts.labs import PostReport
from kernel.bus.requests import Unavailable
from kernel.decider import Refused
from kernel.testing.waiting import until
from services.interop.events import CODEC
from services.interop.events.message import MessageReceived, MessageSettled
from services.interop.framing import Frame
from services.interop.intake import message_id
from services.interop.reply import answer
from tests.unit.interop.desk import OPERATOR, SRE, Desk, open_desk
from tests.unit.interop.samples import MSH, NOW, OBR, OBX, PID, raw

FHS, BHS = "FHS|^~\\&|LAB", "BHS|^~\\&|LAB"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A fresh interop."""
    async with open_desk(tmp_path) as opened:
        yield opened


def result(number: int, mrn: str = "77", value: str = "13.5") -> bytes:
    """A result of its own."""
    return raw(
        MSH.replace("C1", f"C{number}"), PID.replace("77", mrn), OBR, OBX.replace("13.5", value)
    )


async def said(desk: Desk, sent: bytes) -> str:
    """The acknowledgement of a frame, a minute after the one before."""
    desk.clock.move(timedelta(minutes=1))
    return (await answer(desk.intake, Frame(sent), desk.now())).decode()


async def taken(desk: Desk, *sent: bytes) -> list[dict[str, Any]]:
    """What the command line is told of these messages."""
    desk.clock.move(timedelta(minutes=1))
    messages = tuple(base64.b64encode(one).decode() for one in sent)
    answered: list[dict[str, Any]] = (await desk.ask(TakeMessages(messages=messages), OPERATOR))[
        "messages"
    ]
    return answered


def stored_in(folder: Path) -> list[bytes]:
    """Everything on disk."""
    return [path.read_bytes() for path in folder.iterdir()]


async def events(desk: Desk, kind: type) -> list[Any]:
    """What was appended, of one type."""
    return [r.event for r in await desk._records() if isinstance(r.event, kind)]


async def test_a_batch_in_a_frame_is_taken_message_by_message_and_gets_one_answer(
    desk: Desk,
) -> None:
    desk.failures = [None, Refused("identity-conflict", "two patients")]
    batch = b"\r".join([FHS.encode(), BHS.encode(), result(1), result(2, "88"), b"BTS|2"])
    ack = await said(desk, batch)
    assert ack.split("\r")[1].startswith("MSA|AE|C1|")
    assert await desk.names() == ["MessageReceived"] * 2 + ["MessageSettled"] * 2
    [row] = (await desk.ask(GetQuarantine()))["messages"]
    assert row["message"] == message_id(result(2, "88"))
    assert await said(desk, result(1)) == await said(desk, result(1))
    assert len(desk.asked) == 3


async def test_the_bytes_that_came_are_kept_and_only_sealed(desk: Desk, tmp_path: Path) -> None:
    sent = result(1).replace(b"\r", b"\r\n") + b"\r\n"
    await said(desk, sent)
    assert await desk.intake.bytes_of(message_id(sent)) == sent
    secret = (b"Ada", base64.b64encode(sent)[60:100])
    stored = b"".join(stored_in(tmp_path))
    assert len(stored) > len(sent)
    assert not any(one in stored for one in secret)


async def test_the_acknowledgement_is_kept_and_given_again_byte_for_byte(desk: Desk) -> None:
    first = await said(desk, result(1))
    again = await said(desk, result(1).replace(b"\r", b"\r\n"))
    assert first == again
    [settled] = await events(desk, MessageSettled)
    assert (settled.ack, settled.control, settled.at) == (first, "C1", NOW + timedelta(minutes=1))


async def test_what_came_in_a_file_first_is_acknowledged_as_of_then(desk: Desk) -> None:
    await taken(desk, result(1))
    [settled] = await events(desk, MessageSettled)
    assert settled.ack == ""
    first = await said(desk, result(1))
    assert "|20261124120100+0000|" in first
    assert first == await said(desk, result(1))
    assert len(desk.asked) == 2


async def test_the_same_control_id_with_other_content_is_another_message(desk: Desk) -> None:
    await said(desk, result(1))
    await said(desk, result(1, value="13.6"))
    assert len(await events(desk, MessageReceived)) == 2


async def test_messages_of_a_file_are_kept_at_once_and_each_has_its_line(desk: Desk) -> None:
    lines = await taken(desk, result(1), b"no message", result(2, "88"))
    assert [line["outcome"] for line in lines] == ["applied", "refused", "applied"]
    assert lines[0]["counts"] == {"patient applied": 1, "report applied": 1}
    assert (await desk.names())[:3] == ["MessageReceived"] * 3
    positions = {r.position for r in await desk._records() if r.name == "MessageReceived"}
    again = await taken(desk, result(1), result(3, "99"))
    assert [line["repeated"] for line in [*lines, *again]] == [False, False, False, True, False]
    assert max(positions) - min(positions) == 2


async def test_what_a_neighbour_does_not_answer_is_kept_and_settled_later(desk: Desk) -> None:
    desk.failures = [Unavailable("identity")]
    lines = await taken(desk, result(1), result(2, "88"))
    assert [line["outcome"] for line in lines] == [None, "applied"]
    await desk.react()
    lines = await taken(desk, result(1), result(2, "88"))
    assert [line["outcome"] for line in lines] == ["applied", "applied"]


@pytest.mark.parametrize(
    ("caller", "status"),
    [
        (OPERATOR, 200),
        (SRE, 200),
        (Caller(subject="notifier", role=Role.SERVICE), 403),
        (Caller(subject="sue", role=Role.SUPPORT), 403),
    ],
)
async def test_only_the_command_line_brings_files(desk: Desk, caller: Caller, status: int) -> None:
    sent = TakeMessages(messages=(base64.b64encode(result(1)).decode(),))
    assert (await desk.reply(sent, caller)).status == status


async def test_what_is_no_base64_is_refused_whole(desk: Desk) -> None:
    assert (await desk.reply(TakeMessages(messages=("%",)), OPERATOR)).status == 422
    assert await desk.names() == []


async def test_one_persons_messages_go_in_their_order_and_the_others_do_not_wait(
    desk: Desk,
) -> None:
    slow = asyncio.Event()
    honest = desk.request

    async def request(message: Any, answer: Any, key: str = "") -> Any:
        if isinstance(message, RecordPatient) and message.identifiers[0].value == "77":
            await slow.wait()
        return await honest(message, answer, key)

    desk.request = request  # type: ignore[method-assign]
    sent = [result(n, mrn) for n, mrn in enumerate(["77", "77", "88", "77", "99"], 1)]
    work = asyncio.create_task(taken(desk, *sent))
    await until(lambda: len(desk.asked) >= 4)
    assert {m.identifiers[0].value for _, m in desk.asked if isinstance(m, RecordPatient)} == {
        "88", "99",
    }  # fmt: skip
    slow.set()
    await work
    first = [message_id(one) for one in (sent[0], sent[1], sent[3])]
    asked = [key.split("-")[0] for key, m in desk.asked if isinstance(m, PostReport)]
    assert [id for id in asked if id in first] == first


async def test_after_a_crash_they_go_on_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    sent = [result(n) for n in range(20)]
    async with open_desk(tmp_path) as first:
        wholes = [first.intake.keeping.whole(message_id(s), s, "hl7v2", "mllp") for s in sent]
        await first.intake.keeping.keep(wholes)
    async with open_desk(tmp_path) as second:
        await asyncio.gather(*(second.intake.resume(message_id(one)) for one in sent))
        keys = [key.split("-")[0] for key, m in second.asked if isinstance(m, PostReport)]
        assert keys == [message_id(one) for one in sent]


async def test_a_merge_says_itself_who_it_is_and_a_refused_one_waits_for_a_person(
    desk: Desk,
) -> None:
    merge = raw(MSH.replace("ORU^R01", "ADT^A40"), "EVN|A40", PID, "MRG|99^^^NORTH^MR")
    assert "MSA|AA" in await said(desk, merge)
    assert [type(message) for _, message in desk.asked] == [RecordMerge]
    desk.failures = [Refused("enrolled", "connected")]
    other = merge.replace(b"C1", b"C2")
    assert "MSA|AE" in await said(desk, other)
    [row] = (await desk.ask(GetQuarantine()))["messages"]
    assert row["where"] == "MRG"


async def test_what_belongs_to_a_service_to_come_is_kept_and_accepted(desk: Desk) -> None:
    visit = raw(MSH.replace("ORU^R01", "ADT^A04"), PID, "PV1|1|O|||||||||||||||||V7")
    assert "MSA|AA" in await said(desk, visit)
    [row] = (await desk.ask(GetSummary()))["rows"]
    assert row["outcome"] == "kept"
    assert (await desk.ask(GetSummary()))["waiting"] == [
        {"service": "scheduling", "command": "PostVisit", "count": 1}
    ]
    detail = await desk.ask(GetMessage(message=message_id(visit)))
    assert detail["counts"]["PostVisit kept for later"] == 1
    assert (await desk.ask(GetQuarantine()))["messages"] == []


async def test_a_person_whom_nobody_knows_is_said_to_be_unknown(desk: Desk) -> None:
    desk.failures = [Refused("not-found", "nobody", 404)]
    assert "MSA|AE|C1|Nobody here has this patient's number" in await said(desk, result(1))


async def test_events_from_before_these_fields_are_still_read() -> None:
    old = (
        b'{"message":"m","outcome":"applied","kind":"k","sender":"s","reason":"","code":"",'
        b'"where":"","counts":{}}'
    )
    event = CODEC.decode("MessageSettled", old)
    assert (event.ack, event.at, event.waits) == ("", None, {})
