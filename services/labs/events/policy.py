"""Events of the release policy: sets of changes, their dry runs, and what is in force (S6).

What staff wrote is no patient data; their names are kept under the key of the set. What a dry run
found about a report is the patient's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Literal

from kernel.phi import Phi, PhiRepr
from services.labs.shapes import ChangeSet


@dataclass(frozen=True, slots=True, repr=False)
class PolicyDrafted(PhiRepr):
    """An account wrote this set of changes, or wrote it anew."""

    OWNER: ClassVar[str] = "policy"
    policy: str
    drafted: ChangeSet
    by: str
    by_name: Phi[str]
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class PolicyApproved(PhiRepr):
    """Another person agreed to the set as it was drafted last: it counts from `effective` on."""

    OWNER: ClassVar[str] = "policy"
    policy: str
    revision: int
    effective: date
    by: str
    by_name: Phi[str]
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class PolicyDiscarded(PhiRepr):
    """A draft was dropped."""

    OWNER: ClassVar[str] = "policy"
    policy: str
    by: str
    by_name: Phi[str]
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class PolicyRolledBack(PhiRepr):
    """An approved set was taken back: from now on it never counted."""

    OWNER: ClassVar[str] = "policy"
    policy: str
    by: str
    by_name: Phi[str]
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class PolicyBegan(PhiRepr):
    """Another policy is in force: `label` names it, `sets` are the changes in it, in their order."""

    label: str
    sets: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class DryRunAsked(PhiRepr):
    """Everything stored is to be judged under this revision. `basis` is the policy without it.

    `of` is how many reports there are; `run` counts the dry runs of a set.
    """

    policy: str
    revision: int
    run: int
    basis: str
    of: int
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class DryRunAdvanced(PhiRepr):
    """So many reports were judged, up to the one called `after`; the counts are of all of them."""

    policy: str
    run: int
    after: str
    done: int
    reveal: int
    hide: int
    waiting: int


@dataclass(frozen=True, slots=True, repr=False)
class DryRunFound(PhiRepr):
    """A patient would see more of this report, or less. `number` counts these from 1."""

    OWNER: ClassVar[str] = "patient"
    policy: str
    run: int
    number: int
    report: str
    patient: str
    name: Phi[str]
    change: Literal["reveal", "hide"]
    category: Phi[str]
    matcher: Phi[str]


@dataclass(frozen=True, slots=True, repr=False)
class DryRunFinished(PhiRepr):
    """Every report was judged; the counts stand."""

    policy: str
    run: int
    at: datetime
