"""Invitations as staff handle them (R52, S2). Neither code nor link is ever in an answer."""

from __future__ import annotations

from datetime import datetime

from contracts.common import Caller, Done, HumanName, Role
from contracts.identity import (
    InvitationRow,
    Invitations,
    InvitationsAnswer,
    InvitationState,
    PatientCard,
    ResendInvitation,
    RevokeInvitation,
    SendInvitation,
)
from kernel.api import Call
from kernel.clock import from_micros
from kernel.projection import Row
from services.identity.api.base import API
from services.identity.api.patients import cards
from services.identity.decider import invitation as decider
from services.identity.deps import Deps
from services.identity.inviting import invite
from services.identity.views.invitations import INVITATIONS_NEWEST, INVITATIONS_OF_PATIENT

_SENDERS = {Role.SUPPORT, Role.CLINIC}


@API.command(SendInvitation, roles=_SENDERS)
async def send_invitation(command: SendInvitation, call: Call[Deps, Caller]) -> Done:
    """Invite at an address; what went to another one before is void (R52)."""
    return Done(id=await invite(call.turn, command.patient, command.email, "staff"))


@API.command(ResendInvitation, roles=_SENDERS)
async def resend_invitation(command: ResendInvitation, call: Call[Deps, Caller]) -> Done:
    """A new invitation to the same address; the old one is void (R56)."""
    state = await call.turn.load(decider.INVITATION, command.invitation)
    decider.check_resendable(state)
    again = await invite(call.turn, state.patient, state.email, "resent", state.relation)
    return Done(id=again)


@API.command(RevokeInvitation, roles=_SENDERS)
async def revoke_invitation(command: RevokeInvitation, call: Call[Deps, Caller]) -> Done:
    """Void it."""
    state = await call.turn.load(decider.INVITATION, command.invitation)
    call.turn.append(decider.INVITATION, command.invitation, decider.revoke(state))
    return Done(id=command.invitation)


@API.query(Invitations, roles=_SENDERS)
async def invitations(query: Invitations, call: Call[Deps, Caller]) -> InvitationsAnswer:
    """The newest, or those of one patient."""
    if query.patient is None:
        rows = await call.read(INVITATIONS_NEWEST)
    else:
        rows = await call.read(INVITATIONS_OF_PATIENT, patient=query.patient)
    named = {c.patient: c for c in await cards(call.read, [row["patient"] for row in rows])}
    shown = tuple(_row(row, named.get(row["patient"]), call.now) for row in rows)
    return InvitationsAnswer(invitations=shown)


def invitation_of(row: Row) -> decider.Invitation:
    """The state that a row of the view tells, as far as `standing` needs it."""
    return decider.Invitation(
        invitation=row["invitation"],
        patient=row["patient"],
        email=row["email"],
        notice=row["notice"],
        sent=_moment(row["sent"]),
        expires=_moment(row["expires"]),
        failed=bool(row["failed"]),
        terms=row["terms"],
        hipaa=row["hipaa"],
        ending=row["ending"],
        relation=row["relation"],
    )


def shown_state(state: decider.Invitation, now: datetime) -> InvitationState:
    """One word for staff. `opened` once a document was accepted: opening a page leaves no trace."""
    match decider.standing(state, now):
        case "completed" | "void" | "burned" | "expired" as ended:
            return ended
    if state.terms:
        return "opened"
    if state.failed:
        return "failed"
    return "sent" if state.sent else "created"


def _row(row: Row, card: PatientCard | None, now: datetime) -> InvitationRow:
    state = invitation_of(row)
    steps = (("terms", state.terms), ("hipaa", state.hipaa))
    return InvitationRow(
        invitation=state.invitation,
        patient=state.patient,
        name=card.name if card else HumanName(),
        email=state.email,
        state=shown_state(state, now),
        created=from_micros(row["created"]),
        sent=state.sent,
        expires=state.expires,
        steps=tuple(name for name, version in steps if version),
    )


def _moment(value: int | None) -> datetime | None:
    return None if value is None else from_micros(value)
