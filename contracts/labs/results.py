"""Results as the patient sees them (R7, R18, R19)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from contracts.common import Id
from contracts.labs.reports import Flag, Status
from kernel.envelope import Answer, Command, Contract, Query
from kernel.phi import Phi


class GetResults(Query):
    """The caller's own visible results, newest first."""

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
    """One of the caller's own visible results. Anything else is `not-found`, whatever the reason."""

    service: ClassVar[str] = "labs"
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
