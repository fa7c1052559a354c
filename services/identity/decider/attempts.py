"""How often somebody may try to sign in, so that nobody can be locked out by others.

Tries are counted in a row: for an address, known or not, as long as they come from browsers that we
do not know; for each known browser of the account by itself. So whoever guesses elsewhere locks the
address for strangers, and not for the browsers that have signed in before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from kernel.decider import Decider
from services.identity.events.account import PasswordFitted, SignedIn, SignInFailed

FREE_TRIES = 5
LONGEST_LOCK = timedelta(minutes=15)
Tried = SignedIn | PasswordFitted | SignInFailed


@dataclass(frozen=True, slots=True)
class Attempts:
    """The wrong tries in a row of one address, whether or not an account is behind it, or of one
    known browser.
    """

    failures: int = 0
    last: datetime | None = None


def evolve(state: Attempts, event: Any) -> Attempts:
    """The tries after an event. A right password that waits for a code forgets nothing."""
    match event:
        case SignInFailed(at=at):
            return replace(state, failures=state.failures + 1, last=at)
        case SignedIn():
            return Attempts()
    return state


ATTEMPTS = Decider("sign-in", Attempts(), evolve)


def locked_until(state: Attempts) -> datetime | None:
    """After five wrong tries in a row a lock: one minute, then twice as long each, at most 15."""
    if state.last is None or state.failures < FREE_TRIES:
        return None
    doubled = timedelta(minutes=1 << min(state.failures - FREE_TRIES, 10))
    return state.last + min(doubled, LONGEST_LOCK)


def attempt(
    state: Attempts, address: str, account: str, right: bool, now: datetime, waits: bool = False
) -> list[Tried]:
    """What a try leaves. While locked even the right password leaves nothing and does not enter.

    `waits`: a second factor is asked for before anybody is in.
    """
    until = locked_until(state)
    if until is not None and now < until:
        return []
    if not (right and account):
        return [SignInFailed(address, now)]
    if waits:
        return [PasswordFitted(address, account, now)]
    return [SignedIn(address, account, now)]
