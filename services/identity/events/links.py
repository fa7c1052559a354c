"""What e-mailed links do to an account: a new password, another address.

All but the request for a reset stand in the account's own stream. The names and fields of these
classes are the storage format: only ever add to them. The links themselves are never stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from kernel.phi import Phi, PhiRepr

Side = Literal["old", "new"]


@dataclass(frozen=True, slots=True)
class ResetRequested:
    """Somebody asked for a new password for this address, known or not: both leave the same trace.

    `address` is the hash that keys it.
    """

    address: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ResetIssued:
    """A link to choose a new password goes to the account's address; earlier ones are void."""

    account: str
    reset: str
    at: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class ResetUsed:
    """The link did its work; the new password is the next event."""

    account: str
    reset: str
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class AddressChangeRequested(PhiRepr):
    """The account is to have another address, or mail about one `patient` is to go to one
    (decision g); `patient` is empty for the account's own. An earlier request for the same is void.
    """

    OWNER: ClassVar[str] = "account"
    account: str
    change: str
    email: Phi[str]
    patient: str
    at: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class AddressConfirmed:
    """Somebody followed the link that went to this side."""

    account: str
    change: str
    side: Side
    at: datetime


@dataclass(frozen=True, slots=True)
class AddressChangeDone:
    """Every side has confirmed; what it changes comes in the same unit."""

    account: str
    change: str
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class EmailChanged(PhiRepr):
    """The account signs in with another address from now on."""

    OWNER: ClassVar[str] = "account"
    account: str
    email: Phi[str]
    at: datetime
