"""Passkeys: registered and used with an authenticator in software (R45, R63)."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from webauthn.helpers import bytes_to_base64url

from contracts.common import Role
from contracts.identity import (
    AddPasskey,
    BeginPasskey,
    BeginPasskeySignIn,
    GetSecurity,
    RemovePasskey,
    SignInWithPasskey,
)
from kernel.bus.requests import Reply
from services.identity.decider.security import Passkey, Security, use_passkey
from tests.unit.identity.desk import NOON, OPERATOR, PASSWORD, Desk
from tests.unit.identity.signing import (
    DOCTOR,
    Authenticator,
    add_passkey,
    caller_of,
    doctor,
    enter,
    maria,
    outcome,
    set_up_app,
    sign_in,
    staff,
)


async def begin(desk: Desk) -> str:
    """The options of a sign-in."""
    return str((await desk.ask(BeginPasskeySignIn()))["options"])


async def hand_in(desk: Desk, credential: str, device: str = "") -> Reply:
    """Sign in with what the authenticator gave."""
    return await desk.reply(
        SignInWithPasskey(credential=SecretStr(credential), device=SecretStr(device))
    )


async def marias_key(desk: Desk, **changes: Any) -> Authenticator:
    """Maria has a passkey."""
    key = Authenticator(**changes)
    added = await add_passkey(desk, await maria(desk), key)
    assert added.status == 200, added.body
    return key


async def test_a_passkey_opens_a_session_by_itself(desk: Desk) -> None:
    caller = await maria(desk)
    key = Authenticator()
    await add_passkey(desk, caller, key)
    await set_up_app(desk, caller)
    reply = await hand_in(desk, key.sign(await begin(desk)))
    session = json.loads(reply.body)
    assert (reply.status, session["second_factor"]) == (200, [])
    assert session["caller"]["subject"] == caller.subject
    assert await outcome(desk, session["cookie"]) == "open"
    [row] = (await desk.ask(GetSecurity(), caller))["passkeys"]
    assert (row["name"], row["used"]) == ("My phone", "2026-03-04T20:00:00Z")


async def test_the_options_ask_for_a_discoverable_passkey_and_a_verified_user(desk: Desk) -> None:
    caller = await maria(desk)
    await add_passkey(desk, caller, Authenticator())
    made = json.loads(
        (await desk.ask(BeginPasskey(password=SecretStr(PASSWORD)), caller))["options"]
    )
    assert made["rp"] == {"id": "portal.example", "name": "Harbor Family Practice"}
    assert made["authenticatorSelection"]["residentKey"] == "required"
    assert made["authenticatorSelection"]["userVerification"] == "required"
    assert len(made["excludeCredentials"]) == 1
    asked = json.loads(await begin(desk))
    assert (asked["rpId"], asked["userVerification"]) == ("portal.example", "required")
    assert asked["allowCredentials"] == []  # says nothing about anybody
    assert len(asked["challenge"]) == 43  # 256 bits


@pytest.mark.parametrize(
    "wrong",
    [{"origin": "https://portal.example.evil.test"}, {"origin": "http://portal.example"},
     {"host": "evil.test"}, {"flags": 0x01}],
)  # fmt: skip
async def test_another_place_or_an_unverified_user_is_refused(
    desk: Desk, wrong: dict[str, Any]
) -> None:
    caller = await maria(desk)
    assert (await add_passkey(desk, caller, Authenticator(**wrong))).status == 422
    key = Authenticator()
    assert (await add_passkey(desk, caller, key)).status == 200
    for name, value in wrong.items():
        setattr(key, name, value)
    refusal = await hand_in(desk, key.sign(await begin(desk)))
    assert (refusal.status, json.loads(refusal.body)["code"]) == (422, "passkey")


async def test_a_challenge_is_good_once(desk: Desk) -> None:
    key = await marias_key(desk)
    options = await begin(desk)
    signed = key.sign(options)
    assert (await hand_in(desk, signed)).status == 200
    assert (await hand_in(desk, signed)).status == 422
    assert (await hand_in(desk, key.sign(options))).status == 422


async def test_of_two_who_hand_in_one_signature_together_one_enters(desk: Desk) -> None:
    key = await marias_key(desk)
    signed = key.sign(await begin(desk))
    replies = await asyncio.gather(hand_in(desk, signed), hand_in(desk, signed))
    assert sorted(reply.status for reply in replies) == [200, 422]


async def test_of_two_who_take_one_challenge_together_one_gets_it(desk: Desk) -> None:
    read = desk.bucket.get

    async def get_then_wait(key: str) -> tuple[bytes, int]:
        found = await read(key)
        await asyncio.sleep(0)  # both read before either writes
        return found

    desk.bucket.get = get_then_wait  # type: ignore[method-assign]  # a slow bus
    challenges = desk.deps.challenges
    given = await challenges.give("sign-in", desk.now())
    takers = [challenges.take(given, "sign-in", desk.now()) for _ in range(2)]
    assert sorted(await asyncio.gather(*takers)) == [False, True]


@pytest.mark.parametrize(("seconds", "status"), [(299, 200), (300, 422)])
async def test_a_challenge_is_good_for_five_minutes(desk: Desk, seconds: int, status: int) -> None:
    key = await marias_key(desk)
    options = await begin(desk)
    desk.clock.move(timedelta(seconds=seconds))
    assert (await hand_in(desk, key.sign(options))).status == status


async def test_a_challenge_is_good_for_its_purpose_and_its_account_only(desk: Desk) -> None:
    key, caller = await marias_key(desk), await doctor(desk)
    foreign = (await desk.ask(BeginPasskey(password=SecretStr(PASSWORD)), caller))["options"]
    assert (await hand_in(desk, key.sign(foreign))).status == 422
    second = Authenticator(id=b"credential-2")
    options = (await desk.ask(BeginPasskey(password=SecretStr(PASSWORD)), caller))["options"]
    sent = AddPasskey(credential=SecretStr(second.make(options)), name="Stolen")
    other = caller.model_copy(update={"subject": "somebody-else"})
    assert await desk.refused(sent, other) == "passkey"


async def test_a_count_that_goes_back_is_a_copy_at_work(desk: Desk) -> None:
    key = await marias_key(desk, count=5)
    assert (await hand_in(desk, key.sign(await begin(desk)))).status == 200
    key.count = 3
    assert (await hand_in(desk, key.sign(await begin(desk)))).status == 422
    key.count = 6
    assert (await hand_in(desk, key.sign(await begin(desk)))).status == 200


def test_of_two_signatures_decided_together_the_lower_count_is_refused() -> None:
    known = Security(passkeys={"p": Passkey("credential", 7)})
    assert use_passkey(known, "maria", "p", 7, NOON) == []
    assert use_passkey(known, "maria", "p", 0, NOON) == []
    assert len(use_passkey(known, "maria", "p", 8, NOON)) == 1
    assert use_passkey(known, "maria", "gone", 8, NOON) == []
    never_counts = Security(passkeys={"p": Passkey("credential", 0)})
    assert len(use_passkey(never_counts, "maria", "p", 0, NOON)) == 1


async def test_a_passkey_that_says_another_account_is_refused(desk: Desk) -> None:
    key = await marias_key(desk)
    key.user = bytes_to_base64url(b"somebody-else")
    assert (await hand_in(desk, key.sign(await begin(desk)))).status == 422


async def test_a_signature_by_another_key_is_refused(desk: Desk) -> None:
    key = await marias_key(desk)
    false = Authenticator(id=key.id, user=key.user, count=50)
    assert (await hand_in(desk, false.sign(await begin(desk)))).status == 422


async def test_an_unknown_passkey_is_refused_in_the_same_words(desk: Desk) -> None:
    key = await marias_key(desk)
    stranger = Authenticator(id=b"unknown", user=key.user)
    unknown = await hand_in(desk, stranger.sign(await begin(desk)))
    key.count = 0
    known = await hand_in(desk, key.sign(await begin(desk)))
    assert (unknown.status, unknown.body) == (known.status, known.body)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"id": 1}', "\x00", "a" * 19_000])
async def test_what_is_no_credential_is_refused(desk: Desk, text: str) -> None:
    assert (await hand_in(desk, text)).status == 422
    sent = AddPasskey(credential=SecretStr(text), name="x")
    assert (await desk.reply(sent, await maria(desk))).status == 422


async def test_wrong_passwords_of_others_never_lock_a_passkey(desk: Desk) -> None:
    key = await marias_key(desk)
    for _ in range(20):
        await desk.reply(sign_in(password="guess"))
    assert (await hand_in(desk, key.sign(await begin(desk)))).status == 200


async def test_one_credential_is_one_accounts(desk: Desk) -> None:
    key, caller = await marias_key(desk), await doctor(desk)
    assert (await add_passkey(desk, caller, key)).status == 422
    assert (await hand_in(desk, Authenticator(id=key.id).sign(await begin(desk)))).status == 422


async def test_a_removed_passkey_opens_nothing(desk: Desk) -> None:
    caller = await maria(desk)
    key = Authenticator()
    id = json.loads((await add_passkey(desk, caller, key)).body)["id"]
    wrong = RemovePasskey(passkey=id, password=SecretStr("wrong"))
    assert await desk.refused(wrong, caller) == "wrong-password"
    right = RemovePasskey(passkey=id, password=SecretStr(PASSWORD))
    assert (await desk.reply(right, caller)).status == 200
    assert (await hand_in(desk, key.sign(await begin(desk)))).status == 422
    assert await desk.refused(right, caller) == "not-found"


@pytest.mark.rule("R45")
async def test_staff_with_a_passkey_come_in_by_it_and_not_by_their_password(desk: Desk) -> None:
    desk.deps = replace(desk.deps, second_factor_required=True)
    await desk.ask(staff(), OPERATOR)
    cookie = (await enter(desk, sign_in(DOCTOR)))["cookie"]
    key = Authenticator()
    id = json.loads((await add_passkey(desk, await caller_of(desk, cookie), key)).body)["id"]
    assert (await caller_of(desk, cookie)).role is Role.PROVIDER
    assert await desk.refused(sign_in(DOCTOR)) == "use-passkey"
    session = json.loads((await hand_in(desk, key.sign(await begin(desk)))).body)
    assert session["caller"]["role"] == "provider"
    remove = RemovePasskey(passkey=id, password=SecretStr(PASSWORD))
    assert await desk.refused(remove, await caller_of(desk, session["cookie"])) == "needed"
