"""From a notice of identity to a letter to an account: once, allowed, and never old news."""

from __future__ import annotations

from typing import get_args

import pytest

from contracts.identity import AccountNotice, MayNotifyAccount, MayNotifyAnswer
from contracts.identity.security import Notice
from kernel.projection import Record
from services.notifier.decider import EMAIL, email_id, settle
from services.notifier.events import (
    CODEC,
    NoticeDelivered,
    NoticeRejected,
    NoticeWithheld,
)
from services.notifier.publisher import PUBLISHER
from services.notifier.service import live
from services.notifier.smtp import Deferred
from services.notifier.subscribers import HEARS
from services.notifier.views import EMAILS
from tests.unit.notifier.log import given, hear, record
from tests.unit.notifier.smtp_server import PostOffice
from tests.unit.notifier.test_letters import LEAVE, NOW

NOTICES: tuple[Notice, ...] = get_args(Notice)


def noticed(notice: Notice = "password-reset") -> AccountNotice:
    """identity says that a letter is due."""
    return AccountNotice(notice=notice, account="a1", reference="r1")


@pytest.mark.parametrize("notice", NOTICES)
async def test_every_notice_becomes_one_letter(notice: Notice) -> None:
    office = PostOffice()
    async with given(office) as log:
        await hear(log, noticed(notice))
        await hear(log, noticed(notice))
    assert log.asked == [MayNotifyAccount(notice=notice, account="a1", reference="r1")]
    assert office.envelopes == [("portal@harborview.example", ["maya@mail.example"])]
    assert log.outcomes == [NoticeDelivered(notice, "a1", "r1", log.now)]
    assert list(log.streams) == [f"email-{notice}-e7"]


async def test_a_second_try_carries_the_same_message_id() -> None:
    office = PostOffice()
    async with given(office) as log:
        await hear(log, noticed())
        log.streams.clear()  # killed after the server's 250 and before our commit
        await hear(log, noticed())
    first, second = office.letters
    assert first["Message-ID"] == second["Message-ID"]


@pytest.mark.rule("R34")
async def test_without_leave_nothing_is_sent_and_the_reason_is_kept() -> None:
    office = PostOffice()
    no = MayNotifyAnswer(address=None, reason="the link is not open")
    async with given(office, leave=no) as log:
        await hear(log, noticed())
    assert office.letters == []
    assert log.outcomes == [NoticeWithheld("password-reset", "a1", "r1", "the link is not open")]


async def test_old_news_is_not_sent_and_identity_is_not_even_asked() -> None:
    office = PostOffice()
    async with given(office, stale=True) as log:
        await hear(log, noticed("turned-12"))
    assert (office.letters, log.asked) == ([], [])
    assert log.outcomes == [NoticeWithheld("turned-12", "a1", "r1", "stale")]


@pytest.mark.rule("S17")
async def test_a_refusal_for_good_is_kept_with_the_code_and_shown_to_operations() -> None:
    office = PostOffice(answer_to_recipient="550 <maya@mail.example> unknown")
    async with given(office) as log:
        await hear(log, noticed())
    (outcome,) = log.outcomes
    assert outcome == NoticeRejected("password-reset", "a1", "r1", "SMTP 550")
    assert list(live(outcome, record(outcome))) == ["staff.sre"]


async def test_a_header_in_an_address_goes_nowhere() -> None:
    bad = LEAVE.model_copy(update={"address": "maya@mail.example\r\nBcc: x@y.example"})
    office = PostOffice()
    async with given(office, leave=bad) as log:
        await hear(log, noticed("address-new"))
    assert office.connections == 0
    assert log.outcomes == [NoticeRejected("address-new", "a1", "r1", "bad address")]


async def test_a_server_that_says_later_is_asked_again_later() -> None:
    office = PostOffice(answer_to_data="451 Later")
    async with given(office) as log:
        with pytest.raises(Deferred):
            await hear(log, noticed())
        assert log.outcomes == []
        office.answer_to_data = "250 Taken"
        await hear(log, noticed())
    assert len(office.letters) == 1


def test_nobody_hears_what_an_account_was_told() -> None:
    for event in (
        NoticeDelivered("turned-12", "a1", "r1", NOW),
        NoticeRejected("turned-12", "a1", "r1", "SMTP 550"),
        NoticeWithheld("turned-12", "a1", "r1", "stale"),
    ):
        assert PUBLISHER.publish(event) is None
        stored = CODEC.encode(event)
        assert stored.owner == "a1"
        assert CODEC.decode(stored.name, stored.data) == event


@pytest.mark.rule("S17")
@pytest.mark.parametrize(
    ("event", "state"),
    [
        (NoticeDelivered("turned-12", "a1", "r1", NOW), "sent"),
        (NoticeRejected("turned-12", "a1", "r1", "SMTP 550"), "failed"),
        (NoticeWithheld("turned-12", "a1", "r1", "stale"), "not-sent"),
    ],
)
def test_letters_to_accounts_stand_in_the_list_of_emails(event: object, state: str) -> None:
    at: Record = record(event)._replace(stream="email-turned-12-e7")
    (write,) = EMAILS.project(at)
    assert (write.params["kind"], write.params["state"]) == ("turned-12", state)


def test_a_settled_letter_stays_settled() -> None:
    outcome = NoticeDelivered("turned-12", "a1", "r1", NOW)
    state = EMAIL.evolve(EMAIL.initial, outcome)
    assert settle(state, outcome) == []
    assert len({email_id(notice, "e7") for notice in NOTICES}) == len(NOTICES)


def test_notices_are_heard_and_one_accounts_wait_for_no_others() -> None:
    """The kernel keeps one owner's events in order, and an event about nobody behind all the others."""
    assert AccountNotice in HEARS.contracts
    assert AccountNotice.about == "account"
