"""Accounts, one per e-mail address (R44), and how often somebody may try a password."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from kernel.decider import Decider, Refused
from services.identity.events.account import (
    AccountClosed,
    AccountOpened,
    EmailReleased,
    EmailReserved,
    OwnRecordJoined,
    OwnRecordLeft,
    ProxyAccountOpened,
    SignedIn,
    SignInFailed,
    StaffAccountOpened,
)

FREE_TRIES = 5
LONGEST_LOCK = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Account:
    """Who signs in. Empty until opened. `patient` is the own chart, empty where there is none."""

    account: str = ""
    email: str = ""
    role: str = ""
    patient: str = ""
    closed: bool = False


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
        case AccountClosed():
            return replace(state, closed=True)
    return state


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
    """Everyone has an address of their own (R44). The refusal never says whose it is."""
    if state.account:
        raise Refused(
            "address-in-use",
            "This e-mail address cannot be used for this account; please use another.",
            fields={"email": "Use another e-mail address."},
        )


def reserve(state: Mailbox, account: str) -> list[Any]:
    """Keep an address for an account."""
    check_free(state)
    return [EmailReserved(account)]


@dataclass(frozen=True, slots=True)
class Attempts:
    """The wrong tries in a row at one address, whether or not an account is behind it."""

    failures: int = 0
    last: datetime | None = None


def evolve_attempts(state: Attempts, event: Any) -> Attempts:
    """The tries after an event."""
    match event:
        case SignInFailed(at=at):
            return replace(state, failures=state.failures + 1, last=at)
        case SignedIn():
            return Attempts()
    return state


ATTEMPTS = Decider("sign-in", Attempts(), evolve_attempts)


def locked_until(state: Attempts) -> datetime | None:
    """After five wrong tries in a row a lock: one minute, then twice as long each, at most 15."""
    if state.last is None or state.failures < FREE_TRIES:
        return None
    doubled = timedelta(minutes=1 << min(state.failures - FREE_TRIES, 10))
    return state.last + min(doubled, LONGEST_LOCK)


def attempt(
    state: Attempts, address: str, account: str, right: bool, now: datetime
) -> list[SignedIn | SignInFailed]:
    """What a try leaves. While locked even the right password leaves nothing and does not enter."""
    until = locked_until(state)
    if until is not None and now < until:
        return []
    if right and account:
        return [SignedIn(address, account, now)]
    return [SignInFailed(address, now)]
