"""Another e-mail address, for an account or for mail about one patient, confirmed where it goes.

Part of the account (`account.py`). To sign in with another address both the old and the new one must
confirm; for mail about a patient (decision g) the new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from contracts.identity import Notice
from services.identity.decider.reset import expired, no_longer_good
from services.identity.events.account import AccountNoticed
from services.identity.events.links import (
    AddressChangeDone,
    AddressChangeRequested,
    AddressConfirmed,
    Side,
)

GOOD_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Change:
    """One change under way. `patient` is empty for the account's own address."""

    change: str
    email: str
    patient: str
    expires: datetime
    old: bool = False
    new: bool = False
    done: bool = False


Changes = Mapping[str, Change]
"""The newest change of each patient's mail, and of the account's own address (under the empty name)."""


def evolve(state: Changes, event: Any) -> Changes:
    """The changes after an event of the account."""
    match event:
        case AddressChangeRequested(change=id, email=email, patient=patient, expires=expires):
            return {**state, patient: Change(id, email, patient, expires)}
        case AddressConfirmed(change=id, side=side):
            return _changed(state, id, **{side: True})
        case AddressChangeDone(change=id):
            return _changed(state, id, done=True)
    return state


def request(account: str, change: str, email: str, patient: str, now: datetime) -> list[Any]:
    """The request and its letters. Whether the new address gets one is decided when it would be sent,
    so that here all addresses are alike (R44).
    """
    letters: tuple[Notice, ...] = (
        ("patient-address",) if patient else ("address-old", "address-new")
    )
    return [
        AddressChangeRequested(account, change, email, patient, now, now + GOOD_FOR),
        *(AccountNoticed(account, letter, change) for letter in letters),
    ]


def find(state: Changes, change: str, now: datetime) -> Change:
    """A change that may be confirmed, or was; refuses what a newer one replaced and what is late."""
    found = next((each for each in state.values() if each.change == change), None)
    if found is None:
        raise no_longer_good()
    if now > found.expires and not found.done:
        raise expired()
    return found


def confirm(found: Change, account: str, side: Side, now: datetime) -> list[Any]:
    """One side says yes; with the last one the change is done. Again is nothing."""
    if found.done or (found.old if side == "old" else found.new):
        return []
    old = found.old or side == "old" or bool(found.patient)
    new = found.new or side == "new"
    done = [AddressChangeDone(account, found.change, now)] if old and new else []
    return [AddressConfirmed(account, found.change, side, now), *done]


def _changed(state: Changes, change: str, **changes: Any) -> Changes:
    return {
        patient: replace(each, **changes) if each.change == change else each
        for patient, each in state.items()
    }
