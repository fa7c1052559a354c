"""How an account signs in beside its password: known browsers, authenticator app, passkeys.

One aggregate per account, so that a code, a recovery code and a counter are good exactly once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from kernel.decider import Decider, Refused
from services.identity import totp
from services.identity.events import security as events

MOST_DEVICES: Final = 20
MOST_PASSKEYS: Final = 20
# A browser whose last sign-in is older has no open session any more (R45).
_OUT: Final = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Passkey:
    """One passkey as far as the rules go."""

    credential: str
    count: int


@dataclass(frozen=True, slots=True)
class Security:
    """What an account has. `devices`: known browsers with their last sign-in; `step`: the time step
    of the last code; secrets never print.
    """

    devices: Mapping[str, datetime] = field(default_factory=dict)
    offered: str = field(default="", repr=False)
    totp: str = field(default="", repr=False)
    step: int = 0
    recovery: tuple[str, ...] = field(default=(), repr=False)
    passkeys: Mapping[str, Passkey] = field(default_factory=dict)

    @property
    def has_factor(self) -> bool:
        """Whether there is anything beside the password."""
        return bool(self.totp or self.passkeys)


def evolve(state: Security, event: Any) -> Security:
    """The account's security after an event."""
    match event:
        case (
            events.DeviceRemembered(device=device, at=at) | events.DeviceUsed(device=device, at=at)
        ):
            return replace(state, devices={**state.devices, device: at})
        case events.DeviceForgotten(device=device):
            return replace(state, devices=_without(state.devices, device))
        case events.TotpOffered(secret=secret):
            return replace(state, offered=secret)
        case events.TotpConfirmed(counter=step):
            return replace(state, totp=state.offered, offered="", step=step)
        case events.TotpUsed(counter=step):
            return replace(state, step=step)
        case events.TotpRemoved():
            return replace(state, totp="", recovery=())
        case events.RecoveryCodesMade(codes=codes):
            return replace(state, recovery=codes)
        case events.RecoveryCodeUsed(code=code):
            return replace(state, recovery=tuple(c for c in state.recovery if c != code))
        case events.PasskeyAdded(passkey=id, credential=credential, count=count):
            return _with_passkey(state, id, Passkey(credential, count))
        case events.PasskeyUsed(passkey=id, count=count) if id in state.passkeys:
            return _with_passkey(state, id, replace(state.passkeys[id], count=count))
        case events.PasskeyRemoved(passkey=id):
            return replace(state, passkeys=_without(state.passkeys, id))
    return state


SECURITY = Decider("security", Security(), evolve)


def welcome(
    state: Security, account: str, device: str, label: str, now: datetime
) -> list[events.DeviceRemembered | events.DeviceUsed | events.DeviceForgotten]:
    """A browser has signed in: known from now on. Of many only the newest stay known, and whoever
    may still have a session.
    """
    if device in state.devices:
        return [events.DeviceUsed(account, device, now)]
    newest_first = sorted(state.devices, key=lambda each: state.devices[each], reverse=True)
    gone = [d for d in newest_first[MOST_DEVICES - 1 :] if now - state.devices[d] >= _OUT]
    return [
        events.DeviceRemembered(account, device, label, now),
        *(events.DeviceForgotten(account, each, now) for each in gone),
    ]


def forget(
    state: Security, account: str, device: str, now: datetime
) -> list[events.DeviceForgotten]:
    """Its sessions end, and it counts as a stranger."""
    if device not in state.devices:
        raise Refused("not-found", "This browser is not signed in.", 404)
    return [events.DeviceForgotten(account, device, now)]


def prove(
    state: Security, account: str, typed: str, hashed: str, now: datetime
) -> list[events.TotpUsed | events.RecoveryCodeUsed]:
    """The second step of signing in: a new code of the app, or a recovery code (`hashed`); nothing
    for what is wrong, or was used before.
    """
    step = totp.step_of(state.totp, typed, now) if state.totp else None
    if step is not None and step > state.step:
        return [events.TotpUsed(account, step, now)]
    if hashed in state.recovery:
        left = len(state.recovery) - 1
        return [events.RecoveryCodeUsed(account, hashed, left, now)]
    return []


def confirm_totp(
    state: Security, account: str, code: str, codes: tuple[str, ...], now: datetime
) -> list[events.TotpConfirmed | events.RecoveryCodesMade]:
    """The app shows what we expect: from now on it is asked, and the recovery codes are good."""
    if not state.offered:
        raise Refused("no-offer", "Please begin again: no authenticator app is being set up.")
    step = totp.step_of(state.offered, code, now)
    if step is None:
        said = "This code is not right. Check the clock of your device, and use the newest code."
        raise Refused("wrong-code", said, 422, {"code": said})
    return [
        events.TotpConfirmed(account, step, now),
        events.RecoveryCodesMade(account, codes, now),
    ]


def new_recovery_codes(
    state: Security, account: str, codes: tuple[str, ...], now: datetime
) -> list[events.RecoveryCodesMade]:
    """The old ones are void."""
    _check_totp(state)
    return [events.RecoveryCodesMade(account, codes, now)]


def remove_totp(
    state: Security, account: str, must: bool, now: datetime
) -> list[events.TotpRemoved]:
    """Sign in without the app; whoever `must` have a second factor keeps one."""
    _check_totp(state)
    if must and not state.passkeys:
        raise _needed()
    return [events.TotpRemoved(account, now)]


def remove_all(
    state: Security, account: str, by: str, evidence: str, now: datetime
) -> list[events.FactorsRemoved | events.TotpRemoved | events.PasskeyRemoved]:
    """They are lost: whoever checked who asks removes them all."""
    if not state.has_factor:
        raise Refused("no-factor", "This account has no second factor.")
    app = [events.TotpRemoved(account, now)] if state.totp else []
    keys = [events.PasskeyRemoved(account, each, now) for each in state.passkeys]
    return [events.FactorsRemoved(account, by, evidence, now), *app, *keys]


def add_passkey(state: Security, added: events.PasskeyAdded) -> list[events.PasskeyAdded]:
    """One more."""
    if len(state.passkeys) >= MOST_PASSKEYS:
        raise Refused("too-many", "There are many passkeys already. Remove one first.")
    return [added]


def use_passkey(
    state: Security, account: str, passkey: str, count: int, now: datetime
) -> list[events.PasskeyUsed]:
    """Sign in with it; nothing where it is gone. A count that does not grow is a copy at work:
    nothing, too. Some authenticators never count.
    """
    known = state.passkeys.get(passkey)
    if known is None or ((count or known.count) and count <= known.count):
        return []
    return [events.PasskeyUsed(account, passkey, count, now)]


def remove_passkey(
    state: Security, account: str, passkey: str, must: bool, now: datetime
) -> list[events.PasskeyRemoved]:
    """It opens nothing any more; whoever `must` have a second factor keeps one."""
    if passkey not in state.passkeys:
        raise Refused("not-found", "There is no such passkey.", 404)
    if must and not state.totp and len(state.passkeys) == 1:
        raise _needed()
    return [events.PasskeyRemoved(account, passkey, now)]


def _check_totp(state: Security) -> None:
    if not state.totp:
        raise Refused("no-totp", "There is no authenticator app on this account.")


def _needed() -> Refused:
    said = "Staff need a second factor. Add another one before you remove this one."
    return Refused("needed", said)


def _with_passkey(state: Security, id: str, passkey: Passkey) -> Security:
    return replace(state, passkeys={**state.passkeys, id: passkey})


def _without(known: Mapping[str, Any], id: str) -> dict[str, Any]:
    return {key: value for key, value in known.items() if key != id}
