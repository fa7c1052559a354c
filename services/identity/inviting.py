"""Issuing an invitation, the same for every reason to: inside one turn, all or nothing."""

from __future__ import annotations

from kernel.turn import Turn
from services.identity import addresses
from services.identity.decider import account, invitation, patient
from services.identity.practice import profile_now, today
from services.identity.views.invitations import LIVE_INVITATIONS

# These go where an earlier invitation went: the address on record has been told then.
_NOTICE_GIVEN = ("resent", "renewed")


async def invite(turn: Turn, who: str, email: str, origin: str) -> str:
    """Void what the patient still holds and issue a new invitation; gives its id.

    Refuses a patient who cannot enrol and an address of somebody else's account (R44).
    """
    day = today(await profile_now(turn.read), turn.now)
    entry: patient.Patient = await turn.load(patient.PATIENT, who)
    patient.check_invitable(entry, day)
    account.check_free(await turn.load(account.EMAIL, addresses.key(email)))
    for row in await turn.read(LIVE_INVITATIONS, patient=who):
        state = await turn.load(invitation.INVITATION, row["invitation"])
        turn.append(invitation.INVITATION, row["invitation"], invitation.void(state, "replaced"))
    new = turn.new_id()
    await turn.load(invitation.INVITATION, new)
    events = invitation.issue(
        new, who, email, _notice(entry, email, origin), origin, turn.actor, turn.now
    )
    turn.append(invitation.INVITATION, new, events)
    return new


def _notice(entry: patient.Patient, email: str, origin: str) -> str:
    """The other address on record, which is told that an invitation went out (decision o)."""
    known = entry.demographics.email
    same = not known or addresses.key(known) == addresses.key(email)
    return "" if same or origin in _NOTICE_GIVEN else known
