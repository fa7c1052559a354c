"""How an account signs in, beside its password: the stream `security-<account>`.

The names and fields of these classes are the storage format: only ever add to them. What opens
something is marked, so that it never prints and is sealed under the account's key.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from kernel.phi import Phi, PhiRepr


@dataclass(frozen=True, slots=True)
class DeviceRemembered:
    """A browser signed in that was not known before; `label` says what kind of browser it is."""

    account: str
    device: str
    label: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DeviceUsed:
    """A known browser signed in again."""

    account: str
    device: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DeviceForgotten:
    """The browser is not known any more, and its sessions have ended."""

    account: str
    device: str
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class TotpOffered(PhiRepr):
    """A secret for an authenticator app; it counts once a code of it came back."""

    OWNER: ClassVar[str] = "account"
    account: str
    secret: Phi[str]
    at: datetime


@dataclass(frozen=True, slots=True)
class TotpConfirmed:
    """The offered secret counts. `counter` is the time step of the code that proved it."""

    account: str
    counter: int
    at: datetime


@dataclass(frozen=True, slots=True)
class TotpUsed:
    """A code was used; neither it nor an older one is good again."""

    account: str
    counter: int
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class FactorsRemoved(PhiRepr):
    """Somebody else removed all second factors with the events after this one, and how they knew who
    asked.
    """

    OWNER: ClassVar[str] = "account"
    account: str
    by: str
    evidence: Phi[str]
    at: datetime


@dataclass(frozen=True, slots=True)
class TotpRemoved:
    """No authenticator app, and no recovery codes, any more."""

    account: str
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class RecoveryCodesMade(PhiRepr):
    """New recovery codes, as keyed hashes; earlier ones are void."""

    OWNER: ClassVar[str] = "account"
    account: str
    codes: Phi[tuple[str, ...]]
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class RecoveryCodeUsed(PhiRepr):
    """One of them was used; `left` are still good."""

    OWNER: ClassVar[str] = "account"
    account: str
    code: Phi[str]
    left: int
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class PasskeyAdded(PhiRepr):
    """A passkey: its credential id and public key in base64url, and how often it had signed."""

    OWNER: ClassVar[str] = "account"
    account: str
    passkey: str
    credential: Phi[str]
    key: Phi[str]
    count: int
    name: Phi[str]
    at: datetime


@dataclass(frozen=True, slots=True)
class PasskeyUsed:
    """Somebody signed in with it; `count` is what the authenticator counted."""

    account: str
    passkey: str
    count: int
    at: datetime


@dataclass(frozen=True, slots=True)
class PasskeyRemoved:
    """It opens nothing any more."""

    account: str
    passkey: str
    at: datetime
