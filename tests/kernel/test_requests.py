"""Asking and being answered on a real nats-server: who may, how many at once, what comes back."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nats
import pytest
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeout

from kernel.bus import answering, requests
from kernel.bus.connect import ServerTooOld, connect
from kernel.bus.requests import Unavailable, ask, send
from kernel.decider import Refused
from kernel.envelope import PublishedPage, PublishedSince
from kernel.operations import GetHealth, HealthAnswer
from kernel.testing.nats import nats_server
from kernel.testing.waiting import until
from tests.kernel import demo_services as demo
from tests.kernel.house import House, living

TAKE = demo.TakeBed(bed="b1", patient="p1", diet="soft")


async def test_a_command_is_answered_with_its_status_and_body(house: House) -> None:
    async with living(demo.ward, house.settings("ward")):
        reply = await house.send(TAKE, house.signed("operator"))
        assert (reply.status, json.loads(reply.body)) == (201, {"bed": "b1", "patient": "p1"})


async def test_a_command_sent_again_with_its_key_gets_the_same_answer(house: House) -> None:
    async with living(demo.ward, house.settings("ward")) as ward:
        token = house.signed("operator")
        first = await house.send(TAKE, token, key="k1")
        assert await house.send(TAKE, token, key="k1") == first
        assert (await house.send(TAKE, token, key="k2")).status == 409
        assert ward.log.head == 1


async def test_another_caller_may_use_the_same_key(house: House) -> None:
    async with living(demo.ward, house.settings("ward")) as ward:
        other = TAKE.model_copy(update={"bed": "b2"})
        assert (await house.send(TAKE, house.signed("one"), key="k")).status == 201
        assert (await house.send(other, house.signed("two"), key="k")).status == 201
        assert ward.log.head == 2


async def test_a_query_reads_what_was_just_written(house: House) -> None:
    async with living(demo.ward, house.settings("ward")):
        await house.ask(TAKE, demo.BedAnswer)
        answer = await house.ask(demo.GetBed(bed="b1"), demo.BedAnswer)
        assert answer.patient == "p1"


async def test_a_refusal_comes_back_as_it_was_raised(house: House) -> None:
    async with living(demo.ward, house.settings("ward")):
        with pytest.raises(Refused) as refusal:
            await house.ask(demo.GetBed(bed="b1"), demo.BedAnswer)
        refused = refusal.value
        assert (refused.status, refused.code) == (404, "not-found")
        assert (refused.detail, refused.fields) == (
            "Nobody lies there.",
            {"bed": "This bed is free."},
        )


async def test_what_is_not_valid_is_refused_without_repeating_it(house: House) -> None:
    async with living(demo.ward, house.settings("ward")):
        body = b'{"bed": 7, "patient": "p1", "diet": "soft", "canary": "canary"}'
        reply = await send(house.client, "cmd.ward.TakeBed", body, house.signed("operator"))
        problem = json.loads(reply.body)
        assert reply.status == 422
        assert set(problem["errors"]) == {"bed", "canary"}
        assert "canary" not in str(problem["errors"].values())


async def test_more_than_the_bound_at_once_is_refused_at_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "MOST_AT_ONCE", 3)
    async with living(demo.ward, house.settings("ward")) as ward:
        waiting = [asyncio.create_task(house.send(demo.Wait())) for _ in range(3)]
        await until(lambda: ward.deps.waiting == 3)
        busy = await house.send(demo.GetBed(bed="b1"))
        assert (busy.status, json.loads(busy.body)["code"]) == (503, "busy")
        ward.deps.gate.set()
        assert [reply.status for reply in await asyncio.gather(*waiting)] == [200, 200, 200]
        assert (await house.send(demo.GetBed(bed="b1"))).status == 404


async def test_a_service_that_is_busy_is_unavailable_to_who_asks(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "MOST_AT_ONCE", 0)
    async with living(demo.ward, house.settings("ward")):
        with pytest.raises(Unavailable):
            await house.ask(TAKE, demo.BedAnswer)


async def test_nobody_there_is_unavailable(house: House) -> None:
    with pytest.raises(Unavailable):
        await send(house.client, "cmd.ward.TakeBed", b"{}", timeout=0.15)


async def test_no_answer_in_time_is_unavailable(house: House) -> None:
    async with living(demo.ward, house.settings("ward")) as ward:
        with pytest.raises(Unavailable):
            await send(house.client, "qry.ward.Wait", b"{}", timeout=0.1)
        ward.deps.gate.set()


async def test_a_request_waits_for_a_service_that_is_just_starting(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "NO_ONE_SECONDS", 0.01)
    asked = asyncio.create_task(house.send(TAKE, house.signed("operator")))
    async with living(demo.ward, house.settings("ward")):
        assert (await asked).status == 201


async def test_a_service_told_to_stop_finishes_what_it_has_taken(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, committing = asyncio.Event(), asyncio.Event()
    stop = answering.Endpoints.stop

    async def stop_then_go_on(endpoints: answering.Endpoints) -> None:
        gate.set()
        await stop(endpoints)

    monkeypatch.setattr(answering.Endpoints, "stop", stop_then_go_on)
    async with living(demo.ward, house.settings("ward")) as ward:
        commit = ward.db.commit

        async def slow(writes: Any) -> None:
            committing.set()
            await gate.wait()
            await commit(writes)

        monkeypatch.setattr(ward.db, "commit", slow)
        asked = asyncio.create_task(house.send(TAKE, house.signed("operator")))
        await committing.wait()
    assert (await asked).status == 201


async def test_a_bug_is_an_answer_and_not_silence(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with living(demo.ward, house.settings("ward")) as ward:

        async def bug(*_: Any, **__: Any) -> Any:
            raise ZeroDivisionError("p1 had a secret")

        monkeypatch.setattr(ward, "fetch", bug)
        reply = await house.send(demo.GetBed(bed="b1"))
        assert (reply.status, json.loads(reply.body)["code"]) == (500, "error")
        assert "ZeroDivisionError" in caplog.text
        assert "secret" not in caplog.text + reply.body.decode()


async def test_without_a_token_only_what_is_open_to_all_is_answered(house: House) -> None:
    async with living(demo.ward, house.settings("ward")):
        assert (await house.send(TAKE)).status == 401
        assert (await house.send(demo.GetBed(bed="b1"))).status == 404


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "e30.e30.e30", "...", "e30.W10.e30"])
async def test_a_token_that_is_none_is_refused(house: House, token: str) -> None:
    async with living(demo.ward, house.settings("ward")):
        assert (await house.send(TAKE, token)).status == 401


async def test_a_token_of_an_unknown_issuer_is_refused(house: House, tmp_path: Path) -> None:
    stranger = House(house.server, house.client, tmp_path / "elsewhere")
    async with living(demo.ward, house.settings("ward")):
        assert (await house.send(TAKE, stranger.signed("operator"))).status == 401


async def test_a_token_with_another_issuers_name_on_it_is_refused(
    house: House, tmp_path: Path
) -> None:
    stranger = House(house.server, house.client, tmp_path / "elsewhere")
    house.signed("operator")
    async with living(demo.ward, house.settings("ward")):
        assert (await house.send(TAKE, stranger.signed("operator"))).status == 401
        assert (await house.send(TAKE, house.signed("operator"))).status == 201


async def test_a_service_may_speak_only_for_itself(house: House) -> None:
    async with living(demo.ward, house.settings("ward")):
        for claims in ({"subject": "ann", "role": "nurse"}, {"subject": "identity"}):
            assert (await house.send(TAKE, house.signed("kitchen", **claims))).status == 401
        signed = house.signed("identity", subject="ann", role="nurse")
        assert (await house.send(TAKE, signed)).status == 201


async def test_a_role_that_may_not_is_refused(house: House) -> None:
    async with living(demo.ward, house.settings("ward")):
        signed = house.signed("identity", subject="ann", role="visitor")
        assert (await house.send(TAKE, signed)).status == 403


@pytest.mark.parametrize(
    ("barred", "code"),
    [("agreement-due", "agreement-due"), ("no-record", "no-record"), ("", "no-record")],
)
async def test_who_has_no_record_in_view_is_told_why(house: House, barred: str, code: str) -> None:
    async with living(demo.ward, house.settings("ward")):
        signed = house.signed("identity", subject="ann", role="visitor", barred=barred)
        reply = await house.send(demo.GetMyBed(), signed)
        assert (reply.status, json.loads(reply.body)["code"]) == (403, code)


async def test_what_is_about_the_record_in_view_is_answered_about_that_one(house: House) -> None:
    async with living(demo.ward, house.settings("ward")):
        signed = house.signed("identity", subject="ann", role="visitor", patient="p1")
        reply = await house.send(demo.GetMyBed(nights=2), signed)
        assert (reply.status, json.loads(reply.body)) == (200, {"bed": "b2", "patient": "p1"})
        nurse = house.signed("identity", subject="bo", role="nurse", patient="p1")
        assert json.loads((await house.send(demo.GetMyBed(), nurse)).body)["code"] == "forbidden"


async def test_a_query_may_come_as_text_also_where_answering_it_writes(house: House) -> None:
    async with living(demo.ward, house.settings("ward")):
        signed = house.signed("identity", subject="ann", role="visitor", patient="p1")
        reply = await send(house.client, "qry.ward.GetMyBed", b'{"nights": "3"}', signed)
        assert json.loads(reply.body)["bed"] == "b3"


async def test_a_token_ends(house: House) -> None:
    async with living(demo.ward, house.settings("ward")):
        token = house.signed("operator")
        assert (await house.send(TAKE, token)).status == 201
        house.clock.move(timedelta(seconds=31))
        assert (await house.send(TAKE, token)).status == 401


async def test_a_source_gives_its_events_after_a_position(house: House) -> None:
    async with living(demo.ward, house.settings("ward")):
        await house.take("b1", "b2", "b3")
        since = PublishedSince(topic="bed", after=1, limit=1)
        page = await house.ask(since, PublishedPage, service="ward")
        assert [(e.position, e.previous) for e in page.events] == [(2, 1)]
        assert page.head == 3
        nothing = await house.ask(
            PublishedSince(topic="none", after=0), PublishedPage, service="ward"
        )
        assert (nothing.events, nothing.head) == ([], 0)


async def test_a_service_tells_how_it_is(house: House) -> None:
    async with living(demo.ward, house.settings("ward")) as ward:
        await house.take("b1")
        await until(lambda: ward.relay is not None and ward.relay.sent == 1)
        health = await house.ask(GetHealth(), HealthAnswer, service="ward")
        assert (health.service, health.stage, health.head, health.outbox) == (
            "ward",
            "working",
            1,
            0,
        )


async def test_operators_only_are_told(house: House) -> None:
    async with living(demo.ward, house.settings("ward")):
        token = house.signed("identity", subject="ann", role="nurse")
        with pytest.raises(Refused, match="may not"):
            await ask(house.client, GetHealth(), HealthAnswer, token, service="ward")


async def test_a_denied_permission_is_loud(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    may = {"publish": ["_INBOX.>", "$JS.API.INFO"], "subscribe": ["_INBOX_kitchen.>"]}
    user = {"user": "kitchen", "password": "k", "permissions": may}
    with (
        nats_server(tmp_path, authorization={"users": [user]}) as server,
        caplog.at_level(logging.ERROR),
    ):
        url = server.url.replace("nats://", "nats://kitchen:k@")
        client = await connect(url, "kitchen")
        with pytest.raises((NatsTimeout, NatsError)):
            await client.jetstream(timeout=0.3).publish("evt.ward.bed.BedTaken.00", b"")
        await until(lambda: "permission denied by the bus" in caplog.text)
        assert "evt.ward.bed.bedtaken.00" in caplog.text.lower()
        await client.close()


async def test_a_wrong_password_does_not_connect(tmp_path: Path) -> None:
    users = [{"user": "kitchen", "password": "k"}]
    with nats_server(tmp_path, authorization={"users": users}) as server:
        url = server.url.replace("nats://", "nats://kitchen:wrong@")
        with pytest.raises(NatsError):
            await nats.connect(url, allow_reconnect=False, error_cb=_quiet)


async def _quiet(error: Exception) -> None:
    """Expected."""


@pytest.mark.parametrize(("major", "minor"), [(1, 99), (2, 0), (2, 11)])
async def test_a_server_that_is_too_old_is_refused(
    monkeypatch: pytest.MonkeyPatch, major: int, minor: int
) -> None:
    closed = asyncio.Event()

    async def close() -> None:
        closed.set()

    async def old_server(*_: Any, **__: Any) -> Any:
        version = SimpleNamespace(major=major, minor=minor)
        return SimpleNamespace(connected_server_version=version, close=close)

    monkeypatch.setattr(nats, "connect", old_server)
    with pytest.raises(ServerTooOld, match=f"{major}.{minor} is older"):
        await connect("nats://nowhere", "ward")
    assert closed.is_set()
