"""Events of one report: its versions, how the gates ruled, who verified it, what the patient sees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from contracts.labs import Status
from kernel.phi import Phi, PhiRepr
from services.labs.shapes import Code, Judgement, Observation, ShownValue


@dataclass(frozen=True, slots=True, repr=False)
class ReportPosted(PhiRepr):
    """A version of one order's results came in. `revision` counts them from 1.

    `acquired` is the collection time: as stated, else the earliest of its values (R54). By its
    `numbers` an order is found to have its result.
    """

    OWNER: ClassVar[str] = "patient"
    report: str
    patient: str
    revision: int
    sender: str
    orderer_ids: Phi[tuple[str, ...]]
    orderer_name: Phi[str]
    ordered: datetime | None
    acquired: datetime | None
    reported: datetime
    codes: Phi[tuple[Code, ...]]
    section: Phi[str]
    specimen: Phi[str]
    status: Status
    observations: Phi[tuple[Observation, ...]]
    note: Phi[str]
    numbers: tuple[str, ...] = ()
    stated: datetime | None = None


@dataclass(frozen=True, slots=True, repr=False)
class LateVersionKept(PhiRepr):
    """An older version came after a newer one. It is kept for the history and changes nothing."""

    OWNER: ClassVar[str] = "patient"
    report: str
    patient: str
    version: Phi[ReportPosted]


@dataclass(frozen=True, slots=True, repr=False)
class ReportJudged(PhiRepr):
    """How the gates ruled, and where the report stands since: `verified` keys, still `waiting`?

    `corrected` says that a version of it was verified before, so that it returns to the inbox;
    `stands` that this concerns nothing of what the patient sees, which therefore stays.
    """

    OWNER: ClassVar[str] = "patient"
    report: str
    patient: str
    sender: str
    judgement: Phi[Judgement]
    verified: tuple[str, ...]
    waiting: bool
    corrected: bool
    stands: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class ReportVerified(PhiRepr):
    """A provider reviewed these `keys`. `verified` are all reviewed keys of this revision."""

    OWNER: ClassVar[str] = "patient"
    report: str
    patient: str
    revision: int
    keys: tuple[str, ...]
    verified: tuple[str, ...]
    waiting: bool
    by: str
    by_name: Phi[str]
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class OrdererResolved(PhiRepr):
    """Staff said who ordered: a directory id, or `external` (S5)."""

    OWNER: ClassVar[str] = "patient"
    report: str
    patient: str
    provider: Phi[str]


@dataclass(frozen=True, slots=True, repr=False)
class ReportMoved(PhiRepr):
    """`previous` and `patient` were one person (a merge): the report is the latter's from now on."""

    report: str
    patient: str
    previous: str


@dataclass(frozen=True, slots=True, repr=False)
class ResultShown(PhiRepr):
    """All that the patient may see of a report, whole; only the age gate still looks at it.

    `open` says that it let this through when it happened, so that open pages look again.
    """

    OWNER: ClassVar[str] = "patient"
    report: str
    patient: str
    name: Phi[str]
    acquired: datetime | None
    reported: datetime
    verified: datetime
    verified_by: Phi[str]
    ordered_by: Phi[str]
    abnormal: Phi[bool]
    values: Phi[tuple[ShownValue, ...]]
    note: Phi[str]
    open: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class ResultCorrecting(PhiRepr):
    """The patient now sees that this result is being corrected, and no value (decision f)."""

    OWNER: ClassVar[str] = "patient"
    report: str
    patient: str
    name: Phi[str]
    acquired: datetime | None
    reported: datetime
    verified: datetime
    verified_by: Phi[str]
    ordered_by: Phi[str]
    open: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class ResultHidden(PhiRepr):
    """The patient no longer sees anything of this report."""

    report: str
    patient: str
    open: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class ResultAppeared(PhiRepr):
    """Verified values became visible to the patient, by every gate. Published."""

    report: str
    patient: str
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class ResultReleased(PhiRepr):
    """Values verified earlier became visible, because a gate opened. Published."""

    report: str
    patient: str
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class ResultWithdrawn(PhiRepr):
    """What was visible no longer is. Published."""

    report: str
    patient: str
    at: datetime
