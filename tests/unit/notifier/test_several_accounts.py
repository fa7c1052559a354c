"""One result, several people who get mail about the patient: one letter each, settled by itself."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.identity import MayNotify, MayNotifyAnswer
from contracts.labs import LabVerified, MissingAnswered
from services.notifier.events import CODEC, EmailDelivered, EmailDue, EmailWithheld
from services.notifier.publisher import PUBLISHER
from services.notifier.smtp import Deferred
from tests.unit.notifier.log import Log, given, hear
from tests.unit.notifier.smtp_server import PostOffice
from tests.unit.notifier.test_letters import NOW

VERIFIED = LabVerified(report="r1", patient="p1", verified=NOW)
FIRST, MOTHER, FATHER = "ada@mail.example", "mother@mail.example", "father@mail.example"
FAMILY: dict[str, Any] = {
    "leave": MayNotifyAnswer(address=FIRST, given="Ada", others=("a2", "a3")),
    "leaves": {
        "a2": MayNotifyAnswer(address=MOTHER, given="Maria"),
        "a3": MayNotifyAnswer(address=FATHER, given="Juan"),
    },
}


def recipients(office: PostOffice) -> list[str]:
    """Who got a letter, once per letter."""
    return sorted(address for _, to in office.envelopes for address in to)


def settled(log: Log) -> set[str]:
    """The e-mails of which it is known what became."""
    return {s for s, events in log.streams.items() if any(hasattr(e, "sent") for e in events)}


@pytest.mark.rule("R3", "R42")
async def test_everybody_who_gets_mail_about_the_patient_gets_one_letter() -> None:
    office = PostOffice()
    async with given(office, **FAMILY) as log:
        await hear(log, VERIFIED)
        await hear(log, VERIFIED)
    assert recipients(office) == sorted([FIRST, MOTHER, FATHER])
    assert settled(log) == {
        "email-new-result-e7", "email-new-result-e7-a2", "email-new-result-e7-a3",
    }  # fmt: skip
    assert len({letter["Message-ID"] for letter in office.letters}) == 3


@pytest.mark.rule("R21", "R42")
async def test_an_answer_to_a_question_goes_to_the_same_people() -> None:
    office = PostOffice()
    async with given(office, **FAMILY) as log:
        await hear(log, MissingAnswered(ticket="t1", patient="p1", answered=NOW))
    assert recipients(office) == sorted([FIRST, MOTHER, FATHER])
    assert settled(log) == {
        "email-question-answered-e7",
        "email-question-answered-e7-a2",
        "email-question-answered-e7-a3",
    }


@pytest.mark.rule("R42")
@pytest.mark.parametrize("full", [FIRST, MOTHER, FATHER])
async def test_a_mailbox_that_is_full_holds_up_nobody_else_and_a_retry_sends_none_twice(
    full: str,
) -> None:
    office = PostOffice(full={full})
    async with given(office, **FAMILY) as log:
        with pytest.raises(Deferred):
            await hear(log, VERIFIED)
        assert recipients(office) == sorted({FIRST, MOTHER, FATHER} - {full})
        office.full.clear()
        await hear(log, VERIFIED)
    assert recipients(office) == sorted([FIRST, MOTHER, FATHER])


@pytest.mark.rule("R33", "R34")
async def test_who_is_not_connected_any_more_when_their_turn_comes_gets_none() -> None:
    office = PostOffice()
    gone = MayNotifyAnswer(address=None, reason="not connected")
    leaves = FAMILY["leaves"] | {"a2": gone}
    async with given(office, leave=FAMILY["leave"], leaves=leaves) as log:
        await hear(log, VERIFIED)
    assert recipients(office) == sorted([FIRST, FATHER])
    assert EmailWithheld("new-result", "p1", "e7", "not connected") in log.outcomes


@pytest.mark.rule("R42")
def test_the_letters_of_different_people_are_retried_apart() -> None:
    """The kernel keeps one owner's events in order: these belong to whoever is written to."""
    stored = [CODEC.encode(EmailDue("new-result", "p1", "e7", account)) for account in ("a2", "a3")]
    assert [each.owner for each in stored] == ["a2", "a3"]
    assert PUBLISHER.publish(EmailDue("new-result", "p1", "e7", "a2")) is None


async def test_each_is_asked_about_by_name() -> None:
    office = PostOffice()
    async with given(office, **FAMILY) as log:
        await hear(log, VERIFIED)
    questions = [q for q in log.asked if isinstance(q, MayNotify)]
    assert {q.account for q in questions} == {None, "a2", "a3"}
    assert {(q.kind, q.patient, q.reference) for q in questions} == {("new-result", "p1", "e7")}


async def test_alone_nobody_else_is_looked_for_again() -> None:
    office = PostOffice()
    alone = MayNotifyAnswer(address=FIRST, given="Ada")
    async with given(office, leave=alone) as log:
        await hear(log, VERIFIED)
    assert log.due == []
    assert log.outcomes == [EmailDelivered("new-result", "p1", "e7", log.now)]


async def test_old_news_looks_for_nobody() -> None:
    office = PostOffice()
    async with given(office, stale=True, **FAMILY) as log:
        await hear(log, VERIFIED)
    assert (log.due, log.asked, office.letters) == ([], [], [])
