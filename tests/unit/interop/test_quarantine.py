"""The queue of kept messages: seen, opened with a reason, taken again, discarded."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.common import Caller, Role
from contracts.interop import (
    DiscardMessage,
    GetMessage,
    GetQuarantine,
    GetSenders,
    GetSummary,
    OpenMessage,
    RetryMessage,
    RetryMessages,
)
from kernel.decider import Refused
from kernel.event_log import AFTER
from services.interop.events.message import MessageDiscarded, MessageReceived, MessageReopened
from services.interop.framing import Frame
from services.interop.reply import answer
from services.interop.service import live
from tests.unit.interop.desk import SRE, Desk, open_desk
from tests.unit.interop.samples import MSH, OBR, OBX, PID, raw

SUPPORT = Caller(subject="sue", role=Role.SUPPORT, name="Sue Poole")
POLICY = Caller(subject="pia", role=Role.POLICY, name="Pia Lund")
PROVIDER = Caller(subject="max", role=Role.PROVIDER, provider="pr-1", name="Max Gray")
REASON = "Caller says a result is missing"
CONFLICT = Refused("identity-conflict", "two patients")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A fresh interop."""
    async with open_desk(tmp_path) as opened:
        yield opened


def result(n: int = 1, sender: str = "LAB") -> bytes:
    """A result of its own."""
    return raw(MSH.replace("|LAB|", f"|{sender}|").replace("C1", f"C{n}"), PID, OBR, OBX)


async def send(desk: Desk, sent: bytes, kind: Any = "whole") -> None:
    """As a frame over MLLP, a minute after the one before."""
    desk.clock.move(timedelta(minutes=1))
    await answer(desk.intake, Frame(sent, kind), desk.now())


async def conflicts(desk: Desk, *sent: bytes) -> None:
    """Send these while identity refuses each patient."""
    for one in sent:
        desk.failures = [CONFLICT]
        await send(desk, one)


async def records(desk: Desk, kind: type) -> list[Any]:
    """The log's records of one type of event."""
    every = await desk.log.records(await desk.log.db.scan(AFTER, above=0, count=1000))
    return [record for record in every if isinstance(record.event, kind)]


async def queue(desk: Desk, sender: str = "") -> list[dict[str, Any]]:
    """What waits, newest first."""
    found: list[dict[str, Any]] = (await desk.ask(GetQuarantine(sender=sender)))["messages"]
    return found


async def test_the_queue_says_why_where_and_how_often(desk: Desk) -> None:
    await conflicts(desk, result())
    [row] = await queue(desk)
    assert (row["code"], row["where"], row["outcome"]) == ("204", "PID", "quarantined")
    assert (row["attempts"], row["replayable"]) == (1, True)
    desk.failures = [CONFLICT]
    await desk.reply(RetryMessage(message=row["message"]))
    assert await queue(desk) == []
    await desk.react()
    [again] = await queue(desk)
    assert again["attempts"] == 2


async def test_the_queue_counts_by_sender_and_shows_one_senders(desk: Desk) -> None:
    await conflicts(desk, result(1), result(2), result(3, "CLINIC"))
    said = await desk.ask(GetQuarantine(), POLICY)
    assert said["waiting"] == 3
    assert [(one["sender"], one["waiting"]) for one in said["senders"]] == [
        ("LAB", 2), ("CLINIC", 1),
    ]  # fmt: skip
    times = [row["received"] for row in said["messages"]]
    assert times == sorted(times, reverse=True)
    assert [row["sender"] for row in await queue(desk, "CLINIC")] == ["CLINIC"]
    assert await queue(desk, "NOBODY") == []


async def test_only_the_staff_who_mend_messages_see_them(desk: Desk) -> None:
    await conflicts(desk, result())
    [row] = await queue(desk)
    for message in (
        GetQuarantine(),
        GetMessage(message=row["message"]),
        RetryMessage(message=row["message"]),
        RetryMessages(sender="LAB"),
        DiscardMessage(message=row["message"], reason=REASON),
        OpenMessage(message=row["message"], reason=REASON),
        GetSenders(),
        GetSummary(),
    ):
        assert (await desk.reply(message, PROVIDER)).status == 403
    for caller in (SRE, POLICY):
        assert (
            await desk.reply(OpenMessage(message=row["message"], reason=REASON), caller)
        ).status == 403


async def test_a_message_is_shown_with_its_way_and_without_whom_it_is_about(desk: Desk) -> None:
    await conflicts(desk, result())
    [row] = await queue(desk)
    await desk.reply(OpenMessage(message=row["message"], reason=REASON), SUPPORT)
    desk.failures = [CONFLICT]
    await desk.reply(RetryMessage(message=row["message"]), POLICY)
    await desk.react()
    reply = await desk.reply(GetMessage(message=row["message"]), SRE)
    detail = await desk.ask(GetMessage(message=row["message"]), SRE)
    assert [(step["what"], step["by"]) for step in detail["steps"]] == [
        ("received", ""), ("settled", ""), ("opened", "Sue Poole"), ("reopened", "Pia Lund"),
        ("settled", ""),
    ]  # fmt: skip
    assert detail["steps"][1]["outcome"] == "quarantined"
    assert detail["steps"][2]["says"] == REASON
    assert (detail["source"], detail["format"], detail["size"]) == ("mllp", "hl7v2", len(result()))
    assert detail["counts"] == {"patient quarantined": 1}
    assert [segment["name"] for segment in detail["segments"]] == ["MSH", "PID", "OBR", "OBX"]
    assert not re.search(rb"Roe|Ada|19800229|Elm|\b77\b|13\.5", reply.body)


async def test_support_does_not_see_which_tests_a_message_speaks_of(desk: Desk) -> None:
    await conflicts(desk, result())
    [row] = await queue(desk)
    seen = {
        caller.role: b"Hemoglobin"
        in (await desk.reply(GetMessage(message=row["message"]), caller)).body
        for caller in (SRE, POLICY, SUPPORT)
    }
    assert seen == {Role.SRE: True, Role.POLICY: True, Role.SUPPORT: False}


async def test_one_that_is_being_taken_again_still_has_its_page(desk: Desk) -> None:
    await conflicts(desk, result())
    [row] = await queue(desk)
    await desk.reply(RetryMessage(message=row["message"]), SRE)
    detail = await desk.ask(GetMessage(message=row["message"]), SRE)
    assert detail["row"]["outcome"] == "quarantined"
    assert detail["steps"][-1]["what"] == "reopened"


async def test_an_applied_message_can_be_looked_at_but_not_taken_again(desk: Desk) -> None:
    await send(desk, result())
    [id] = [record.event.message for record in await records(desk, MessageReceived)]
    assert (await desk.ask(GetMessage(message=id)))["row"]["outcome"] == "applied"
    assert (await desk.reply(RetryMessage(message=id))).status == 409
    reply = await desk.reply(DiscardMessage(message=id, reason=REASON), SUPPORT)
    assert reply.status == 409
    assert b'"settled"' in reply.body


async def test_a_message_that_is_not_there_is_said_so(desk: Desk) -> None:
    for message in (
        GetMessage(message="none"),
        RetryMessage(message="none"),
        DiscardMessage(message="none", reason=REASON),
        OpenMessage(message="none", reason=REASON),
    ):
        assert (await desk.reply(message, SUPPORT)).status == 404


async def test_who_opened_it_and_why_is_kept_before_anything_is_shown(desk: Desk) -> None:
    await conflicts(desk, result())
    [row] = await queue(desk)
    said = await desk.ask(OpenMessage(message=row["message"], reason=REASON), SUPPORT)
    [person] = said["people"]
    assert (person["segment"], person["name"]["family"], person["born"]) == (
        "PID", "Roe", "1980-02-29",
    )  # fmt: skip
    assert person["identifiers"] == [{"authority": "NORTH", "value": "77"}]
    assert "13.5" not in str(said)
    assert (await desk.names())[-1] == "MessageOpened"
    await desk.ask(OpenMessage(message=row["message"], reason="Still looking"), SUPPORT)
    assert (await desk.names())[-2:] == ["MessageOpened", "MessageOpened"]


async def test_nothing_is_shown_when_the_look_cannot_be_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await conflicts(desk, result())
    [row] = await queue(desk)

    async def broken(unit: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(desk, "submit", broken)
    with pytest.raises(OSError, match="disk full"):
        await desk.reply(OpenMessage(message=row["message"], reason=REASON), SUPPORT)


async def test_a_reason_is_needed_to_open_and_to_discard(desk: Desk) -> None:
    await conflicts(desk, result())
    [row] = await queue(desk)
    for short in (
        OpenMessage.model_construct(message=row["message"], reason=""),
        DiscardMessage.model_construct(message=row["message"], reason="x"),
    ):
        assert (await desk.reply(short, SUPPORT)).status == 422
    assert "MessageOpened" not in await desk.names()


async def test_reasons_and_names_of_staff_are_sealed_in_the_log(desk: Desk) -> None:
    await conflicts(desk, result())
    [row] = await queue(desk)
    await desk.reply(OpenMessage(message=row["message"], reason=REASON), SUPPORT)
    await desk.reply(DiscardMessage(message=row["message"], reason=REASON), SUPPORT)
    for stored in await desk.log.db.scan(AFTER, above=0, count=1000):
        assert REASON.encode() not in stored["data"]
        assert b"Sue Poole" not in stored["data"]
    [discarded] = await records(desk, MessageDiscarded)
    assert discarded.event.reason == REASON
    assert "Sue" not in repr(discarded.event)


async def test_a_discarded_message_leaves_the_queue_and_can_be_taken_again(desk: Desk) -> None:
    await conflicts(desk, result(1), result(2))
    row = (await queue(desk))[0]
    discard = DiscardMessage(message=row["message"], reason=REASON)
    assert (await desk.reply(discard, SUPPORT)).status == 201
    assert (await desk.reply(discard, SRE)).status == 201
    assert (await desk.names()).count("MessageDiscarded") == 1
    assert [one["message"] == row["message"] for one in await queue(desk)] == [False]
    assert (await desk.ask(GetQuarantine()))["waiting"] == 1
    detail = await desk.ask(GetMessage(message=row["message"]))
    assert detail["steps"][-1]["what"] == "discarded"
    assert detail["row"]["replayable"] is True
    await desk.reply(RetryMessage(message=row["message"]), SUPPORT)
    await desk.react()
    assert (await desk.ask(GetMessage(message=row["message"])))["row"]["outcome"] == "applied"


async def test_a_message_being_taken_cannot_be_discarded(desk: Desk) -> None:
    await conflicts(desk, result())
    [row] = await queue(desk)
    await desk.reply(RetryMessage(message=row["message"]))
    reply = await desk.reply(DiscardMessage(message=row["message"], reason=REASON), SUPPORT)
    assert (reply.status, b'"busy"' in reply.body) == (409, True)


async def test_all_of_a_sender_are_taken_again_oldest_first(desk: Desk) -> None:
    sent = [result(n) for n in range(1, 46)]
    await conflicts(desk, *sent, result(99, "CLINIC"))
    await send(desk, result(100)[:-20], "truncated")
    said = await desk.ask(RetryMessages(sender="LAB"), SUPPORT)
    assert (said["reopened"], said["left"]) == (45, 0)
    came = [record.stream for record in await records(desk, MessageReceived)][:45]
    assert [record.stream for record in await records(desk, MessageReopened)] == came
    await desk.react()
    assert {row["kind"] for row in await queue(desk, "LAB")} == {"frame"}


async def test_those_that_fail_again_are_taken_once_per_call(desk: Desk) -> None:
    await conflicts(desk, result(1), result(2))
    await desk.ask(RetryMessages(sender="LAB"))
    desk.failures = [CONFLICT, None, None]
    await desk.react()
    [row] = await queue(desk)
    assert row["attempts"] == 2
    said = await desk.ask(RetryMessages(sender="NOBODY"))
    assert (said["reopened"], said["left"]) == (0, 0)


async def test_a_truncated_frame_is_never_replayable_and_can_be_discarded(desk: Desk) -> None:
    await send(desk, result()[:-20], "truncated")
    [row] = await queue(desk)
    assert (row["outcome"], row["replayable"]) == ("refused", False)
    assert (await desk.reply(RetryMessage(message=row["message"]))).status == 409
    await desk.reply(DiscardMessage(message=row["message"], reason=REASON), SRE)
    assert await queue(desk) == []


async def test_staff_who_look_at_the_queue_are_told_of_what_comes_and_goes(desk: Desk) -> None:
    await conflicts(desk, result())
    [row] = await queue(desk)
    await desk.reply(DiscardMessage(message=row["message"], reason=REASON), SUPPORT)
    all_three = ("staff.sre", "staff.support", "staff.policy")
    way = await desk.intake.history(row["message"])
    assert [live(record.event, record) for record in way] == [(), all_three, all_three]
