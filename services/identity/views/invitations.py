"""Invitations: the newest, a patient's, and those that still open something."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from kernel.clock import micros
from kernel.projection import Ask, Record, View, Write, patch, upsert
from services.identity.events import invitation as events
from services.identity.views.common import is_

LISTED = 100
LIVE = 500

INVITATIONS = View("invitations", version=2)
invitation = INVITATIONS.table(
    "invitation",
    sa.Column("invitation", sa.Text, primary_key=True),
    sa.Column("patient", sa.Text, index=True),
    sa.Column("email", sa.Text),
    sa.Column("notice", sa.Text),
    sa.Column("created", sa.Integer, index=True),
    sa.Column("sent", sa.Integer),
    sa.Column("expires", sa.Integer),
    sa.Column("failed", sa.Text),
    sa.Column("terms", sa.Text),
    sa.Column("hipaa", sa.Text),
    sa.Column("ending", sa.Text),
    sa.Column("relation", sa.Text),
)
_put_invitation = upsert(invitation)
_sent = patch(invitation, "sent", "expires", "failed")
_failed = patch(invitation, "failed")
_terms = patch(invitation, "terms")
_hipaa = patch(invitation, "hipaa")
_ending = patch(invitation, "ending")


@INVITATIONS.on(events.InvitationIssued)
def issued(event: events.InvitationIssued, record: Record) -> Iterator[Write]:
    """A new invitation."""
    yield _put_invitation(
        invitation=event.invitation, patient=event.patient, email=event.email,
        notice=event.notice, created=micros(event.at), sent=None, expires=None, failed="",
        terms="", hipaa="", ending="",
        relation=event.relation,
    )  # fmt: skip


@INVITATIONS.on(events.InvitationSent)
def sent(event: events.InvitationSent, record: Record) -> Iterator[Write]:
    """The clock runs."""
    yield _sent(
        invitation=event.invitation, sent=micros(event.sent), expires=micros(event.expires),
        failed="",
    )  # fmt: skip


@INVITATIONS.on(events.InvitationFailed)
def failed(event: events.InvitationFailed, record: Record) -> Iterator[Write]:
    """The address does not work."""
    yield _failed(invitation=event.invitation, failed=event.reason or "failed")


@INVITATIONS.on(events.TermsAccepted)
def terms_accepted(event: events.TermsAccepted, record: Record) -> Iterator[Write]:
    """One step."""
    yield _terms(invitation=event.invitation, terms=event.version)


@INVITATIONS.on(events.HipaaAccepted)
def hipaa_accepted(event: events.HipaaAccepted, record: Record) -> Iterator[Write]:
    """One step more."""
    yield _hipaa(invitation=event.invitation, hipaa=event.version)


_ENDINGS = {
    events.InvitationVoided: "void",
    events.InvitationBurned: "burned",
    events.InvitationCompleted: "completed",
}


@INVITATIONS.on(*_ENDINGS)
def invitation_ended(event: events.InvitationVoided, record: Record) -> Iterator[Write]:
    """It opens nothing any more."""
    yield _ending(invitation=event.invitation, ending=_ENDINGS[type(event)])


INVITATION_BY_ID = Ask(sa.select(invitation).where(is_(invitation.c.invitation)).limit(1))
_NEWEST = (invitation.c.created.desc(), invitation.c.invitation.desc())
INVITATIONS_NEWEST = Ask(sa.select(invitation).order_by(*_NEWEST).limit(LISTED))
INVITATIONS_OF_PATIENT = Ask(
    sa.select(invitation).where(is_(invitation.c.patient)).order_by(*_NEWEST).limit(LISTED)
)
LIVE_INVITATIONS = Ask(
    sa.select(invitation.c.invitation)
    .where(is_(invitation.c.patient), is_(invitation.c.relation), invitation.c.ending == "")
    .limit(LIVE)
)
