"""Where an account is signed in, and ending that at once (R45)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import SecretStr

from contracts.identity import (
    ChangeEmail,
    ChangePassword,
    EndDevice,
    GetSecurity,
    SignInWithPasskey,
    SignOut,
    SignOutEverywhere,
)
from services.identity.decider.security import MOST_DEVICES
from tests.unit.identity import steps
from tests.unit.identity.desk import PASSWORD, Desk
from tests.unit.identity.signing import caller_of, enter, maria, outcome, sign_in

NEW = "quiet meadow lantern seven"


async def two_browsers(desk: Desk) -> tuple[str, str]:
    """Maria enrolled at home, and signs in from work too: both cookies."""
    home = (await steps.enrol(desk, await desk.record()))["cookie"]
    desk.clock.move(timedelta(seconds=1))
    work = (await enter(desk, sign_in(label="Firefox on Linux")))["cookie"]
    desk.clock.move(timedelta(seconds=1))
    return home, work


async def test_a_browser_is_remembered_once_and_known_again(desk: Desk) -> None:
    caller = await maria(desk)
    first = await enter(desk, sign_in(label="Chrome on Android"))
    desk.clock.move(timedelta(minutes=5))
    again = await enter(desk, sign_in(device=first["device"], label="Chrome on Android"))
    assert again["device"] == first["device"]
    rows = (await desk.ask(GetSecurity(), await caller_of(desk, again["cookie"])))["devices"]
    assert [(row["label"], row["current"], row["active"]) for row in rows] == [
        ("Chrome on Android", True, True),
        ("", False, True),  # where she enrolled
    ]
    assert (rows[0]["first"], rows[0]["last"]) == ("2026-03-04T20:00:00Z", "2026-03-04T20:05:00Z")
    assert caller.session


async def test_a_browser_that_signed_out_is_known_and_not_active(desk: Desk) -> None:
    home, work = await two_browsers(desk)
    await desk.ask(SignOut(cookie=SecretStr(work)))
    rows = (await desk.ask(GetSecurity(), await caller_of(desk, home)))["devices"]
    assert [(row["label"], row["active"]) for row in rows] == [
        ("Firefox on Linux", False),
        ("", True),
    ]


@pytest.mark.rule("R45")
async def test_ending_a_browser_signs_it_out_at_once(desk: Desk) -> None:
    home, work = await two_browsers(desk)
    caller = await caller_of(desk, home)
    [device] = [
        row["device"]
        for row in (await desk.ask(GetSecurity(), caller))["devices"]
        if not row["current"]
    ]
    assert (await desk.reply(EndDevice(device=device), caller)).status == 201
    # Before any reaction ran the bucket still has the session: the log counts.
    assert len(await desk.deps.sessions.of(caller.subject, desk.now())) == 2
    assert (await outcome(desk, work), await outcome(desk, home)) == ("signed-out", "open")
    assert len((await desk.ask(GetSecurity(), caller))["devices"]) == 1
    assert await desk.refused(EndDevice(device=device), caller) == "not-found"


@pytest.mark.rule("R45")
async def test_a_browser_of_somebody_else_is_not_found(desk: Desk) -> None:
    caller = await maria(desk)
    other = await desk.record("MRN-2", email="eva@example.com", phones=())
    theirs = await steps.enrol(desk, other, "eva@example.com")
    foreign = EndDevice(device=theirs["device"].split(".")[0])
    assert await desk.refused(foreign, caller) == "not-found"
    assert await outcome(desk, theirs["cookie"]) == "open"


@pytest.mark.rule("R45")
async def test_signing_out_everywhere_ends_all_at_once_whatever_the_bucket_keeps(
    desk: Desk,
) -> None:
    home, work = await two_browsers(desk)
    caller = await caller_of(desk, home)
    kept = dict(desk.bucket.values)
    assert (await desk.reply(SignOutEverywhere(), caller)).status == 201
    assert [await outcome(desk, cookie) for cookie in (home, work)] == ["signed-out"] * 2
    desk.bucket.values.update(kept)  # as if nothing had been cleared away
    assert [await outcome(desk, cookie) for cookie in (home, work)] == ["signed-out"] * 2
    assert await outcome(desk, (await enter(desk, sign_in()))["cookie"]) == "open"


async def test_the_bucket_is_cleared_of_what_has_ended_and_of_nothing_else(desk: Desk) -> None:
    home, _ = await two_browsers(desk)
    caller = await caller_of(desk, home)
    await desk.ask(SignOutEverywhere(), caller)
    desk.clock.move(timedelta(seconds=1))
    later = (await enter(desk, sign_in()))["cookie"]
    await desk.settle()
    assert len(await desk.deps.sessions.of(caller.subject, desk.now())) == 1
    assert await outcome(desk, later) == "open"


@pytest.mark.rule("R45")
async def test_a_new_password_ends_every_other_session_and_this_one_goes_on(desk: Desk) -> None:
    home, work = await two_browsers(desk)
    caller = await caller_of(desk, home)
    kept = dict(desk.bucket.values)
    change = ChangePassword(current=SecretStr(PASSWORD), password=SecretStr(NEW))
    assert (await desk.reply(change, caller)).status == 200
    await desk.settle()
    assert (await outcome(desk, home), await outcome(desk, work)) == ("open", "signed-out")
    desk.bucket.values.update(kept)
    assert (await outcome(desk, home), await outcome(desk, work)) == ("open", "signed-out")
    assert await desk.refused(sign_in()) == "sign-in-refused"
    assert await outcome(desk, (await enter(desk, sign_in(password=NEW)))["cookie"]) == "open"


async def test_a_new_password_needs_the_old_one_and_must_be_strong(desk: Desk) -> None:
    caller = await maria(desk)
    wrong = ChangePassword(current=SecretStr("wrong"), password=SecretStr(NEW))
    answer = await desk.ask(wrong, caller)
    assert (answer["code"], list(answer["errors"])) == ("wrong-password", ["current"])
    weak = ChangePassword(current=SecretStr(PASSWORD), password=SecretStr("password12345678"))
    assert await desk.refused(weak, caller) == "weak-password"
    assert (await desk.reply(sign_in())).status == 200


async def test_an_address_that_waits_to_be_confirmed_is_shown(desk: Desk) -> None:
    caller = await maria(desk)
    change = ChangeEmail(email="new@example.com", password=SecretStr(PASSWORD))
    assert (await desk.reply(change, caller)).status == 200
    page = await desk.ask(GetSecurity(), caller)
    assert (page["email"], page["email_waits"]) == ("maria@example.com", "new@example.com")
    desk.clock.move(timedelta(days=2))
    assert (await desk.ask(GetSecurity(), caller))["email_waits"] == ""


async def test_of_very_many_browsers_only_the_newest_stay_known(desk: Desk) -> None:
    caller = await maria(desk)
    for _ in range(MOST_DEVICES + 5):
        await enter(desk, sign_in())
    cookie = (await enter(desk, sign_in()))["cookie"]
    rows = (await desk.ask(GetSecurity(), caller))["devices"]
    assert len(rows) == MOST_DEVICES + 7  # each of them may still have a session
    desk.clock.move(timedelta(hours=12))
    assert await outcome(desk, cookie) == "signed-out"
    await enter(desk, sign_in())
    rows = (await desk.ask(GetSecurity(), caller))["devices"]
    assert len(rows) == MOST_DEVICES


def test_secrets_of_signing_in_never_print() -> None:
    command = SignInWithPasskey(credential=SecretStr("signed"), device=SecretStr("known"))
    assert "signed" not in repr(command)
    assert "known" not in repr(command)
