"""A forgotten password: a link that is good once, for one hour, and only as the newest.

Part of the account (`account.py`): whatever changes how it signs in makes an open link void.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from kernel.decider import Decider, Refused
from services.identity.events.account import (
    AccountClosed,
    AccountNoticed,
    PasswordChanged,
    SessionsEnded,
)
from services.identity.events.links import EmailChanged, ResetIssued, ResetRequested, ResetUsed

GOOD_FOR = timedelta(hours=1)
MOST = 3
_WINDOW = timedelta(hours=1)


def _same(state: None, event: Any) -> None:
    return state


REQUESTS: Decider[None] = Decider("reset", None, _same)
"""The stream of an address, by its key; what was asked there has no state of its own."""


@dataclass(frozen=True, slots=True)
class Resets:
    """The one link of an account that may be open, and when the last ones were sent."""

    open: str = ""
    expires: datetime | None = None
    issued: tuple[datetime, ...] = ()


def evolve(state: Resets, event: Any) -> Resets:
    """The links after an event of the account."""
    match event:
        case ResetIssued(reset=reset, at=at, expires=expires):
            return Resets(reset, expires, (*state.issued, at)[-MOST:])
        case ResetUsed() | PasswordChanged() | EmailChanged() | AccountClosed():
            return replace(state, open="")
    return state


def request(address: str, now: datetime) -> list[ResetRequested]:
    """Kept for every address alike."""
    return [ResetRequested(address, now)]


def issue(state: Resets, account: str, reset: str, now: datetime) -> list[Any]:
    """A link and the letter with it; after three within the hour nothing, and nobody is told.

    Links are counted and not requests, so that whoever asks without end keeps nobody else out.
    """
    if sum(at > now - _WINDOW for at in state.issued) >= MOST:
        return []
    return [
        ResetIssued(account, reset, now, now + GOOD_FOR),
        AccountNoticed(account, "password-reset", reset),
    ]


def use(state: Resets, account: str, reset: str, hashed: str, now: datetime) -> list[Any]:
    """The new password. Every session ends, none begins, and the account gets a letter."""
    if reset != state.open:
        raise no_longer_good()
    if state.expires is None or now > state.expires:
        raise expired()
    return [
        ResetUsed(account, reset, now),
        PasswordChanged(account, hashed, now),
        SessionsEnded(account, now, "reset"),
        AccountNoticed(account, "security-changed", reset),
    ]


def unknown() -> Refused:
    """The refusal of a link that we did not make."""
    return Refused("unknown", "This link is not one of ours.", 404)


def expired() -> Refused:
    """The refusal of a link that came too late."""
    return Refused("expired", "This link has expired; you can ask for a new one.")


def no_longer_good() -> Refused:
    """The refusal of a link that did its work, or that a newer one replaced."""
    return Refused("used", "This link was used already, or there is a newer one in your mail.")
