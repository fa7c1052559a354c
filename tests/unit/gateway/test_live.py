"""Server-sent events: of the record in view, for as long as it may be seen."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest
from nats.aio.client import Client

from contracts.common import Caller, Role
from services.gateway import live, sessions
from services.gateway.live import CHANGED, STILL_HERE, hints
from services.gateway.sessions import Sessions
from tests.unit.gateway.bus import ANA, EXCHANGE, Services, refusal

LEOS = Caller(subject="u-ana", role=Role.PATIENT, patient="p-leo")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is looked at now and then is looked at at once."""
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(sessions, "FRESH_SECONDS", 0.0)


async def opened(client: Client, caller: Caller = LEOS) -> AsyncIterator[bytes]:
    """A stream that hears already."""
    stream = hints(client, Sessions(client), "ana's session", caller)
    assert await anext(stream) == STILL_HERE
    await client.flush()
    return stream


async def until_changed(stream: AsyncIterator[bytes]) -> int:
    """How often it said that it is still here before it said `changed`."""
    waited = 0
    while await anext(stream) != CHANGED:
        waited += 1
        assert waited < 50, "nothing changed"
    return waited


async def test_a_page_hears_of_the_record_in_view_and_of_no_other(
    client: Client, services: Services
) -> None:
    stream = await opened(client)
    await client.publish("live.patient.p-ana")
    await client.flush()
    assert await anext(stream) == STILL_HERE
    await client.publish("live.patient.p-leo")
    await until_changed(stream)
    assert {body["patient"] for body in services.asked_for(EXCHANGE)} == {"p-leo"}
    assert not any(body["active"] for body in services.asked_for(EXCHANGE))


async def test_staff_hear_of_their_own_kind_of_work(client: Client, services: Services) -> None:
    services.role = Role.PROVIDER
    stream = await opened(client, Caller(subject="u", role=Role.PROVIDER))
    await client.publish("live.staff.provider")
    await until_changed(stream)


@pytest.mark.rule("R33", "R45")
@pytest.mark.parametrize("ended", ["access", "session", "records"])
async def test_the_stream_ends_with_the_access_and_says_so_once(
    client: Client, services: Services, ended: str
) -> None:
    stream = await opened(client)
    if ended == "access":
        services.records = [ANA]
    elif ended == "session":
        services.answers[EXCHANGE] = refusal(401, "signed-out")
    else:
        barred = Caller(subject="u-ana", role=Role.PATIENT, barred="agreement-due")
        answer = {"token": "t", "caller": barred.model_dump(mode="json"), "idle_in": 1}
        services.answers[EXCHANGE] = (200, answer)
    for _ in range(3):  # hints that keep coming do not keep it open
        await client.publish("live.patient.p-leo")
    assert [part async for part in stream][-1:] == [CHANGED]


async def test_a_stream_about_somebody_elses_record_does_not_open(
    ana: httpx2.AsyncClient, services: Services
) -> None:
    answer = await ana.get("/api/v1/live", params={"patient": "p-else"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    services.records = []
    none = await ana.get("/api/v1/live")
    assert (none.status_code, none.json()["code"]) == (403, "no-record")
