"""Registration: a form, matched at once or verified by support (R48-R50, S1)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from contracts.identity import RegistrationForm
from kernel.decider import Decider, Refused
from services.identity.events.registration import (
    RegistrationMatched,
    RegistrationOverdue,
    RegistrationRejected,
    RegistrationRequested,
    RegistrationSetAside,
    RegistrationTaken,
    RegistrationUnmatched,
    RegistrationVerified,
    SupportItemOpened,
)

Situation = Literal[
    "none", "received", "matched", "set-aside", "open", "taken", "verified", "rejected"
]
_EMPTY = RegistrationForm()
# The same address, or the same name and birth date: more forms than this in an hour are set aside.
TRIES_PER_HOUR = 5


@dataclass(frozen=True, slots=True)
class Registration:
    """One form on its way, or an item that the portal opened itself."""

    situation: Situation = "none"
    form: RegistrationForm = _EMPTY
    taken_by: str = ""


def evolve(state: Registration, event: Any) -> Registration:
    """The registration after an event."""
    match event:
        case RegistrationRequested(form=form):
            return replace(state, situation="received", form=form)
        case RegistrationMatched():
            return replace(state, situation="matched")
        case RegistrationSetAside():
            return replace(state, situation="set-aside")
        case RegistrationUnmatched():
            return replace(state, situation="open")
        case SupportItemOpened(form=form):
            return replace(state, situation="open", form=form)
        case RegistrationTaken(by=by):
            return replace(state, situation="taken", taken_by=by)
        case RegistrationVerified():
            return replace(state, situation="verified")
        case RegistrationRejected():
            return replace(state, situation="rejected")
    return state


REGISTRATION = Decider("registration", Registration(), evolve)


def request(registration: str, form: RegistrationForm, now: datetime) -> list[Any]:
    """Take the form in. Nothing else happens while the sender waits (decision l)."""
    return [RegistrationRequested(registration, form, now)]


def matched(state: Registration, registration: str, patient: str) -> list[Any]:
    """One record matches."""
    return [RegistrationMatched(registration, patient)] if state.situation == "received" else []


def unmatched(
    state: Registration, registration: str, reason: str, candidates: tuple[str, ...]
) -> list[Any]:
    """No one record matches: support decides (R49)."""
    if state.situation != "received":
        return []
    return [RegistrationUnmatched(registration, reason, candidates)]


def overdue(state: Registration, registration: str, due: datetime) -> list[Any]:
    """The time for an answer has passed; nothing happens to an item that has had its answer."""
    waits = state.situation in ("open", "taken")
    return [RegistrationOverdue(registration, due)] if waits else []


def set_aside(state: Registration, registration: str) -> list[Any]:
    """Too many tries within the hour."""
    return [RegistrationSetAside(registration)] if state.situation == "received" else []


def take(state: Registration, registration: str, by: str, name: str) -> list[Any]:
    """Work on an item; two people cannot (S1)."""
    _check_waiting(state)
    if state.situation == "taken":
        if state.taken_by == by:
            return []
        raise Refused("taken", "A colleague is working on this item.")
    return [RegistrationTaken(registration, by, name)]


def verify(
    state: Registration, registration: str, patient: str, by: str, evidence: str
) -> list[Any]:
    """Support knows who this is (R50)."""
    _check_mine(state, by)
    return [RegistrationVerified(registration, patient, by, evidence)]


def reject(state: Registration, registration: str, by: str, reason: str) -> list[Any]:
    """Support could not verify who this is."""
    _check_mine(state, by)
    return [RegistrationRejected(registration, by, reason)]


def _check_waiting(state: Registration) -> None:
    if state.situation in ("none", "received", "set-aside"):
        raise Refused("not-found", "There is no such item.", 404)
    if state.situation not in ("open", "taken"):
        raise Refused("closed", "This item is closed.")


def _check_mine(state: Registration, by: str) -> None:
    _check_waiting(state)
    if state.situation == "open":
        raise Refused("not-taken", "Take the item first, so that nobody else works on it.")
    if state.taken_by != by:
        raise Refused("taken", "A colleague is working on this item.")
