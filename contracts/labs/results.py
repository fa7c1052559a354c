"""Results as the patient sees them (R7, R18, R19)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from contracts.common import Id
from contracts.labs.reports import Flag, Status
from kernel.envelope import Answer, Command, Contract, Query
from kernel.phi import Phi


class GetResults(Query):
    """The visible results of the record in view, newest first."""

    service: ClassVar[str] = "labs"


class ResultRow(Contract):
    """One report in the list. `being_corrected` shows no values (decision f)."""

    report: Id
    name: Phi[str]
    collected: datetime | None
    reported: datetime
    verified: datetime
    abnormal: bool
    being_corrected: bool
    is_new: bool


class ResultsAnswer(Answer):
    """Visible results only; there is no count of anything else (R30)."""

    results: tuple[ResultRow, ...]


class GetResult(Query):
    """One visible result of the record in view. Anything else is `not-found`, whatever the reason."""

    service: ClassVar[str] = "labs"
    report: Id


class ViewResults(Query):
    """A provider sees what this patient sees, by the same filter (S14). On the patient's access log."""

    service: ClassVar[str] = "labs"
    patient: Id


class ViewResult(Query):
    """A provider sees one result as this patient sees it; what the patient does not see is `not-found`."""

    service: ClassVar[str] = "labs"
    patient: Id
    report: Id


class TrendPoint(Contract):
    """An earlier visible value of the same test in the same unit."""

    at: datetime
    number: Phi[float]


class ResultValue(Contract):
    """One value as a patient sees it (R7)."""

    key: str
    name: Phi[str]
    value: Phi[str]
    number: Phi[float | None]
    unit: str
    range_text: Phi[str]
    low: Phi[float | None] = None
    high: Phi[float | None] = None
    flag: Flag
    status: Status
    note: Phi[str]
    trend: tuple[TrendPoint, ...] = ()


class ResultAnswer(Answer):
    """One report with its visible values."""

    report: Id
    name: Phi[str]
    collected: datetime | None
    reported: datetime
    verified: datetime
    verified_by: str
    ordered_by: str
    being_corrected: bool
    values: tuple[ResultValue, ...]
    note: Phi[str]


class MarkSeen(Command):
    """The patient has opened this result."""

    service: ClassVar[str] = "labs"
    report: Id
