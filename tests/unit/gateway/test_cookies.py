"""The doors where cookies come and go: signing in, in one step or two, and out."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from nats.aio.client import Client

from services.gateway.browsers import UNKNOWN, label
from tests.unit.gateway.bus import Services, browser

SIGN_IN, CONFIRM = "/api/v1/identity/sign-in", "/api/v1/identity/confirm-second-factor"
SIGNED_IN = {"cookie": "new session", "device": "known again", "idle_seconds": 600}
PHONE = (
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Mobile Safari/537.36"
)


def cookie_named(answer: httpx2.Response, name: str) -> str:
    """One Set-Cookie header."""
    return next(
        line for line in answer.headers.get_list("set-cookie") if line.startswith(f"{name}=")
    )


@pytest.mark.parametrize("door", ["sign-in", "sign-in-with-passkey"])
async def test_signing_in_says_which_browser_it_is_and_takes_both_cookies(
    client: Client, services: Services, door: str
) -> None:
    services.answers = {
        f"cmd.identity.{name}": (200, SIGNED_IN) for name in ("SignIn", "SignInWithPasskey")
    }
    person = browser(client, device="known before")
    answer = await person.post(
        f"/api/v1/identity/{door}", json={"email": "a@b.cd"}, headers={"User-Agent": PHONE}
    )
    assert services.asked[-1][1] == {
        "email": "a@b.cd", "device": "known before", "label": "Chrome on Android",
    }  # fmt: skip
    assert answer.json() == {"idle_seconds": 600}
    session, device = cookie_named(answer, "sid"), cookie_named(answer, "device")
    assert session == 'sid="new session"; HttpOnly; Path=/; SameSite=lax'
    assert device == 'device="known again"; HttpOnly; Max-Age=31536000; Path=/; SameSite=lax'


async def test_over_https_the_cookies_belong_to_this_host_alone(
    client: Client, services: Services
) -> None:
    services.answers["cmd.identity.SignIn"] = (200, SIGNED_IN)
    answer = await browser(client, secure=True).post(SIGN_IN, json={})
    for name in ("__Host-sid", "__Host-device"):
        assert cookie_named(answer, name).endswith("Path=/; SameSite=lax; Secure")


async def test_a_client_cannot_state_what_the_gateway_knows(
    stranger: httpx2.AsyncClient, services: Services
) -> None:
    forged = {"device": "of another", "label": "<b>trust me</b>"}
    await stranger.post(SIGN_IN, json=forged, headers={"User-Agent": "curl"})
    assert services.asked[-1][1] == {"device": "", "label": UNKNOWN}
    stranger.cookies.set("sid", "waits")
    await stranger.post(CONFIRM, json={"code": "123456", "cookie": "of another"})
    assert services.asked[-1][1] == {"code": "123456", "cookie": "waits"}


async def test_a_second_step_without_a_first_is_signed_out(
    stranger: httpx2.AsyncClient, services: Services
) -> None:
    answer = await stranger.post(CONFIRM, json={"code": "123456"})
    assert (answer.status_code, answer.json()["code"]) == (401, "signed-out")
    assert services.asked == []


async def test_the_second_step_changes_the_session_and_forgets_the_first(
    ana: httpx2.AsyncClient, services: Services
) -> None:
    services.answers["cmd.identity.ConfirmSecondFactor"] = (200, {"cookie": "whole"})
    answer = await ana.post(CONFIRM, json={"code": "123456"})
    assert (answer.json(), ana.cookies["sid"]) == ({}, "whole")
    assert len(answer.headers.get_list("set-cookie")) == 1


async def test_a_refused_sign_in_leaves_no_cookie(
    stranger: httpx2.AsyncClient, services: Services
) -> None:
    refused: tuple[int, dict[str, Any]] = (401, {"code": "sign-in-refused"})
    services.answers["cmd.identity.SignIn"] = refused
    answer = await stranger.post(SIGN_IN, json={})
    assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)


@pytest.mark.parametrize(
    "body", [b"[]", b"7", b'"x"', b"{", b"\xff", b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}"]
)
async def test_a_body_that_cannot_be_filled_goes_nowhere(
    stranger: httpx2.AsyncClient, services: Services, body: bytes
) -> None:
    answer = await stranger.post(SIGN_IN, content=body)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["body"])
    assert services.asked == []


async def test_enrolling_opens_a_session_in_a_browser_that_is_known_from_then_on(
    stranger: httpx2.AsyncClient, services: Services
) -> None:
    services.answers["cmd.identity.CompleteEnrolment"] = (
        200,
        {"cookie": "first", "device": "d1.mac"},
    )
    sent = {"link": "i.secret", "code": "ABCDE-FGHJK"}
    await stranger.post("/api/v1/identity/complete-enrolment", json=sent)
    asked = services.asked[-1][1]
    assert {**asked, "label": ""} == {**sent, "device": "", "label": ""}
    assert asked["label"]
    assert (stranger.cookies["sid"], stranger.cookies["device"]) == ("first", "d1.mac")


async def test_signing_out_ends_the_session_and_the_browser_stays_known(
    ana: httpx2.AsyncClient, services: Services
) -> None:
    ana.cookies.set("device", "known before")
    answer = await ana.post("/api/v1/identity/sign-out")
    assert services.asked_for("cmd.identity.SignOut") == [{"cookie": "ana's session"}]
    assert [line.split("=")[0] for line in answer.headers.get_list("set-cookie")] == ["sid"]
    assert (await ana.post("/api/v1/identity/sign-out")).status_code == 200
    assert len(services.asked) == 1


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (PHONE, "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/18 Safari/605.1", "Safari on Mac"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537 Edg/140", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) FxiOS/140 Safari/605", "Firefox on iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0", "Firefox on Linux"),
        ("something (Windows NT 10.0)", "A browser on Windows"),
        ("<script>alert(1)</script>" * 100, "A browser"),
        ("", "A browser"),
    ],
)
def test_a_browser_has_a_short_name_and_never_its_own_words(agent: str, said: str) -> None:
    assert label(agent) == said
