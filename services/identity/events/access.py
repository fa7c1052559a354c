"""Who looked at a record, and who opened or covers what without being asked first (S14, S15).

The names and fields of these classes are the storage format: only ever add to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from kernel.phi import Phi, PhiRepr


@dataclass(frozen=True, slots=True)
class RecordOpened:
    """An account looked at a patient's `chart` or `account` page; kept once an hour.

    `how` is `proxy` or `support`; what staff see of results is heard from the service that shows it.
    """

    patient: str
    account: str
    what: str
    how: str
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class GlassBroken(PhiRepr):
    """A provider opened the record of a patient who is not on their panel, for a reason."""

    OWNER: ClassVar[str] = "patient"
    patient: str
    account: str
    reason: Phi[str]
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class CoverBegan:
    """The account stands in for a colleague of the directory, up to and including a day."""

    account: str
    provider: str
    until: date
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CoverEnded:
    """The colleague is back."""

    account: str
    provider: str
    at: datetime
