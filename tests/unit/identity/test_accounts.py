"""Accounts: one per address, signing in and out, and tokens (R44, R45)."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from pydantic import SecretStr

from contracts.common import Caller
from contracts.identity import Exchange, SignOut
from tests.unit.identity import steps
from tests.unit.identity.desk import INTEROP, OPERATOR, SUPPORT, Desk
from tests.unit.identity.signing import sign_in, staff


@pytest.mark.rule("R45")
async def test_the_session_opens_with_a_new_cookie_each_time(desk: Desk) -> None:
    patient = await desk.record()
    first = await steps.enrol(desk, patient)
    second = await desk.ask(sign_in("Maria+x@EXAMPLE.com"))
    assert first["cookie"] != second["cookie"]
    known = Caller.model_validate(second["caller"])
    assert (known.subject, known.role) == (first["caller"]["subject"], "patient")
    assert (known.patient, known.basis, known.provider) == (patient, "self", None)
    assert known.name == "María Garcia-López"
    assert (second["idle_seconds"], second["expires_in"]) == (600, 43_200)


@pytest.mark.rule("R45")
async def test_the_token_carries_the_caller_and_never_outlives_the_session(desk: Desk) -> None:
    session = await steps.enrol(desk, await desk.record())
    cookie = SecretStr(session["cookie"])
    fresh = await desk.ask(Exchange(cookie=cookie, active=False))
    assert json.loads(fresh["token"]) == {**session["caller"], "life": 30}
    assert fresh["idle_in"] == 600
    desk.clock.move(timedelta(seconds=590))
    late = await desk.ask(Exchange(cookie=cookie, active=False))
    assert json.loads(late["token"])["life"] == 10
    moved = await desk.ask(Exchange(cookie=cookie, active=True))
    assert moved["idle_in"] == 600
    desk.clock.move(timedelta(seconds=600))
    gone = await desk.reply(Exchange(cookie=cookie, active=True))
    assert gone.status == 401


async def test_signing_out_ends_the_session(desk: Desk) -> None:
    session = await steps.enrol(desk, await desk.record())
    cookie = SecretStr(session["cookie"])
    for _ in range(2):
        assert (await desk.reply(SignOut(cookie=cookie))).status == 200
    assert await desk.refused(Exchange(cookie=cookie, active=True)) == "signed-out"


async def test_a_wrong_password_and_an_unknown_address_look_and_work_alike(desk: Desk) -> None:
    await steps.enrol(desk, await desk.record())
    answers, written = set(), []
    for attempt in (sign_in(password="wrong"), sign_in("nobody@example.com")):
        before = len(await desk.names())
        answer = await desk.reply(attempt)
        answers.add((answer.status, answer.body))
        written.append((await desk.names())[before:])
    assert len(answers) == 1
    assert answers.pop()[0] == 401
    assert written == [["SignInFailed"], ["SignInFailed"]]


@pytest.mark.parametrize("email", ["maria@example.com", "nobody@example.com"])
async def test_five_wrong_passwords_lock_the_address_for_a_growing_time(
    desk: Desk, email: str
) -> None:
    await steps.enrol(desk, await desk.record())
    for _ in range(5):
        await desk.ask(sign_in(email, "wrong"))
    right = sign_in(email)
    assert await desk.refused(right) == "sign-in-refused"
    desk.clock.move(timedelta(seconds=60))
    await desk.ask(sign_in(email, "wrong"))  # the sixth: two minutes
    desk.clock.move(timedelta(seconds=119))
    assert await desk.refused(right) == "sign-in-refused"
    desk.clock.move(timedelta(seconds=1))
    entered = (await desk.reply(right)).status == 200
    assert entered == (email == "maria@example.com")


async def test_trying_while_locked_does_not_lengthen_the_lock(desk: Desk) -> None:
    await steps.enrol(desk, await desk.record())
    for _ in range(50):
        await desk.ask(sign_in(password="wrong"))
    assert (await desk.names()).count("SignInFailed") == 5
    desk.clock.move(timedelta(minutes=1))
    assert (await desk.reply(sign_in())).status == 200


async def test_the_right_password_forgets_the_wrong_ones(desk: Desk) -> None:
    await steps.enrol(desk, await desk.record())
    for _ in range(3):
        for _ in range(4):
            await desk.ask(sign_in(password="wrong"))
        assert (await desk.reply(sign_in())).status == 200


async def test_staff_get_accounts_from_the_operator_only(desk: Desk) -> None:
    assert await desk.refused(staff(), SUPPORT) == "forbidden"
    assert await desk.refused(staff(), INTEROP) == "forbidden"
    assert (await desk.reply(staff(), OPERATOR)).status == 201
    session = await desk.ask(sign_in("dr.who@practice.example"))
    assert (session["caller"]["role"], session["caller"]["provider"]) == ("provider", "prov-1")


@pytest.mark.rule("R44")
async def test_an_address_opens_one_account(desk: Desk) -> None:
    await desk.ask(staff(), OPERATOR)
    assert await desk.refused(staff("DR.WHO@practice.example"), OPERATOR) == "address-in-use"


async def test_a_staff_password_must_be_strong_too(desk: Desk) -> None:
    weak = staff(password=SecretStr("password12345678"))
    assert await desk.refused(weak, OPERATOR) == "weak-password"
