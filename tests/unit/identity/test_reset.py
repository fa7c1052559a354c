"""A forgotten password: nobody learns who has an account, and a link is good once, for an hour."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
from pydantic import SecretStr, ValidationError

from contracts.common import Caller
from contracts.identity import (
    ChangePassword,
    Disenrol,
    OpenLink,
    RequestReset,
    ResetPassword,
    SignOut,
)
from tests.unit.identity import steps
from tests.unit.identity.desk import PASSWORD, Desk
from tests.unit.identity.mailbox import letter, letters
from tests.unit.identity.signing import (
    DOCTOR,
    MARIA,
    doctor,
    enter,
    maria,
    outcome,
    set_up_app,
    sign_in,
)

NEW = "seven quiet pelicans dancing"
HOUR = timedelta(hours=1)


async def ask_for_reset(desk: Desk, email: str = MARIA) -> None:
    """Somebody fills in the form, and its work is done."""
    reply = await desk.reply(RequestReset(email=email))
    assert (reply.status, reply.body) == (202, b"{}")
    await desk.settle()


async def link_of(desk: Desk, email: str = MARIA) -> str:
    """Ask, and read the letter."""
    await ask_for_reset(desk, email)
    return (await letter(desk, "password-reset")).link


def choose(link: str, password: str = NEW) -> ResetPassword:
    """The page behind the link."""
    return ResetPassword(link=SecretStr(link), password=SecretStr(password))


async def state_of(desk: Desk, link: str) -> tuple[str, str]:
    """What the page says before anything is typed."""
    answer = await desk.ask(OpenLink(link=SecretStr(link)))
    return answer["state"], answer["purpose"]


@pytest.mark.rule("R44")
async def test_every_address_gets_the_same_answer_after_the_same_work(desk: Desk) -> None:
    await maria(desk)
    seen = []
    for email in (MARIA, "nobody@example.com"):
        before = len(await desk.names())
        reply = await desk.reply(RequestReset(email=email))
        seen.append((reply.status, reply.body, (await desk.names())[before:]))
    assert seen[0] == seen[1] == (202, b"{}", ["ResetRequested"])


async def test_only_an_account_gets_a_letter_and_it_goes_to_its_own_address(desk: Desk) -> None:
    await maria(desk)
    await ask_for_reset(desk, "nobody@example.com")
    await ask_for_reset(desk, "M.aria+promo@EXAMPLE.com")
    assert await letters(desk, "password-reset") == []
    await ask_for_reset(desk, "Maria+promo@EXAMPLE.com")
    (sent,) = await letters(desk, "password-reset")
    assert (sent.to, sent.given) == (MARIA, "María")


@pytest.mark.parametrize(
    "email",
    [
        "maria@example.com\r\nBcc: x@y.example",
        "maria@example.com\nx",
        "Maria <maria@example.com>",
        "maria@example.com,eve@example.com",
        "maria",
        "maria@localhost",
    ],
)
def test_what_is_not_one_address_is_refused_before_anything_is_kept(email: str) -> None:
    with pytest.raises(ValidationError):
        RequestReset(email=email)


async def test_spellings_of_one_mailbox_find_its_account(desk: Desk) -> None:
    await steps.enrol(desk, await desk.record(), "m.aria@gmail.com")
    await ask_for_reset(desk, "maria+x@googlemail.com")
    await steps.enrol(desk, await desk.record("MRN-2"), "maria@bücher.example")
    await ask_for_reset(desk, "maria@xn--bcher-kva.example")
    sent = await letters(desk, "password-reset")
    assert [each.to for each in sent] == ["m.aria@gmail.com", "maria@bücher.example"]


async def test_with_the_link_a_new_password_counts_and_the_old_one_does_not(desk: Desk) -> None:
    await maria(desk)
    reply = await desk.reply(choose(await link_of(desk)))
    assert reply.status == 200
    assert await desk.refused(sign_in()) == "sign-in-refused"
    await enter(desk, sign_in(password=NEW))


@pytest.mark.rule("R45")
async def test_it_ends_every_session_opens_none_and_says_so_by_letter(desk: Desk) -> None:
    session = await steps.enrol(desk, await desk.record())
    link = await link_of(desk)
    sessions = len(desk.bucket.values)
    desk.clock.move(timedelta(seconds=1))
    reply = await desk.reply(choose(link))
    assert set(json.loads(reply.body)) == {"id"}
    assert await outcome(desk, session["cookie"]) == "signed-out"
    assert len(desk.bucket.values) < sessions
    assert (await letter(desk, "security-changed")).to == MARIA


async def test_the_second_factor_is_still_asked_for(desk: Desk) -> None:
    await set_up_app(desk, await maria(desk))
    await desk.ask(choose(await link_of(desk)))
    waiting = await enter(desk, sign_in(password=NEW))
    assert waiting["second_factor"] == ["totp", "recovery"]
    assert await outcome(desk, waiting["cookie"]) == "second-factor"


async def test_looking_consumes_nothing_and_the_link_is_good_once(desk: Desk) -> None:
    await maria(desk)
    link = await link_of(desk)
    for _ in range(3):
        assert await state_of(desk, link) == ("open", "password-reset")
    assert (await desk.reply(choose(link))).status == 200
    assert await desk.refused(choose(link, "another quiet heron at dusk")) == "used"
    assert await state_of(desk, link) == ("used", "password-reset")
    await enter(desk, sign_in(password=NEW))


async def test_two_at_once_with_one_link_change_the_password_once(desk: Desk) -> None:
    await maria(desk)
    link = await link_of(desk)
    replies = await asyncio.gather(
        desk.reply(choose(link)), desk.reply(choose(link, "another quiet heron at dusk"))
    )
    assert sorted(reply.status for reply in replies) == [200, 409]
    assert (await desk.names()).count("PasswordChanged") == 1


async def test_it_is_good_to_the_last_moment_of_its_hour_and_no_longer(desk: Desk) -> None:
    await maria(desk)
    link = await link_of(desk)
    desk.clock.move(HOUR)
    assert await state_of(desk, link) == ("open", "password-reset")
    desk.clock.move(timedelta(microseconds=1))
    assert await state_of(desk, link) == ("expired", "password-reset")
    assert await desk.refused(choose(link)) == "expired"
    assert "PasswordChanged" not in await desk.names()


async def test_a_newer_link_makes_the_older_one_void(desk: Desk) -> None:
    await maria(desk)
    first = await link_of(desk)
    second = await link_of(desk)
    assert await desk.refused(choose(first)) == "used"
    assert (await desk.reply(choose(second))).status == 200


@pytest.mark.parametrize("link", ["", "x", "x.y", ".", "a.b.c", "é.ü"])
async def test_a_link_that_is_not_ours_is_unknown(desk: Desk, link: str) -> None:
    assert await state_of(desk, link) == ("unknown", "")
    assert await desk.refused(choose(link)) == "unknown"


async def test_a_link_for_one_thing_does_nothing_else(desk: Desk) -> None:
    await maria(desk)
    reference = (await link_of(desk)).partition(".")[0]
    other = desk.deps.links.link("address-new", reference)
    assert await desk.refused(choose(other)) == "unknown"
    assert await desk.refused(choose(desk.deps.secrets.link(reference))) == "unknown"


async def test_a_weak_password_is_refused_and_the_link_stays_good(desk: Desk) -> None:
    await maria(desk)
    link = await link_of(desk)
    assert await desk.refused(choose(link, "short")) == "weak-password"
    assert await desk.refused(choose(link, "passwordpassword1")) == "weak-password"
    assert (await desk.reply(choose(link))).status == 200


async def test_three_letters_an_hour_and_the_fourth_is_silent(desk: Desk) -> None:
    await maria(desk)
    for _ in range(5):
        await ask_for_reset(desk)
    assert len(await letters(desk, "password-reset")) == 3
    newest = (await letter(desk, "password-reset")).link
    assert await state_of(desk, newest) == ("open", "password-reset")
    desk.clock.move(HOUR)
    await ask_for_reset(desk)
    assert len(await letters(desk, "password-reset")) == 4


async def test_changing_the_password_otherwise_makes_the_link_void(desk: Desk) -> None:
    caller = await maria(desk)
    link = await link_of(desk)
    changed = ChangePassword(current=SecretStr(PASSWORD), password=SecretStr(NEW))
    assert (await desk.reply(changed, caller)).status == 200
    assert await state_of(desk, link) == ("used", "password-reset")
    assert await desk.refused(choose(link, "another quiet heron at dusk")) == "used"


async def test_staff_have_forgotten_theirs_too(desk: Desk) -> None:
    await doctor(desk)
    assert (await desk.reply(choose(await link_of(desk, DOCTOR)))).status == 200
    await enter(desk, sign_in(DOCTOR, NEW))


@pytest.mark.rule("R34")
async def test_a_closed_account_gets_no_letter_and_its_link_opens_nothing(desk: Desk) -> None:
    caller = await maria(desk)
    link = await link_of(desk)
    await close(desk, caller)
    assert await desk.refused(choose(link)) == "used"
    await ask_for_reset(desk)
    (earlier,) = await letters(desk, "password-reset")
    assert (earlier.to, earlier.link) == (None, "")


async def test_a_request_that_waited_too_long_is_forgotten(desk: Desk) -> None:
    await maria(desk)
    assert (await desk.reply(RequestReset(email=MARIA))).status == 202
    desk.clock.move(HOUR + timedelta(seconds=1))
    await desk.settle()
    assert await letters(desk, "password-reset") == []


async def test_signing_out_and_a_repeated_reaction_leave_the_link_alone(desk: Desk) -> None:
    session = await steps.enrol(desk, await desk.record())
    link = await link_of(desk)
    await desk.ask(SignOut(cookie=SecretStr(session["cookie"])))
    desk.forget_reactions()
    await desk.settle()
    assert len(await letters(desk, "password-reset")) == 1
    assert await state_of(desk, link) == ("open", "password-reset")


async def close(desk: Desk, caller: Caller) -> None:
    """The red X on the only record."""
    assert caller.patient
    assert (await desk.reply(Disenrol(patient=caller.patient), caller)).status == 201


async def test_nothing_that_is_kept_holds_the_address_or_the_link(desk: Desk) -> None:
    await maria(desk)
    link = await link_of(desk)
    secret = link.rpartition(".")[2]
    asked = [repr(event) for event in await desk.events() if "Reset" in type(event).__name__]
    assert len(asked) == 2
    assert not any(MARIA in text or secret in text for text in asked)
