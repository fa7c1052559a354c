"""Issuing an invitation, the same for every reason to: inside one turn, all or nothing."""

from __future__ import annotations

from kernel.turn import Turn
from services.identity import addresses
from services.identity.decider import account, connection, invitation, patient
from services.identity.linking import check_new_address
from services.identity.practice import profile_now, today
from services.identity.views.invitations import LIVE_INVITATIONS

# These go where an earlier invitation went: the address on record has been told then.
_NOTICE_GIVEN = ("resent", "renewed", "relation")


async def invite(turn: Turn, who: str, email: str, origin: str, relation: str = "") -> str:
    """Void what went to the same person before and issue a new invitation; gives its id.

    Without a `relation` it is the patient's own: refuses a patient who cannot enrol, and an address
    of somebody else's account (R44).
    """
    entry: patient.Patient = await turn.load(patient.PATIENT, who)
    if relation:
        patient.check_alive(entry)
        connection.waiting(entry.relations, relation)
    else:
        patient.check_invitable(entry, today(await profile_now(turn.read), turn.now))
        await check_address(turn, entry, email)
    await check_new_address(turn, who, email)
    await void_live(turn, who, relation, "replaced")
    new = turn.new_id()
    await turn.load(invitation.INVITATION, new)
    notice = _notice(entry, email, origin)
    events = invitation.issue(new, who, email, notice, origin, turn.actor, turn.now, relation)
    turn.append(invitation.INVITATION, new, events)
    return new


async def void_live(turn: Turn, who: str, relation: str, why: str) -> None:
    """Void the invitations of a patient (or of one relation to them) that still open something."""
    for row in await turn.read(LIVE_INVITATIONS, patient=who, relation=relation):
        state = await turn.load(invitation.INVITATION, row["invitation"])
        turn.append(invitation.INVITATION, row["invitation"], invitation.void(state, why))


async def check_address(turn: Turn, entry: patient.Patient, email: str) -> account.Account:
    """Refuse an address that is somebody else's; gives the account that may join with it, or none.

    An account that only acts for others may get a chart of its own under its address (R35), but not
    that of somebody for whom it acts, or did until they were 18.
    """
    mailbox: account.Mailbox = await turn.load(account.EMAIL, addresses.key(email))
    holder: account.Account = await turn.load(account.ACCOUNT, mailbox.account)
    acts = connection.held_by(entry.relations, mailbox.account) if mailbox.account else None
    if mailbox.account and (holder.role != "patient" or holder.patient or holder.closed or acts):
        raise account.in_use()
    return holder


def _notice(entry: patient.Patient, email: str, origin: str) -> str:
    """The other address on record, which is told that an invitation went out (decision o)."""
    known = entry.demographics.email
    same = not known or addresses.key(known) == addresses.key(email)
    return "" if same or origin in _NOTICE_GIVEN else known
