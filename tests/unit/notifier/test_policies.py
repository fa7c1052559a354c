"""From a heard event to an e-mail, over a real SMTP server: once, allowed, and never old news."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import cast

import pytest

from contracts.identity import InvitationIssued, MayNotify, MayNotifyAnswer
from contracts.labs import LabVerified, MissingAnswered
from contracts.notifier import EmailFailed, EmailSent
from kernel.policy import React
from services.notifier import policies
from services.notifier.decider import EMAIL, email_id, settle
from services.notifier.delivery import Deps, NotConfigured
from services.notifier.events import (
    CODEC,
    EmailDelivered,
    EmailRejected,
    EmailWithheld,
)
from services.notifier.policies import POLICIES
from services.notifier.publisher import PUBLISHER
from services.notifier.smtp import Deferred
from tests.unit.notifier.log import given, hear, record
from tests.unit.notifier.smtp_server import PostOffice
from tests.unit.notifier.test_letters import LEAVE, NOW

VERIFIED = LabVerified(report="r1", patient="p1", verified=NOW)
ANSWERED = MissingAnswered(ticket="t1", patient="p1", answered=NOW)
INVITED = InvitationIssued(invitation="i1", patient="p1")
NO_LEAVE = MayNotifyAnswer(address=None, reason="not enrolled")


@pytest.mark.rule("R18")
async def test_a_verified_result_is_announced_once() -> None:
    office = PostOffice()
    async with given(office) as log:
        await hear(log, VERIFIED)
        await hear(log, VERIFIED)
    assert len(office.letters) == 1
    assert log.outcomes == [EmailDelivered("new-result", "p1", "e7", log.now)]


@pytest.mark.rule("R21")
async def test_an_answered_question_is_announced_once_and_asked_for_by_its_own_kind() -> None:
    office = PostOffice()
    async with given(office) as log:
        await hear(log, ANSWERED)
        await hear(log, ANSWERED)
    assert len(office.letters) == 1
    assert {q.kind for q in log.asked if isinstance(q, MayNotify)} == {"question-answered"}
    assert log.outcomes == [EmailDelivered("question-answered", "p1", "e7", log.now)]


async def test_a_second_try_carries_the_same_message_id() -> None:
    office = PostOffice()
    async with given(office) as log:
        await hear(log, VERIFIED)
        log.streams.clear()  # killed after the server's 250 and before our commit
        await hear(log, VERIFIED)
    first, second = office.letters
    assert first["Message-ID"] == second["Message-ID"]


@pytest.mark.rule("R51")
async def test_an_invitation_goes_out_with_its_link_and_another_address_is_told() -> None:
    office = PostOffice()
    async with given(office) as log:
        await hear(log, INVITED)
    asked = [q for q in log.asked if isinstance(q, MayNotify)]
    assert [(q.kind, q.reference) for q in asked] == [
        ("invitation", "i1"),
        ("address-notice", "i1"),
    ]
    body = office.letters[0].get_body(("plain",))
    assert body is not None
    assert LEAVE.link in body.get_content()
    assert {event.kind for event in log.outcomes} == {"invitation", "address-notice"}


async def test_without_leave_nothing_is_sent_and_the_reason_is_kept() -> None:
    office = PostOffice()
    async with given(office, leave=NO_LEAVE) as log:
        await hear(log, VERIFIED)
    assert office.letters == []
    assert log.outcomes == [EmailWithheld("new-result", "p1", "e7", "not enrolled")]


async def test_no_other_address_on_record_leaves_no_trace() -> None:
    office = PostOffice()
    async with given(office, leave=NO_LEAVE) as log:
        await policies.email_address_notice(INVITED, record(INVITED), cast(React[Deps], log))
    assert (office.letters, log.outcomes) == ([], [])


async def test_old_news_is_not_sent_and_identity_is_not_even_asked() -> None:
    office = PostOffice()
    async with given(office, stale=True) as log:
        await hear(log, VERIFIED)
    assert (office.letters, log.asked) == ([], [])
    assert log.outcomes == [EmailWithheld("new-result", "p1", "e7", "stale")]


def test_every_reaction_says_how_old_its_news_may_be() -> None:
    ages = {reaction.name: reaction.max_age for reaction in POLICIES.reactions}
    assert ages == {
        "email-new-result": timedelta(days=2),
        "email-question-answered": timedelta(days=2),
        "find-others-to-email": timedelta(days=2),
        "email-others": timedelta(days=2),
        "email-invitation": timedelta(days=10),
        "email-address-notice": timedelta(days=10),
        "email-reset": timedelta(hours=1),
        "email-address-change": timedelta(days=1),
        "email-account": timedelta(days=10),
    }


@pytest.mark.rule("S17")
async def test_a_refusal_for_good_is_kept_with_the_code_and_published() -> None:
    office = PostOffice(answer_to_recipient="550 <maya@mail.example> unknown")
    async with given(office) as log:
        await hear(log, VERIFIED)
        await hear(log, VERIFIED)
    assert log.outcomes == [EmailRejected("new-result", "p1", "e7", "SMTP 550")]
    assert PUBLISHER.publish(log.outcomes[0]) == EmailFailed(
        patient="p1", kind="new-result", reference="e7", reason="SMTP 550"
    )


async def test_an_address_that_is_none_fails_without_asking_the_server() -> None:
    two = LEAVE.model_copy(update={"address": "a@b.example, c@d.example"})
    office = PostOffice()
    async with given(office, leave=two) as log:
        await hear(log, VERIFIED)
    assert office.connections == 0
    assert log.outcomes == [EmailRejected("new-result", "p1", "e7", "bad address")]


async def test_a_server_that_says_later_is_asked_again_later() -> None:
    office = PostOffice(answer_to_data="451 Later")
    async with given(office) as log:
        with pytest.raises(Deferred):
            await hear(log, VERIFIED)
        assert log.outcomes == []
        office.answer_to_data = "250 Taken"
        await hear(log, VERIFIED)
    assert len(office.letters) == 1


async def test_before_the_profile_is_known_the_letter_waits() -> None:
    office = PostOffice()
    async with given(office, configured=False) as log:
        with pytest.raises(NotConfigured):
            await hear(log, VERIFIED)
    assert (office.letters, log.outcomes) == ([], [])


def test_a_settled_email_stays_settled() -> None:
    outcome = EmailDelivered("invitation", "p1", "i1", NOW)
    settled = reduce(EMAIL.evolve, settle(EMAIL.initial, outcome), EMAIL.initial)
    assert settle(settled, outcome) == []
    assert email_id("invitation", "e7") != email_id("address-notice", "e7")


@pytest.mark.rule("R56")
def test_the_moment_of_sending_is_published_for_the_invitations_clock() -> None:
    at = datetime(2026, 11, 24, 18, 0, 0, 123456, tzinfo=UTC)
    assert PUBLISHER.publish(EmailDelivered("invitation", "p1", "i1", at)) == EmailSent(
        patient="p1", kind="invitation", reference="i1", sent=at
    )
    assert PUBLISHER.publish(EmailWithheld("invitation", "p1", "i1", "void")) is None


def test_what_is_stored_reads_back_and_belongs_to_the_patient() -> None:
    for event in (
        EmailDelivered("invitation", "p1", "i1", NOW),
        EmailRejected("invitation", "p1", "i1", "SMTP 550"),
        EmailWithheld("invitation", "p1", "i1", "stale"),
    ):
        stored = CODEC.encode(event)
        assert stored.owner == "p1"
        assert CODEC.decode(stored.name, stored.data) == event
