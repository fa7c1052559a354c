"""Invitation: from the e-mail to the enrolment (R51, R52, R56, decision m)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal

from contracts.practice import Terms
from kernel.decider import Decider, Refused
from services.identity.access import Documents
from services.identity.events.invitation import (
    HipaaAccepted,
    InvitationBurned,
    InvitationCompleted,
    InvitationFailed,
    InvitationIssued,
    InvitationSent,
    InvitationVoided,
    TermsAccepted,
    WrongCodeTried,
)

TRIES = 5
Ending = Literal["", "void", "burned", "completed"]
Standing = Literal["none", "open", "expired", "void", "burned", "completed"]
Document = Literal["terms", "hipaa"]


@dataclass(frozen=True, slots=True)
class Invitation:
    """One invitation. `expires` is None until the mail server has taken the e-mail (R56).

    `relation` is what a parent or caregiver is invited to; empty for the patient themself.
    """

    invitation: str = ""
    patient: str = ""
    email: str = ""
    notice: str = ""
    sent: datetime | None = None
    expires: datetime | None = None
    failed: bool = False
    terms: str = ""
    hipaa: str = ""
    tries: int = 0
    ending: Ending = ""
    relation: str = ""


def evolve(state: Invitation, event: Any) -> Invitation:
    """The invitation after an event."""
    match event:
        case InvitationIssued():
            return Invitation(
                event.invitation,
                event.patient,
                event.email,
                event.notice,
                relation=event.relation,
            )
        case InvitationSent(sent=sent, expires=expires):
            return replace(state, sent=sent, expires=expires, failed=False)
        case InvitationFailed():
            return replace(state, failed=True)
        case TermsAccepted(version=version):
            return replace(state, terms=version)
        case HipaaAccepted(version=version):
            return replace(state, hipaa=version)
        case WrongCodeTried(tries=tries):
            return replace(state, tries=tries)
        case InvitationBurned():
            return replace(state, ending="burned")
        case InvitationVoided():
            return replace(state, ending="void")
        case InvitationCompleted():
            return replace(state, ending="completed")
    return state


INVITATION = Decider("invitation", Invitation(), evolve)


def current(terms: tuple[Terms, ...], today: date) -> Documents:
    """The newest version of each document that is in effect on a day at the practice."""
    return Documents(*(_newest(terms, name, today) for name in ("terms", "hipaa")))


def standing(state: Invitation, now: datetime) -> Standing:
    """What the invitation is good for. Good to the last second of its days (R56)."""
    if not state.invitation:
        return "none"
    if state.ending:
        return state.ending
    if state.expires is not None and now > state.expires:
        return "expired"
    return "open"


def issue(
    invitation: str,
    patient: str,
    email: str,
    notice: str,
    origin: str,
    by: str,
    now: datetime,
    relation: str = "",
) -> list[Any]:
    """A new invitation. Its code and link are derived, never stored."""
    return [InvitationIssued(invitation, patient, email, notice, origin, by, now, relation)]


def sent(state: Invitation, at: datetime, days: int) -> list[Any]:
    """The e-mail went out: the clock runs from here, to the second (R56). A repeat says nothing."""
    if not state.invitation or state.sent is not None:
        return []
    return [InvitationSent(state.invitation, at, at + timedelta(days=days))]


def failed(state: Invitation, reason: str) -> list[Any]:
    """The e-mail was refused for good; once one copy went out, a later refusal says nothing."""
    if not state.invitation or state.sent is not None or state.failed:
        return []
    return [InvitationFailed(state.invitation, reason)]


def void(state: Invitation, why: str) -> list[Any]:
    """Withdraw it. One that has ended stays as it is."""
    if state.ending or not state.invitation:
        return []
    return [InvitationVoided(state.invitation, why)]


def revoke(state: Invitation) -> list[Any]:
    """Staff withdraw it (S2); again is nothing."""
    _check_unused(state)
    return void(state, "revoked")


def check_resendable(state: Invitation) -> None:
    """Send again what is open, failed, expired or burned (S2). A void one has a successor."""
    _check_unused(state)
    if state.ending == "void":
        raise Refused("void", "This invitation is void already.")


def check_renewable(state: Invitation, now: datetime) -> None:
    """Only an expired invitation may ask for its successor (R56)."""
    stands = standing(state, now)
    if stands == "open":
        raise Refused("still-open", "This invitation is still good; there is no need for another.")
    if stands != "expired":
        _check_open(state, now)


def accept(
    state: Invitation, document: Document, version: str, current: Documents, now: datetime
) -> list[Any]:
    """Accept one version of one document: the terms first, then the HIPAA notice (R51)."""
    _check_open(state, now)
    if version != getattr(current, document) or not version:
        raise Refused("version", "This document has a newer version; please read that one.")
    if document == "terms":
        accepted = state.terms == version
        event: Any = TermsAccepted(state.invitation, state.patient, version, now)
    else:
        if state.terms != current.terms:
            raise Refused("order", "Please accept the terms first.")
        accepted = state.hipaa == version
        event = HipaaAccepted(state.invitation, state.patient, version, now)
    return [] if accepted else [event]


def check_ready(state: Invitation, current: Documents, now: datetime) -> None:
    """Refuse to look at a code before both documents are accepted, in their current versions."""
    _check_open(state, now)
    if (state.terms, state.hipaa) != (current.terms, current.hipaa):
        raise Refused("order", "Please accept the terms and the HIPAA notice first.")


def wrong_try(state: Invitation) -> list[Any]:
    """A code or birth date that does not fit. The fifth burns the invitation (decision m)."""
    events: list[Any] = [WrongCodeTried(state.invitation, state.tries + 1)]
    if state.tries + 1 >= TRIES:
        events.append(InvitationBurned(state.invitation))
    return events


def complete(state: Invitation, account: str) -> list[Any]:
    """Enrolled (R51). Ready and right have been checked before."""
    return [InvitationCompleted(state.invitation, account)]


def _check_unused(state: Invitation) -> None:
    if not state.invitation:
        raise Refused("not-found", "There is no such invitation.", 404)
    if state.ending == "completed":
        raise Refused("used", "The patient has enrolled with this invitation.")


def _check_open(state: Invitation, now: datetime) -> None:
    match standing(state, now):
        case "none":
            raise Refused("unknown", "This link is not one of ours.", 404)
        case "expired":
            raise Refused("expired", "This invitation has expired; you can ask for a new one.")
        case "void":
            raise Refused("void", "This invitation was withdrawn; a newer one may be in your mail.")
        case "burned":
            raise Refused("burned", "Too many wrong tries; please call us for a new invitation.")
        case "completed":
            raise Refused("used", "This invitation has been used; please sign in.")


def _newest(terms: tuple[Terms, ...], document: str, today: date) -> str:
    effective = [t for t in terms if t.document == document and t.effective <= today]
    return max(effective, key=lambda t: t.effective).version if effective else ""
