"""Another e-mail address: both sides confirm, one of two who want it wins, nobody learns whose it is."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from contracts.common import Caller
from contracts.identity import (
    ChangeEmail,
    ConfirmAddress,
    Disenrol,
    OpenLink,
    RequestReset,
    SetMailAddress,
)
from services.identity.views.links import ADDRESSES_WAITING
from tests.unit.identity import steps
from tests.unit.identity.desk import PASSWORD, SUPPORT, Desk
from tests.unit.identity.family import (
    child,
    connected,
    enrolled,
    nobody_in_particular,
    parent,
)
from tests.unit.identity.mailbox import letter, letters
from tests.unit.identity.signing import MARIA, enter, maria, sign_in

NEW = "maria@new.example"
DAY = timedelta(days=1)
BOTH = ("address-old", "address-new")
BAD = [
    "maria@new.example\r\nBcc: x@y.example",
    "maria@new.example\nx",
    "Maria <maria@new.example>",
    "maria@new.example,eve@new.example",
    "maria@new.example;eve@new.example",
    '"maria x"@new.example',
    "maria",
    "maria@localhost",
    "@new.example",
    "m" * 250 + "@new.example",
]


def change(email: str = NEW, password: str = PASSWORD) -> ChangeEmail:
    """The form on the security page."""
    return ChangeEmail(email=email, password=SecretStr(password))


async def ask(desk: Desk, caller: Caller, email: str = NEW) -> tuple[str, str]:
    """Ask for the change; gives the links of the old and of the new address."""
    reply = await desk.reply(change(email), caller)
    assert (reply.status, reply.body) == (200, b"{}")
    old, new = [(await letter(desk, notice)).link for notice in BOTH]
    return old, new


async def confirm(desk: Desk, link: str) -> str:
    """Follow a link; `open` while the other side is waited for, `used` when done."""
    return str((await desk.ask(ConfirmAddress(link=SecretStr(link))))["state"])


async def refusal(desk: Desk, link: str) -> str:
    """The code with which a link is refused."""
    return await desk.refused(ConfirmAddress(link=SecretStr(link)))


async def waiting(desk: Desk, caller: Caller) -> list[dict[str, Any]]:
    """The addresses that are not confirmed yet."""
    now = int(desk.now().timestamp() * 1_000_000)
    rows = await desk.fetch(ADDRESSES_WAITING, account=caller.subject, now=now)
    return [dict(row) for row in rows]


@pytest.mark.parametrize("first", [0, 1])
async def test_both_addresses_confirm_in_any_order_and_then_it_counts(
    desk: Desk, first: int
) -> None:
    caller = await maria(desk)
    links = await ask(desk, caller)
    assert [each.to for each in await letters(desk, *BOTH)] == [MARIA, NEW]
    assert await confirm(desk, links[first]) == "open"
    await enter(desk, sign_in(MARIA))
    assert await confirm(desk, links[1 - first]) == "used"
    assert await desk.refused(sign_in(MARIA)) == "sign-in-refused"
    await enter(desk, sign_in(NEW))
    assert await waiting(desk, caller) == []


async def test_a_repeated_confirmation_is_no_error_and_changes_nothing(desk: Desk) -> None:
    old, new = await ask(desk, await maria(desk))
    for _ in range(2):
        assert await confirm(desk, old) == "open"
    for link in (new, new, old):
        assert await confirm(desk, link) == "used"
    names = await desk.names()
    assert (names.count("AddressConfirmed"), names.count("EmailChanged")) == (2, 1)


async def test_looking_at_the_links_confirms_nothing(desk: Desk) -> None:
    for link, purpose in zip(await ask(desk, await maria(desk)), BOTH, strict=True):
        answer = await desk.ask(OpenLink(link=SecretStr(link)))
        assert (answer["state"], answer["purpose"]) == ("open", purpose)
    assert "AddressConfirmed" not in await desk.names()


async def test_the_password_is_asked_for_and_a_wrong_one_writes_to_nobody(desk: Desk) -> None:
    caller = await maria(desk)
    assert await desk.refused(change(password="wrong"), caller) == "wrong-password"
    assert await desk.refused(change()) == "forbidden"
    assert await letters(desk, *BOTH) == []


@pytest.mark.rule("R44")
async def test_an_address_of_somebody_else_gets_the_same_answer_and_no_letter(desk: Desk) -> None:
    caller = await maria(desk)
    await steps.enrol(desk, await desk.record("MRN-2"), "other@example.com")
    seen = []
    for email in ("other@example.com", "free@example.com"):
        before = len(await desk.names())
        reply = await desk.reply(change(email), caller)
        seen.append((reply.status, reply.body, (await desk.names())[before:]))
        to_new = await letter(desk, "address-new")
        assert to_new.to == (None if email.startswith("other") else email)
        assert (await letter(desk, "address-old")).to == MARIA
    assert seen[0] == seen[1]


@pytest.mark.rule("R44")
async def test_of_two_who_want_one_address_exactly_one_gets_it(desk: Desk) -> None:
    first = await maria(desk)
    session = await steps.enrol(desk, await desk.record("MRN-2"), "other@example.com")
    second = Caller.model_validate(session["caller"])
    links = [await ask(desk, caller) for caller in (first, second)]
    for old, _ in links:
        assert await confirm(desk, old) == "open"
    replies = await asyncio.gather(
        *(desk.reply(ConfirmAddress(link=SecretStr(new))) for _, new in links)
    )
    assert sorted(reply.status for reply in replies) == [200, 409]
    assert (await desk.names()).count("EmailChanged") == 1
    loser = links[[reply.status for reply in replies].index(409)]
    assert await refusal(desk, loser[1]) == "address-in-use"
    await enter(desk, sign_in(NEW))


@pytest.mark.rule("R44")
async def test_an_address_that_an_enrolment_took_meanwhile_is_refused_at_the_end(
    desk: Desk,
) -> None:
    old, new = await ask(desk, await maria(desk))
    await steps.enrol(desk, await desk.record("MRN-2"), NEW)
    assert await confirm(desk, new) == "open"
    assert await refusal(desk, old) == "address-in-use"
    await enter(desk, sign_in(MARIA))


@pytest.mark.rule("R44")
async def test_the_old_address_is_free_for_others_afterwards(desk: Desk) -> None:
    for link in await ask(desk, await maria(desk)):
        await confirm(desk, link)
    await steps.enrol(desk, await desk.record("MRN-2"), MARIA)
    await enter(desk, sign_in(MARIA))


async def test_another_spelling_of_the_own_mailbox_may_be_had(desk: Desk) -> None:
    caller = await maria(desk)
    for link in await ask(desk, caller, "Maria+portal@example.com"):
        await confirm(desk, link)
    await enter(desk, sign_in(MARIA))
    await desk.reply(RequestReset(email=MARIA))
    await desk.settle()
    assert (await letter(desk, "password-reset")).to == "Maria+portal@example.com"


async def test_it_is_good_for_a_day_to_the_last_moment(desk: Desk) -> None:
    caller = await maria(desk)
    old, new = await ask(desk, caller)
    desk.clock.move(DAY)
    assert await confirm(desk, old) == "open"
    assert [row["email"] for row in await waiting(desk, caller)] == [NEW]
    desk.clock.move(timedelta(microseconds=1))
    assert await refusal(desk, new) == "expired"
    assert await waiting(desk, caller) == []
    assert (await letter(desk, "address-new")).to is None
    await enter(desk, sign_in(MARIA))


async def test_a_newer_request_makes_the_older_links_void(desk: Desk) -> None:
    caller = await maria(desk)
    earlier = await ask(desk, caller, "first@example.com")
    later = await ask(desk, caller)
    for link in earlier:
        assert await refusal(desk, link) == "used"
    assert [row["email"] for row in await waiting(desk, caller)] == [NEW]
    assert [await confirm(desk, link) for link in later] == ["open", "used"]


async def test_a_reset_under_way_does_not_outlive_its_address(desk: Desk) -> None:
    links = await ask(desk, await maria(desk))
    await desk.reply(RequestReset(email=MARIA))
    await desk.settle()
    sent = (await letter(desk, "password-reset")).link
    for link in links:
        await confirm(desk, link)
    assert (await desk.ask(OpenLink(link=SecretStr(sent))))["state"] == "used"


@pytest.mark.parametrize("link", ["", "x", "a.b", "é.ü"])
async def test_a_link_that_is_not_ours_is_unknown(desk: Desk, link: str) -> None:
    assert await refusal(desk, link) == "unknown"


async def test_the_link_of_one_side_is_not_the_others(desk: Desk) -> None:
    old, new = await ask(desk, await maria(desk))
    mixed = f"{old.rpartition('.')[0]}.{new.rpartition('.')[2]}"
    assert old != mixed
    assert await confirm(desk, mixed) == "open"  # it is the new one's: they share the id
    assert await confirm(desk, old) == "used"
    assert await refusal(desk, new[:-1] + ("A" if new[-1] != "A" else "Q")) == "unknown"


@pytest.mark.rule("R34")
async def test_the_links_of_a_closed_account_do_nothing(desk: Desk) -> None:
    caller = await maria(desk)
    old, _ = await ask(desk, caller)
    await desk.ask(Disenrol(patient=caller.patient or ""), caller)
    assert await refusal(desk, old) == "used"
    assert {each.to for each in await letters(desk, *BOTH)} == {None}


@pytest.mark.parametrize("email", BAD)
def test_what_is_not_one_address_is_refused_before_anything_is_kept(email: str) -> None:
    with pytest.raises(ValidationError):
        change(email)
    with pytest.raises(ValidationError):
        SetMailAddress(patient="p", email=email)


@pytest.mark.rule("R44")
@pytest.mark.parametrize(
    ("known", "spelling"),
    [
        ("o.ther@gmail.com", "other+x@googlemail.com"),
        ("other@bücher.example", "Other@xn--bcher-kva.example"),
        ("other@example.com", "OTHER+promo@EXAMPLE.com"),
    ],
)
async def test_other_spellings_of_somebodys_mailbox_are_somebodys(
    desk: Desk, known: str, spelling: str
) -> None:
    caller = await maria(desk)
    await steps.enrol(desk, await desk.record("MRN-2"), known)
    await desk.ask(change(spelling), caller)
    assert (await letter(desk, "address-new")).to is None
    assert caller.patient
    link = await ask_for(desk, caller, caller.patient, spelling)
    assert (await letter(desk, "patient-address")).to is None
    assert link == ""


# -- another address for mail about one person (decision g) -----------------------------------------


async def ask_for(desk: Desk, caller: Caller, patient: str, email: str = NEW) -> str:
    """Ask for mail about somebody elsewhere; gives the link."""
    reply = await desk.reply(SetMailAddress(patient=patient, email=email), caller)
    assert (reply.status, reply.body) == (201, b"{}")
    return (await letter(desk, "patient-address")).link


async def mail_about(desk: Desk, patient: str) -> str | None:
    """Where news of a result goes."""
    return (await desk.may_notify("new-result", patient, "event-1")).address


@pytest.mark.rule("R42", "R44")
async def test_mail_about_a_child_goes_elsewhere_once_that_address_confirmed(desk: Desk) -> None:
    mother = await enrolled(desk)
    ada = await connected(desk, 8, mother)
    link = await ask_for(desk, mother, ada)
    sent = await letter(desk, "patient-address")
    assert (sent.to, sent.given) == (NEW, "")
    assert await letters(desk, *BOTH) == []
    assert await mail_about(desk, ada) == MARIA
    assert await confirm(desk, link) == "used"
    assert await confirm(desk, link) == "used"
    assert await mail_about(desk, ada) == NEW
    assert mother.patient
    assert await mail_about(desk, mother.patient) == MARIA


@pytest.mark.rule("R44")
async def test_the_own_address_is_refused_for_mail_about_a_child(desk: Desk) -> None:
    mother = await enrolled(desk)
    ada = await connected(desk, 8, mother)
    assert await desk.refused(SetMailAddress(patient=ada, email=MARIA), mother) == "address-in-use"
    assert await letters(desk, "patient-address") == []


@pytest.mark.rule("R44")
async def test_nobody_learns_by_it_which_addresses_are_somebodys(desk: Desk) -> None:
    """An account's, another patient's, and a free one: the same answer after the same work."""
    mother = await enrolled(desk)
    ada = await connected(desk, 8, mother)
    await steps.enrol(desk, await desk.record("MRN-2"), "other@example.com")
    await desk.ask(parent(await child(desk, 13), contact="teen@example.com"), SUPPORT)
    seen = []
    for email in ("other@example.com", "teen@example.com", "free@example.com"):
        before = len(await desk.names())
        reply = await desk.reply(SetMailAddress(patient=ada, email=email), mother)
        seen.append((reply.status, reply.body, (await desk.names())[before:]))
        to = (await letter(desk, "patient-address")).to
        assert to == (email if email.startswith("free") else None)
    assert seen[0] == seen[1] == seen[2]


@pytest.mark.rule("R44")
async def test_an_address_that_became_an_accounts_is_refused_at_the_end(desk: Desk) -> None:
    mother = await enrolled(desk)
    ada = await connected(desk, 8, mother)
    link = await ask_for(desk, mother, ada)
    await steps.enrol(desk, await desk.record("MRN-2"), NEW)
    assert (await letter(desk, "patient-address")).to is None
    assert await refusal(desk, link) == "address-in-use"
    assert await mail_about(desk, ada) == MARIA


@pytest.mark.rule("R44")
async def test_an_account_does_not_move_to_the_address_for_another_patients_mail(
    desk: Desk,
) -> None:
    mother = await enrolled(desk)
    ada = await connected(desk, 8, mother)
    assert await confirm(desk, await ask_for(desk, mother, ada)) == "used"
    other = Caller.model_validate(
        (await steps.enrol(desk, await desk.record("MRN-2"), "other@example.com"))["caller"]
    )
    old, new = await ask(desk, other, NEW)
    assert await confirm(desk, old) == "open"
    assert await refusal(desk, new) == "address-in-use"
    assert await mail_about(desk, other.patient or "") == "other@example.com"


async def test_whose_record_one_is_not_connected_to_is_not_found(desk: Desk) -> None:
    mother = await enrolled(desk)
    stranger = await child(desk, 8)
    for patient in (stranger, "nobody"):
        asked = SetMailAddress(patient=patient, email=NEW)
        assert await desk.refused(asked, mother) == "not-found"
        assert await desk.refused(asked, nobody_in_particular()) == "not-found"


@pytest.mark.rule("R33", "R34")
async def test_after_the_red_x_neither_letter_nor_link_does_anything(desk: Desk) -> None:
    mother = await enrolled(desk)
    ada = await connected(desk, 8, mother)
    link = await ask_for(desk, mother, ada)
    await desk.ask(Disenrol(patient=ada), mother)
    assert (await letter(desk, "patient-address")).to is None
    assert await refusal(desk, link) == "used"


async def test_two_peoples_mail_moves_side_by_side_and_a_newer_wish_voids_only_its_own(
    desk: Desk,
) -> None:
    mother = await enrolled(desk)
    ada, ben = await connected(desk, 8, mother), await connected(desk, 9, mother)
    first = await ask_for(desk, mother, ada, "first@example.com")
    second = await ask_for(desk, mother, ben, "second@example.com")
    own = await ask(desk, mother, "own@example.com")
    third = await ask_for(desk, mother, ada, "third@example.com")
    assert await refusal(desk, first) == "used"
    found = {(row["patient"], row["email"]) for row in await waiting(desk, mother)}
    assert found == {
        (ada, "third@example.com"), (ben, "second@example.com"), ("", "own@example.com"),
    }  # fmt: skip
    assert [await confirm(desk, link) for link in (second, third, *own)] == [
        "used", "used", "open", "used",
    ]  # fmt: skip
    assert (await mail_about(desk, ada), await mail_about(desk, ben)) == (
        "third@example.com",
        "second@example.com",
    )
