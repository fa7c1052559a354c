"""Invitations as staff see them: how far each has come, never its code or link (S2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from contracts.identity import InvitationRow
from frontend.presenters.people import full_name

STATES: Final[dict[str, tuple[str, str]]] = {
    "created": ("Being sent", "blue"),
    "sent": ("Sent", "blue"),
    "failed": ("Not delivered", "red"),
    "opened": ("Started", "amber"),
    "completed": ("Enrolled", "green"),
    "void": ("Void", "grey"),
    "burned": ("Too many wrong codes", "red"),
    "expired": ("Expired", "grey"),
}
STEPS: Final = {"terms": "terms accepted", "hipaa": "HIPAA notice accepted"}
RESENDABLE: Final = ("created", "sent", "failed", "opened", "expired", "burned")
REVOCABLE: Final = ("created", "sent", "failed", "opened")
ON_ITS_WAY: Final = "created"


@dataclass(frozen=True, slots=True)
class Row:
    """One invitation and what may be done with it. `unsent`: what stands where no time of sending can."""

    invitation: str
    patient: str
    name: str
    email: str
    state: str
    kind: str
    created: datetime
    sent: datetime | None
    unsent: str
    expires: datetime | None
    steps: str
    can_resend: bool
    can_revoke: bool


def rows(invitations: Iterable[InvitationRow]) -> list[Row]:
    """Newest first, as they came."""
    return [_row(each) for each in invitations]


def _row(each: InvitationRow) -> Row:
    words, kind = STATES[each.state]
    return Row(
        invitation=each.invitation,
        patient=each.patient,
        name=full_name(each.name),
        email=each.email,
        state=words,
        kind=kind,
        created=each.created,
        sent=each.sent,
        unsent="Not yet" if each.state == ON_ITS_WAY else "Never",
        expires=each.expires,
        steps=", ".join(STEPS.get(step, step) for step in each.steps),
        can_resend=each.state in RESENDABLE,
        can_revoke=each.state in REVOCABLE,
    )
