"""What the notifier is told before each letter to an account: fail closed (R34, R44)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import get_args

import pytest
from pydantic import SecretStr

from contracts.common import Caller, Role
from contracts.identity import (
    AccountNotice,
    ChangeEmail,
    ConfirmAddress,
    Disenrol,
    MayNotifyAccount,
    OpenLink,
    RequestReset,
    SetMailAddress,
)
from contracts.identity.security import Notice
from services.identity.events.account import AccountNoticed
from services.identity.publisher import PUBLISHER
from tests.unit.identity.desk import ANYONE, INTEROP, PASSWORD, SUPPORT, Desk
from tests.unit.identity.family import caregiver, child, connected, enrolled, parent
from tests.unit.identity.mailbox import letter, may_notify
from tests.unit.identity.signing import MARIA, maria

NEW = "maria@new.example"
BIRTHDAYS = ("turns-12-soon", "turned-12", "turns-18-soon", "turned-18")
OWN = ("security-changed", "relation-changed")
WITH_LINK = ("password-reset", "address-old", "address-new", "patient-address")


def test_every_notice_has_its_rule_here() -> None:
    assert {*BIRTHDAYS, *OWN, *WITH_LINK} == set(get_args(Notice))


def test_what_is_published_names_an_account_and_no_address() -> None:
    assert PUBLISHER.publish(AccountNoticed("a1", "turned-12", "p1")) == AccountNotice(
        notice="turned-12", account="a1", reference="p1"
    )


@pytest.mark.parametrize("notice", OWN)
async def test_news_of_the_account_goes_to_its_own_address(desk: Desk, notice: str) -> None:
    caller = await maria(desk)
    said = await may_notify(desk, notice, caller.subject, "r1")
    assert (said.address, said.given, said.link, said.code) == (MARIA, "María", "", "")


@pytest.mark.parametrize("notice", get_args(Notice))
async def test_nobody_is_written_to_without_an_account(desk: Desk, notice: str) -> None:
    assert (await may_notify(desk, notice, "nobody", "r1")).address is None


@pytest.mark.rule("R34")
@pytest.mark.parametrize("notice", get_args(Notice))
async def test_a_closed_account_gets_no_letter_at_all(desk: Desk, notice: str) -> None:
    caller = await maria(desk)
    patient = caller.patient or ""
    await desk.ask(Disenrol(patient=patient), caller)
    said = await may_notify(desk, notice, caller.subject, patient)
    assert (said.address, said.link) == (None, "")


@pytest.mark.parametrize("notice", WITH_LINK)
async def test_a_letter_with_a_link_needs_one_that_is_this_accounts(
    desk: Desk, notice: str
) -> None:
    mother = await enrolled(desk)
    await connected(desk, 8, mother)
    await desk.reply(RequestReset(email=MARIA))
    await desk.settle()
    reference = (await letter(desk, "password-reset")).link.partition(".")[0]
    other = await enrolled(desk, "MRN-2", "other@example.com")
    assert (await may_notify(desk, notice, other.subject, reference)).address is None
    assert (await may_notify(desk, notice, mother.subject, "no-such-link")).address is None


async def test_each_letter_carries_the_link_for_its_own_purpose(desk: Desk) -> None:
    mother = await enrolled(desk)
    ada = await connected(desk, 8, mother)
    await desk.reply(RequestReset(email=MARIA))
    await desk.settle()
    await desk.ask(ChangeEmail(email=NEW, password=SecretStr(PASSWORD)), mother)
    await desk.ask(SetMailAddress(patient=ada, email="ada@new.example"), mother)
    to = {"address-new": NEW, "patient-address": "ada@new.example"}
    for notice in WITH_LINK:
        sent = await letter(desk, notice)
        opened = await desk.ask(OpenLink(link=SecretStr(sent.link)))
        assert opened == {"state": "open", "purpose": notice}
        assert sent.to == to.get(notice, MARIA)
        assert sent.given == ("" if notice in to else "María")


async def test_a_link_that_did_its_work_is_not_sent_any_more(desk: Desk) -> None:
    mother = await enrolled(desk)
    ada = await connected(desk, 8, mother)
    await desk.ask(SetMailAddress(patient=ada, email=NEW), mother)
    sent = await letter(desk, "patient-address")
    await desk.ask(ConfirmAddress(link=SecretStr(sent.link)))
    assert (await letter(desk, "patient-address")).to is None


@pytest.mark.rule("R54")
@pytest.mark.parametrize("notice", BIRTHDAYS)
async def test_news_of_a_birthday_goes_to_whoever_acts_for_the_patient(
    desk: Desk, notice: str
) -> None:
    mother = await enrolled(desk)
    ada = await connected(desk, 11, mother)
    said = await may_notify(desk, notice, mother.subject, ada)
    assert (said.address, said.link) == (MARIA, "")
    stranger = await child(desk, 10)
    assert (await may_notify(desk, notice, mother.subject, stranger)).address is None


@pytest.mark.rule("R34", "R43", "S3")
@pytest.mark.parametrize("notice", BIRTHDAYS)
async def test_outside_the_days_of_a_relation_no_birthday_is_told(desk: Desk, notice: str) -> None:
    mother = await enrolled(desk)
    ada = await child(desk, 11)
    await desk.ask(caregiver(ada, since=date(2026, 3, 5), until=date(2026, 3, 5)), SUPPORT)
    told = []
    for _ in range(3):  # the day before, the day, and the day after
        told.append((await may_notify(desk, notice, mother.subject, ada)).address)
        desk.clock.move(timedelta(days=1))
    assert told == [None, MARIA, None]


@pytest.mark.rule("R43", "S3")
async def test_without_the_second_check_nothing_is_told_about_an_adult(desk: Desk) -> None:
    niece = await enrolled(desk)
    aunt = await child(desk, 71)
    await desk.ask(caregiver(aunt), SUPPORT)
    assert (await may_notify(desk, "turned-18", niece.subject, aunt)).address is None


@pytest.mark.rule("R53", "R54")
async def test_a_parent_whose_access_ends_at_eighteen_is_told_so(desk: Desk) -> None:
    mother = await enrolled(desk)
    teen = await child(desk, 17, born=date(2008, 3, 5))
    await desk.ask(parent(teen, contact="teen@example.com"), SUPPORT)
    desk.clock.move(timedelta(days=1))
    assert (await may_notify(desk, "turned-18", mother.subject, teen)).address == MARIA


@pytest.mark.rule("R33", "R34")
async def test_after_the_red_x_no_birthday_is_told(desk: Desk) -> None:
    mother = await enrolled(desk)
    ada = await connected(desk, 11, mother)
    await desk.ask(Disenrol(patient=ada), mother)
    assert (await may_notify(desk, "turned-12", mother.subject, ada)).address is None
    assert (await may_notify(desk, "security-changed", mother.subject, "r")).address == MARIA


@pytest.mark.rule("R34")
async def test_who_left_the_portal_hears_of_their_own_sign_in_only(desk: Desk) -> None:
    mother = await enrolled(desk)
    ada = await connected(desk, 11, mother)
    await desk.ask(Disenrol(patient=mother.patient or ""), mother)
    assert (await may_notify(desk, "turned-12", mother.subject, ada)).address is None
    assert (await may_notify(desk, "security-changed", mother.subject, "r")).address == MARIA


async def test_nobody_is_told_of_the_birthday_of_a_child_who_died(desk: Desk) -> None:
    mother = await enrolled(desk)
    ada = await child(desk, 11, number="MRN-A")
    await desk.ask(parent(ada), SUPPORT)
    assert (await may_notify(desk, "turned-12", mother.subject, ada)).address == MARIA
    await child(desk, 11, number="MRN-A", deceased=True)
    assert (await may_notify(desk, "turned-12", mother.subject, ada)).address is None


@pytest.mark.parametrize(
    "caller", [ANYONE, INTEROP, SUPPORT, Caller(subject="notifier", role=Role.PATIENT)]
)
async def test_only_the_notifier_may_ask(desk: Desk, caller: Caller) -> None:
    query = MayNotifyAccount(notice="security-changed", account="a1", reference="r1")
    assert await desk.refused(query, caller) == "forbidden"
