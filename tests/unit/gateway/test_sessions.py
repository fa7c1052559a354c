"""Whose record a call is about, and what is known of a session for how long (R45, R33)."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from kernel.testing.waiting import until
from tests.unit.gateway.bus import ANA, EXCHANGE, LEO, Services, refusal

RESULTS = "/api/v1/labs/results"
LEOS = {"X-Patient": "p-leo"}


async def test_a_call_is_about_the_record_that_its_header_names(
    ana: httpx2.AsyncClient, services: Services
) -> None:
    for headers, token in (({}, "token-of-p-ana"), (LEOS, "token-of-p-leo")):
        assert (await ana.get(RESULTS, headers=headers)).status_code == 200
        assert services.tokens[-1] == token
    assert [body["patient"] for body in services.asked_for(EXCHANGE)] == [None, "p-leo"]


async def test_the_session_says_who_calls_and_whose_records_there_are(
    ana: httpx2.AsyncClient,
) -> None:
    for method, path in (("GET", "session"), ("POST", "session/extend")):
        said = (await ana.request(method, f"/api/v1/{path}", headers=LEOS)).json()
        assert set(said) == {"caller", "idle_in", "records"}
        assert said["caller"]["patient"] == "p-leo"
        assert said["records"] == [ANA, LEO]


@pytest.mark.rule("R33")
async def test_a_record_that_may_not_be_seen_is_not_found_and_nothing_behind_is_asked(
    ana: httpx2.AsyncClient, services: Services
) -> None:
    answer = await ana.get(RESULTS, headers={"X-Patient": "p-else"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert {subject for subject, _ in services.asked} == {EXCHANGE}


async def test_a_session_that_waits_for_its_second_factor_opens_nothing(
    ana: httpx2.AsyncClient, services: Services
) -> None:
    services.answers[EXCHANGE] = refusal(401, "second-factor")
    answer = await ana.get(RESULTS)
    assert (answer.status_code, answer.json()["code"]) == (401, "second-factor")


@pytest.mark.parametrize("odd", ["", "p one", "x" * 65, "../p1", "p1\x7f"])
async def test_what_is_no_id_is_refused_before_anybody_is_asked(
    ana: httpx2.AsyncClient, services: Services, odd: str
) -> None:
    answer = await ana.get(RESULTS, headers={"X-Patient": odd})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["X-Patient"])
    live = await ana.get("/api/v1/live", params={"patient": odd})
    assert (live.status_code, list(live.json()["errors"])) == (422, ["patient"])
    assert services.asked == []


async def test_identity_is_asked_once_for_each_record_by_calls_at_the_same_time(
    ana: httpx2.AsyncClient, services: Services
) -> None:
    calls = [ana.get(RESULTS, headers=headers) for headers in ({}, LEOS, {}, LEOS)]
    assert [a.status_code for a in await asyncio.gather(*calls)] == [200] * 4
    assert len(services.asked_for(EXCHANGE)) == 2


@pytest.mark.rule("R33", "R45")
@pytest.mark.parametrize(
    "command", ["change-password", "sign-out-everywhere", "disenrol", "end-device"]
)
async def test_after_a_command_of_identity_nothing_is_used_that_was_known_before(
    ana: httpx2.AsyncClient, services: Services, command: str
) -> None:
    for headers in ({}, LEOS):
        await ana.get(RESULTS, headers=headers)
    assert (await ana.post(f"/api/v1/identity/{command}", json={})).status_code == 200
    services.records = [ANA]
    assert (await ana.get(RESULTS, headers=LEOS)).status_code == 404
    services.answers[EXCHANGE] = refusal(401, "signed-out")
    await ana.post("/api/v1/identity/sign-out", json={})
    ana.cookies.set("sid", "ana's session")  # somebody kept it
    assert (await ana.get(RESULTS)).status_code == 401


async def test_what_identity_says_about_the_time_before_a_change_is_not_kept(
    ana: httpx2.AsyncClient, services: Services
) -> None:
    await ana.get(RESULTS)
    services.gate.clear()
    before = asyncio.create_task(ana.get(RESULTS, headers=LEOS))
    await until(lambda: len(services.asked_for(EXCHANGE)) == 2)
    assert (await ana.post("/api/v1/identity/disenrol", json={})).status_code == 200
    services.records = [ANA]
    services.gate.set()
    assert (await before).status_code == 200
    assert (await ana.get(RESULTS, headers=LEOS)).status_code == 404


async def test_a_session_is_needed_and_a_cookie_that_opens_nothing_is_none(
    stranger: httpx2.AsyncClient, services: Services
) -> None:
    assert (await stranger.get(RESULTS)).status_code == 401
    assert services.asked == []
    services.answers[EXCHANGE] = refusal(401, "signed-out")
    stranger.cookies.set("sid", "made up")
    assert (await stranger.get(RESULTS)).status_code == 401
