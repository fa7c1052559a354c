"""Accounts, one per e-mail address (R44)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from kernel.decider import Decider, Refused
from services.identity.decider import address_change, reset
from services.identity.events.account import (
    AccountClosed,
    AccountOpened,
    EmailReleased,
    EmailReserved,
    OwnRecordJoined,
    OwnRecordLeft,
    ProxyAccountOpened,
    SessionsEnded,
    StaffAccountOpened,
)
from services.identity.events.links import EmailChanged


@dataclass(frozen=True, slots=True)
class Account:
    """Who signs in. Empty until opened. `patient` is the own chart, empty where there is none.

    `ended` is when all sessions ended last: at a new password too. `resets` and `changes` are the
    links under way.
    """

    account: str = ""
    email: str = ""
    role: str = ""
    patient: str = ""
    closed: bool = False
    ended: datetime | None = None
    resets: reset.Resets = field(default_factory=reset.Resets)
    changes: address_change.Changes = field(default_factory=dict)


def evolve(state: Account, event: Any) -> Account:
    """The account after an event."""
    match event:
        case AccountOpened(account=account, email=email, patient=patient):
            return Account(account, email, "patient", patient)
        case ProxyAccountOpened(account=account, email=email):
            return Account(account, email, "patient")
        case StaffAccountOpened(account=account, email=email, role=role):
            return Account(account, email, role)
        case OwnRecordJoined(patient=patient):
            return replace(state, patient=patient)
        case OwnRecordLeft():
            return replace(state, patient="")
        case SessionsEnded(at=at):
            return replace(state, ended=at)
        case AccountClosed():
            state = replace(state, closed=True)
        case EmailChanged(email=email):
            state = replace(state, email=email)
    resets = reset.evolve(state.resets, event)
    return replace(state, resets=resets, changes=address_change.evolve(state.changes, event))


ACCOUNT = Decider("account", Account(), evolve)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Whose an e-mail address is; nobody's when empty."""

    account: str = ""


def evolve_mailbox(state: Mailbox, event: Any) -> Mailbox:
    """The reservation after an event."""
    match event:
        case EmailReserved(account=account):
            return Mailbox(account)
        case EmailReleased():
            return Mailbox()
    return state


EMAIL = Decider("email", Mailbox(), evolve_mailbox)


def check_free(state: Mailbox) -> None:
    """Everyone has an address of their own (R44)."""
    if state.account:
        raise in_use()


def in_use() -> Refused:
    """The refusal of an address that is somebody else's: it never says whose (R44)."""
    return Refused(
        "address-in-use",
        "This e-mail address cannot be used for this account; please use another.",
        fields={"email": "Use another e-mail address."},
    )


def reserve(state: Mailbox, account: str) -> list[Any]:
    """Keep an address for an account."""
    check_free(state)
    return [EmailReserved(account)]
