"""One account is connected to one record at most once, however many invitations were on their way."""

from __future__ import annotations

import pytest

from contracts.common import Caller
from contracts.identity import (
    Disenrol,
    ResendInvitation,
    SendInvitation,
    VerifyRelation,
)
from tests.unit.identity import steps
from tests.unit.identity.desk import COLLEAGUE, SUPPORT, Desk
from tests.unit.identity.family import born, caregiver, child, connections, parent

JO = "jo@example.com"


async def invited(desk: Desk, command: VerifyRelation) -> steps.Letter:
    """Staff verify somebody without an account; gives their letter, the documents accepted."""
    reply = await desk.reply(command, SUPPORT)
    assert reply.status == 201, reply.body
    issued = [e for e in await desk.events() if type(e).__name__ == "InvitationIssued"][-1]
    mail = await steps.letter(desk, command.patient, issued.invitation)
    await steps.accept_both(desk, mail)
    return mail


@pytest.mark.rule("R33", "R54", "S3")
async def test_of_two_invitations_to_act_for_one_child_only_one_connects(
    desk: Desk,
) -> None:
    ada = await child(desk, 8)
    first = await invited(desk, parent(ada, email=JO, contact="c@example.com"))
    second = await invited(desk, caregiver(ada, email="Jo+x@example.com"))
    holder = Caller.model_validate((await desk.ask(steps.complete(first, born=born(8))))["caller"])
    assert await desk.refused(steps.complete(second, born=born(8))) == "unavailable"
    await desk.ask(Disenrol(patient=ada), holder)
    assert await connections(desk, holder) == {}


@pytest.mark.rule("R44", "S3")
async def test_nobody_becomes_the_caregiver_of_themself(desk: Desk) -> None:
    maria = await desk.record()
    mail = await invited(desk, caregiver(maria, email=JO))
    own = Caller.model_validate((await steps.enrol(desk, maria, JO))["caller"])
    assert await desk.refused(steps.complete(mail)) == "unavailable"
    assert {c.basis for c in (await connections(desk, own)).values()} == {"self"}


@pytest.mark.rule("R44", "R54")
async def test_whoever_acts_for_a_patient_does_not_become_the_patient(desk: Desk) -> None:
    """A parent's account must not take the record over as its own once the child is 18."""
    maria = await desk.record()
    mail = await invited(desk, caregiver(maria, email=JO))
    own = await steps.invite(desk, maria, JO)
    await steps.accept_both(desk, own)
    holder = Caller.model_validate((await desk.ask(steps.complete(mail)))["caller"])
    assert await desk.refused(steps.complete(own)) == "address-in-use"
    assert {c.basis for c in (await connections(desk, holder)).values()} == {"caregiver"}
    again = SendInvitation(patient=maria, email=JO)
    assert await desk.refused(again, SUPPORT) == "address-in-use"


@pytest.mark.rule("R35", "S2")
async def test_a_relation_that_has_its_account_gets_no_other_one(desk: Desk) -> None:
    """An earlier invitation that was burned, and is sent again after a later one was used."""
    ada = await child(desk, 8)
    first = await invited(desk, parent(ada, email=JO))
    for _ in range(5):
        await desk.reply(steps.complete(first, code="WRONG-CODE1", born=born(8)))
    again = (await desk.ask(ResendInvitation(invitation=first.invitation), SUPPORT))["id"]
    second = await steps.letter(desk, ada, again)
    await steps.accept_both(desk, second)
    await desk.ask(steps.complete(second, born=born(8)))
    late = ResendInvitation(invitation=first.invitation)
    assert await desk.refused(late, COLLEAGUE) == "connected"
