"""Account's private events: who signs in, and who tried.

The names and fields of these classes are the storage format: only ever add to them.
`password` is an argon2id hash with its parameters; it is marked so that it never prints.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from contracts.identity import Notice
from kernel.phi import Phi, PhiRepr


@dataclass(frozen=True, slots=True, repr=False)
class AccountOpened(PhiRepr):
    """A patient has an account."""

    OWNER: ClassVar[str] = "patient"
    account: str
    patient: str
    email: Phi[str]
    name: Phi[str]
    password: Phi[str]


@dataclass(frozen=True, slots=True, repr=False)
class StaffAccountOpened(PhiRepr):
    """One of the practice's staff has an account. `provider` is a directory id or None."""

    OWNER: ClassVar[str] = "account"
    account: str
    email: Phi[str]
    name: Phi[str]
    role: str
    provider: str | None
    password: Phi[str]


@dataclass(frozen=True, slots=True, repr=False)
class ProxyAccountOpened(PhiRepr):
    """Somebody who only acts for others has an account: no chart of their own hangs on it."""

    OWNER: ClassVar[str] = "account"
    account: str
    email: Phi[str]
    name: Phi[str]
    password: Phi[str]


@dataclass(frozen=True, slots=True)
class OwnRecordJoined:
    """An account that was open already has a chart of its own now (R35)."""

    account: str
    patient: str


@dataclass(frozen=True, slots=True)
class OwnRecordLeft:
    """The account has no chart of its own any more; it stays for those it acts for (decision i)."""

    account: str


@dataclass(frozen=True, slots=True)
class SessionsEnded:
    """Every session of the account that began before `at` has ended. `why` is `everywhere`,
    `password`, `reset` or `left`. `kept` is the one session that goes on, where there is one.
    """

    account: str
    at: datetime
    why: str
    kept: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class PasswordChanged(PhiRepr):
    """The account has another password."""

    OWNER: ClassVar[str] = "account"
    account: str
    password: Phi[str]
    at: datetime


@dataclass(frozen=True, slots=True)
class AccountClosed:
    """Nobody signs in with it any more (R34); its address is free for others."""

    account: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AccountNoticed:
    """A letter to the account is due (see `contracts.identity.Notice`).

    It names its owner because what it publishes is about the account.
    """

    OWNER: ClassVar[str] = "account"
    account: str
    notice: Notice
    reference: str


@dataclass(frozen=True, slots=True)
class EmailReleased:
    """The stream `email-<hash of the address>` belongs to nobody again."""

    account: str


@dataclass(frozen=True, slots=True)
class EmailReserved:
    """The stream `email-<hash of the address>` belongs to one account (R44)."""

    account: str


@dataclass(frozen=True, slots=True)
class SignInFailed:
    """A wrong password or code for this address, known or not: both leave the same trace."""

    address: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PasswordFitted:
    """The right password; a second factor is asked for before anybody is in."""

    address: str
    account: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The right password, and the right code where one is asked for."""

    address: str
    account: str
    at: datetime
