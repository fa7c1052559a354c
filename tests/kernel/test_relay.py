"""The relay: the stream's tail is its cursor, the expected sequence its fence (DESIGN §3.6)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from nats.js.errors import BadRequestError
from opentelemetry.trace import SpanKind

from kernel.bus.provision import stream_config
from kernel.envelope import event_subject
from kernel.event_log import TO_PUBLISH, YOUNGER
from kernel.outbox import INCARNATION, LAST_SEQUENCE, POSITION, Relay, TailAhead
from kernel.store.port import Ask
from kernel.telemetry import span
from kernel.testing.spans import Spans, parent_of, trace_of
from kernel.testing.waiting import until
from tests.kernel import demo_services as demo
from tests.kernel.house import STREAM, House, both, living, until_heard
from tests.kernel.ward_log import Place, WardLog, opened

KEEP = timedelta(days=3)


@pytest.fixture
async def ward(house: House, tmp_path: Path) -> AsyncIterator[WardLog]:
    """ward's log, and a stream for it; no relay yet."""
    await house.js.add_stream(stream_config("ward", KEEP.days))
    files = f"sqlite:///{tmp_path}"
    async with opened(Place(f"{files}/ward.db", f"{files}/keys.db", tmp_path)) as log:
        yield log


@asynccontextmanager
async def relaying(house: House, log: WardLog) -> AsyncIterator[Relay]:
    """A relay that follows the log."""
    relay = Relay(log.log, house.js, STREAM, log.clock, KEEP)
    log.committer.after_commit.append(relay.wake)
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        log.committer.after_commit.remove(relay.wake)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def told(house: House) -> list[int]:
    """The positions on the stream, in its order."""
    state = (await house.js.stream_info(STREAM)).state
    found = [await house.js.get_msg(STREAM, seq=n + 1) for n in range(state.last_seq)]
    return [int((message.headers or {})[POSITION]) for message in found]


async def until_told(house: House, *positions: int) -> None:
    """Wait until these are on the stream; they must be all, in this order."""

    async def enough() -> bool:
        return await house.on_the_bus() >= len(positions)

    await until(enough)
    assert await told(house) == list(positions)


async def test_only_what_is_published_goes_to_the_bus_and_in_order(
    house: House, ward: WardLog
) -> None:
    await asyncio.gather(*(ward.take(f"b{n}") for n in range(100)), ward.ring("a"))
    rows = [r.position for r in await ward.stored() if type(r.event) is demo.Taken]
    async with relaying(house, ward):
        await until_told(house, *rows)
        await ward.ring("a")
        await ward.take("b100")
        await until_told(house, *rows, 103)


async def test_no_patient_is_named_in_a_subject(house: House, ward: WardLog) -> None:
    async with relaying(house, ward):
        await ward.take("b1", "p-secret")
        await until_told(house, 1)
    message = await house.js.get_msg(STREAM, seq=1)
    assert message.subject == event_subject("ward", "bed", "BedTaken", "p-secret")
    assert "secret" not in str(message.subject)


async def test_a_relay_that_starts_again_goes_on_behind_the_tail(
    house: House, ward: WardLog
) -> None:
    for n in (1, 2, 3):
        async with relaying(house, ward):
            await ward.take(f"b{n}")
            await until_told(house, *range(1, n + 1))


async def test_two_relays_at_once_publish_each_event_once(house: House, ward: WardLog) -> None:
    async with relaying(house, ward):
        async with relaying(house, ward):
            for n in range(30):
                await asyncio.gather(ward.take(f"b{n}"), ward.take(f"c{n}"))
            await until_told(house, *range(1, 61))
        await ward.take("last")
        await until_told(house, *range(1, 62))


async def test_a_relay_whose_tail_has_moved_is_refused_and_reads_it_again(
    house: House, ward: WardLog, caplog: pytest.LogCaptureFixture
) -> None:
    async with relaying(house, ward) as first:
        await ward.take("b1")
        await until_told(house, 1)
        ward.committer.after_commit.remove(first.wake)
        async with relaying(house, ward):
            await ward.take("b2")
            await until_told(house, 1, 2)
        caplog.clear()
        ward.committer.after_commit.append(first.wake)
        await ward.take("b3")
        await until_told(house, 1, 2, 3)
    assert "the stream moved without us" in caplog.text


async def test_the_server_refuses_another_sequence_than_the_next(
    house: House, ward: WardLog
) -> None:
    async with relaying(house, ward):
        await ward.take("b1")
        await until_told(house, 1)
    with pytest.raises(BadRequestError) as refusal:
        await house.js.publish("evt.ward.bed.BedTaken.00", b"", headers={LAST_SEQUENCE: "0"})
    assert refusal.value.err_code == 10071


async def test_an_empty_bus_is_filled_with_what_it_would_have_kept(
    house: House, ward: WardLog
) -> None:
    await ward.take("old")
    ward.clock.move(KEEP + timedelta(seconds=1))
    await ward.take("young")
    async with relaying(house, ward):
        await until_told(house, 2)


async def test_an_empty_bus_and_an_old_log_wait_for_the_next_event(
    house: House, ward: WardLog
) -> None:
    await ward.take("old")
    ward.clock.move(KEEP + timedelta(seconds=1))
    async with relaying(house, ward) as relay:
        await until(lambda: relay.sent == 1)
        await ward.take("young")
        await until_told(house, 2)


async def test_an_event_committed_while_the_relay_looks_for_its_start_is_not_missed(
    house: House, ward: WardLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = ward.db.inner.scan

    async def scan_then_commit(ask: Ask, /, **params: Any) -> Any:
        rows = await scan(ask, **params)
        if ask is YOUNGER:
            await ward.take("b1")
        return rows

    monkeypatch.setattr(ward.db, "scan", scan_then_commit)
    async with relaying(house, ward):
        await until_told(house, 1)


async def test_a_bus_that_is_ahead_of_the_log_stops_the_relay(house: House, ward: WardLog) -> None:
    await ward.take("b1")
    headers = {POSITION: "2", INCARNATION: ward.log.incarnation}
    await house.js.publish("evt.ward.bed.BedTaken.00", b"{}", headers=headers)
    with pytest.raises(TailAhead):
        await Relay(ward.log, house.js, STREAM, ward.clock, KEEP).run()


async def test_a_bus_that_is_ahead_of_the_log_stops_the_service_loudly(house: House) -> None:
    async with living(demo.ward, house.settings("ward")) as ward:
        life = ward.log.incarnation
        await house.take("b1")
        await until_told(house, 1)
    headers = {POSITION: "99", INCARNATION: life}
    await house.js.publish("evt.ward.bed.BedTaken.00", b"{}", headers=headers)
    ward = demo.ward(house.settings("ward"))
    with pytest.raises(ExceptionGroup) as stopped:
        await ward.run()
    assert stopped.group_contains(TailAhead)


async def test_what_the_bus_lost_is_on_it_again_without_another_event(
    house: House, ward: WardLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernel.outbox.LOOK_SECONDS", 0.05)
    async with relaying(house, ward):
        await ward.take("b1")
        await ward.take("b2")
        await until_told(house, 1, 2)
        await house.back(house.server.wipe)
        await house.js.add_stream(stream_config("ward", KEEP.days))
        await until_told(house, 1, 2)


async def test_one_trace_leads_from_the_command_to_the_reaction(house: House) -> None:
    spans = Spans()
    async with both(house) as (_, kitchen):
        with span("click", SpanKind.CLIENT) as click:
            await house.take("b1")
        await until_heard(kitchen, "b1")
        await until(lambda: len(spans.named("react cook")) == 1)
        [published] = spans.named(f"publish {STREAM}")
        [served] = spans.named("cmd.ward.TakeBed")
        [reacted] = spans.named("react cook")
        assert {trace_of(each) for each in (published, served, reacted)} == {trace_of(click)}
        assert parent_of(published) == _id(served)
        assert parent_of(reacted) == _id(published)


def _id(span: Any) -> int:
    return int(span.get_span_context().span_id)


async def test_what_publishes_nothing_is_not_looked_through_again(
    house: House, ward: WardLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log that says much and tells little must not read all of it at each commit."""
    await ward.take("b1")
    looked: list[Ask] = []
    fetch = ward.db.fetch

    async def noting(ask: Ask, /, **params: Any) -> Any:
        looked.append(ask)
        return await fetch(ask, **params)

    async with relaying(house, ward):
        await until_told(house, 1)
        monkeypatch.setattr(ward.db, "fetch", noting)
        for number in range(5):
            await ward.ring(f"a{number}")
        await ward.take("b2")
        await until_told(house, 1, 7)
    assert looked.count(TO_PUBLISH) <= 2
