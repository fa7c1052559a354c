"""The second step of signing in: authenticator apps and recovery codes (R45, R63)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest
from pydantic import SecretStr

from contracts.common import Role
from contracts.identity import (
    BeginPasskey,
    BeginTotp,
    ChangePassword,
    ConfirmTotp,
    Factor,
    GetConnections,
    GetSecurity,
    NewRecoveryCodes,
    RemoveFactors,
    RemoveTotp,
    SignOutEverywhere,
)
from services.identity.api import API
from services.identity.events.invitation import InvitationIssued
from tests.unit.identity import steps
from tests.unit.identity.desk import CLINIC, NOTIFIER, OPERATOR, PASSWORD, SUPPORT, Desk
from tests.unit.identity.family import born, child, parent
from tests.unit.identity.signing import (
    DOCTOR,
    MARIA,
    App,
    Authenticator,
    add_passkey,
    caller_of,
    doctor,
    enter,
    maria,
    outcome,
    second_step,
    set_up_app,
    sign_in,
    staff,
)

SET_UP = {"GetSecurity", "BeginTotp", "ConfirmTotp", "BeginPasskey", "AddPasskey",
          "SignOutEverywhere"}  # fmt: skip


async def waiting(desk: Desk) -> tuple[App, str]:
    """Maria has an app, and has given her password: a session that waits."""
    app = await set_up_app(desk, await maria(desk))
    return app, (await enter(desk, sign_in()))["cookie"]


@pytest.fixture
def strict(desk: Desk) -> Desk:
    """The practice is not a demo: its staff need a second factor."""
    desk.deps = replace(desk.deps, second_factor_required=True)
    return desk


async def test_an_offered_app_changes_nothing_until_a_code_came_back(desk: Desk) -> None:
    caller = await maria(desk)
    offer = await desk.ask(BeginTotp(password=SecretStr(PASSWORD)), caller)
    assert "otpauth://totp/Harbor%20Family%20Practice" in offer["uri"]
    wrong = ConfirmTotp(code=SecretStr(App(desk, offer["secret"]).wrong()))
    assert await desk.refused(wrong, caller) == "wrong-code"
    assert (await enter(desk, sign_in()))["second_factor"] == []


async def test_the_second_step_opens_a_session_under_a_new_cookie(desk: Desk) -> None:
    app, cookie = await waiting(desk)
    entered = json.loads((await second_step(desk, cookie, app.next_code())).body)
    assert entered["cookie"] != cookie
    assert (entered["second_factor"], entered["caller"]["role"]) == ([], "patient")
    assert await outcome(desk, entered["cookie"]) == "open"
    assert await outcome(desk, cookie) == "signed-out"


@pytest.mark.rule("R45")
async def test_a_session_that_waits_opens_nothing_and_lives_five_minutes(desk: Desk) -> None:
    app, cookie = await waiting(desk)
    answer = await enter(desk, sign_in())
    assert answer["second_factor"] == ["totp", "recovery"]
    assert (answer["caller"]["role"], answer["device"]) == ("anonymous", None)
    assert (answer["idle_seconds"], answer["expires_in"]) == (300, 300)
    desk.clock.move(timedelta(seconds=299))
    assert await outcome(desk, cookie) == "second-factor"
    desk.clock.move(timedelta(seconds=1))
    assert await outcome(desk, cookie) == "signed-out"
    assert (await second_step(desk, cookie, app.next_code())).status == 401


async def test_a_code_opens_once(desk: Desk) -> None:
    app, first = await waiting(desk)
    second = (await enter(desk, sign_in()))["cookie"]
    code = app.next_code()
    assert (await second_step(desk, first, code)).status == 200
    assert (await second_step(desk, second, code)).status == 422
    assert (await second_step(desk, second, app.code(-1))).status == 422  # an older one neither
    assert (await second_step(desk, second, app.next_code())).status == 200


@pytest.mark.parametrize(("step", "status"), [(-2, 422), (-1, 200), (1, 200), (2, 422)])
async def test_clocks_may_differ_by_one_step(desk: Desk, step: int, status: int) -> None:
    app, _ = await waiting(desk)
    desk.clock.move(timedelta(minutes=5))
    cookie = (await enter(desk, sign_in()))["cookie"]
    assert (await second_step(desk, cookie, app.code(step))).status == status


async def test_the_code_that_set_it_up_does_not_sign_in_too(desk: Desk) -> None:
    app, cookie = await waiting(desk)
    assert (await second_step(desk, cookie, app.code())).status == 422


async def test_a_recovery_code_opens_once_however_it_is_typed(desk: Desk) -> None:
    app, cookie = await waiting(desk)
    assert len(set(app.recovery)) == 10
    typed = app.recovery[3].replace("-", " ").lower()
    entered = json.loads((await second_step(desk, cookie, typed)).body)
    page = await desk.ask(GetSecurity(), await caller_of(desk, entered["cookie"]))
    assert page["recovery_left"] == 9
    again = (await enter(desk, sign_in()))["cookie"]
    assert (await second_step(desk, again, app.recovery[3])).status == 422
    assert (await second_step(desk, again, app.recovery[4])).status == 200


async def test_neither_secret_nor_codes_are_in_anything_that_prints(desk: Desk) -> None:
    app, _ = await waiting(desk)
    printed = repr(await desk.events()) + repr(desk.bucket.values)
    for secret in (app.secret, *app.recovery, *(c.replace("-", "") for c in app.recovery)):
        assert secret not in printed


async def test_new_recovery_codes_void_the_old_ones(desk: Desk) -> None:
    caller = await maria(desk)
    app = await set_up_app(desk, caller)
    wrong = NewRecoveryCodes(password=SecretStr("wrong"))
    assert await desk.refused(wrong, caller) == "wrong-password"
    answer = await desk.ask(NewRecoveryCodes(password=SecretStr(PASSWORD)), caller)
    cookie = (await enter(desk, sign_in()))["cookie"]
    assert (await second_step(desk, cookie, app.recovery[0])).status == 422
    assert (await second_step(desk, cookie, answer["codes"][0])).status == 200


async def test_five_wrong_codes_lead_back_to_the_password(desk: Desk) -> None:
    app, cookie = await waiting(desk)
    for _ in range(4):
        assert (await second_step(desk, cookie, app.wrong())).status == 422
    fifth = await second_step(desk, cookie, app.wrong())
    assert (fifth.status, json.loads(fifth.body)["code"]) == (401, "signed-out")
    assert (await second_step(desk, cookie, app.next_code())).status == 401


async def test_wrong_codes_count_like_wrong_passwords_on_any_number_of_sessions(
    desk: Desk,
) -> None:
    app, first = await waiting(desk)
    second = (await enter(desk, sign_in()))["cookie"]
    for cookie in (first, first, first, second, second):
        await second_step(desk, cookie, app.wrong())
    assert (await second_step(desk, second, app.next_code())).status == 422  # locked
    assert await desk.refused(sign_in()) == "sign-in-refused"
    desk.clock.move(timedelta(minutes=1))
    assert (await second_step(desk, second, app.next_code())).status == 200


async def test_the_password_alone_does_not_forget_wrong_codes(desk: Desk) -> None:
    app, _ = await waiting(desk)
    for _ in range(5):
        cookie = (await enter(desk, sign_in()))["cookie"]
        await second_step(desk, cookie, app.wrong())
    assert await desk.refused(sign_in()) == "sign-in-refused"


async def test_removing_the_app_needs_the_password(desk: Desk) -> None:
    caller = await maria(desk)
    await set_up_app(desk, caller)
    assert await desk.refused(RemoveTotp(password=SecretStr("x")), caller) == "wrong-password"
    await desk.ask(RemoveTotp(password=SecretStr(PASSWORD)), caller)
    assert (await enter(desk, sign_in()))["second_factor"] == []
    assert await desk.refused(RemoveTotp(password=SecretStr(PASSWORD)), caller) == "no-totp"


async def test_a_browser_left_open_is_no_place_to_guess_the_password(desk: Desk) -> None:
    caller = await maria(desk)
    await set_up_app(desk, caller)
    for _ in range(5):
        await desk.refused(RemoveTotp(password=SecretStr("guess")), caller)
    right = RemoveTotp(password=SecretStr(PASSWORD))
    assert await desk.refused(right, caller) == "wrong-password"
    assert (await enter(desk, sign_in()))["second_factor"]  # and signing in is not locked


async def test_every_change_is_told_to_the_account(desk: Desk) -> None:
    caller = await maria(desk)
    before = (await desk.names()).count("AccountNoticed")
    await set_up_app(desk, caller)
    await desk.ask(NewRecoveryCodes(password=SecretStr(PASSWORD)), caller)
    await desk.ask(RemoveTotp(password=SecretStr(PASSWORD)), caller)
    await add_passkey(desk, caller, Authenticator())
    new = "quiet meadow lantern seven"
    changed = ChangePassword(current=SecretStr(PASSWORD), password=SecretStr(new))
    assert (await desk.reply(changed, caller)).status == 200
    assert (await desk.names()).count("AccountNoticed") == before + 5


async def test_enrolling_another_record_does_not_go_round_the_second_step(desk: Desk) -> None:
    ada = await child(desk, 8)
    await desk.ask(parent(ada, email=MARIA), SUPPORT)
    [issued] = [e for e in await desk.events() if isinstance(e, InvitationIssued)]
    mail = await steps.letter(desk, ada, issued.invitation)
    await steps.accept_both(desk, mail)
    session = await desk.ask(steps.complete(mail, born=born(8)))
    await set_up_app(desk, await caller_of(desk, session["cookie"]))
    again = await steps.enrol(desk, await desk.record())  # with the password that there is
    assert again["second_factor"] == ["totp", "recovery"]
    assert await outcome(desk, again["cookie"]) == "second-factor"


@pytest.mark.rule("R63")
def test_no_factor_is_a_text_message() -> None:
    assert set(get_args(Factor)) == {"totp", "recovery"}


async def test_staff_without_a_second_factor_can_set_one_up_and_nothing_else(
    strict: Desk,
) -> None:
    caller = await doctor(strict)
    assert (caller.role, caller.provider) == (Role.ENROLLING, None)
    allowed = {
        name
        for name, endpoint in API.endpoints.items()
        if endpoint.roles is not None and Role.ENROLLING in endpoint.roles
    }
    assert allowed == SET_UP
    assert await strict.refused(GetConnections(), caller) == "forbidden"
    assert (await strict.ask(GetSecurity(), caller))["must_set_up"]


async def test_once_set_up_the_session_of_staff_opens_everything(strict: Desk) -> None:
    await strict.ask(staff(), OPERATOR)
    cookie = (await enter(strict, sign_in(DOCTOR)))["cookie"]
    app = await set_up_app(strict, await caller_of(strict, cookie))
    assert (await caller_of(strict, cookie)).role is Role.PROVIDER
    waits = (await enter(strict, sign_in(DOCTOR)))["cookie"]
    entered = json.loads((await second_step(strict, waits, app.next_code())).body)
    assert entered["caller"]["role"] == "provider"
    assert (await caller_of(strict, entered["cookie"])).provider == "prov-1"


async def test_a_session_by_password_only_cannot_add_to_a_factor_set_up_elsewhere(
    strict: Desk,
) -> None:
    await strict.ask(staff(), OPERATOR)
    thief = (await enter(strict, sign_in(DOCTOR)))["cookie"]
    own = (await enter(strict, sign_in(DOCTOR)))["cookie"]
    await set_up_app(strict, await caller_of(strict, own))
    caller = await caller_of(strict, thief)
    assert caller.role is Role.ENROLLING
    assert await strict.refused(BeginTotp(), caller) == "signed-out"
    assert (await add_passkey(strict, caller, Authenticator())).status == 401


async def test_staff_keep_one_second_factor(strict: Desk) -> None:
    await strict.ask(staff(), OPERATOR)
    cookie = (await enter(strict, sign_in(DOCTOR)))["cookie"]
    await set_up_app(strict, await caller_of(strict, cookie))
    remove = RemoveTotp(password=SecretStr(PASSWORD))
    assert await strict.refused(remove, await caller_of(strict, cookie)) == "needed"
    await add_passkey(strict, await caller_of(strict, cookie), Authenticator())
    assert (await strict.reply(remove, await caller_of(strict, cookie))).status == 200


async def test_patients_need_none(strict: Desk) -> None:
    caller = await maria(strict)
    assert caller.role is Role.PATIENT
    own = BeginPasskey(password=SecretStr(PASSWORD))
    for asked in (GetSecurity(), own, SignOutEverywhere()):
        assert (await strict.reply(asked, caller)).status < 400


async def test_a_lost_second_factor_is_removed_by_support_and_ends_every_session(
    desk: Desk,
) -> None:
    caller = await maria(desk)
    await set_up_app(desk, caller)
    lost = RemoveFactors(email=MARIA, evidence="photo id at the desk")
    done = await desk.reply(lost, SUPPORT)
    assert done.status == 201, done.body
    session = await enter(desk, sign_in())
    assert session["second_factor"] == []
    assert "FactorsRemoved" in await desk.names()
    assert await desk.refused(lost, SUPPORT) == "no-factor"


async def test_support_does_not_touch_the_second_factor_of_staff(desk: Desk) -> None:
    await desk.ask(staff(), OPERATOR)
    lost = RemoveFactors(email=DOCTOR, evidence="a voice on the telephone")
    assert await desk.refused(lost, SUPPORT) == "not-found"
    assert await desk.refused(lost, OPERATOR) == "no-factor"
    assert await desk.refused(lost, CLINIC) == "forbidden"
    assert await desk.refused(lost, NOTIFIER) == "forbidden"


async def test_a_browser_left_open_gets_no_way_in_of_its_own(desk: Desk) -> None:
    caller = await maria(desk)
    before = len(await desk.names())
    for ask in (BeginTotp(), BeginTotp(password=SecretStr("a guess")), BeginPasskey()):
        assert await desk.refused(ask, caller) == "wrong-password"
    assert "TotpOffered" not in (await desk.names())[before:]
