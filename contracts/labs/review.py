"""The provider's inbox and verification (S4)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from contracts.common import Id
from contracts.labs.reports import Coding, Flag, Status
from kernel.envelope import Answer, Command, Contract, Query
from kernel.phi import Phi


class GetInbox(Query):
    """Reports that wait for this provider, oldest first; `cover`: for the colleagues they stand in for."""

    service: ClassVar[str] = "labs"
    cover: bool = False


class InboxRow(Contract):
    """One report that waits to be verified."""

    report: Id
    patient: Id
    name: Phi[str]
    orderer: str
    collected: datetime | None
    reported: datetime
    abnormal: bool
    corrected: bool


class InboxAnswer(Answer):
    """Oldest first, at most 200."""

    reports: tuple[InboxRow, ...]


class GetReport(Query):
    """Staff: one report with every value and why each will or will not reach the portal.

    Of the own panel or a covered colleague's, else `break-glass` (403): open the record with a
    reason first. On the patient's access log.
    """

    service: ClassVar[str] = "labs"
    report: Id


class StaffValue(Contract):
    """A value with its release ruling: `blocked` names the category, `matcher` what hit."""

    key: str
    codes: tuple[Coding, ...]
    value: Phi[str]
    unit: str
    range_text: Phi[str]
    flag: Flag
    status: Status
    note: Phi[str]
    ruling: Literal["release", "block", "hold"]
    category: str = ""
    matcher: str = ""
    verified: bool


class VersionValue(Contract):
    """A value as it stood in one version."""

    key: str
    name: Phi[str]
    value: Phi[str]
    unit: str
    flag: Flag
    status: Status


class ReportVersion(Contract):
    """One version of a report, and who verified it. `late`: it came after a newer one (decision f)."""

    revision: int
    reported: datetime
    received: datetime
    status: Status
    late: bool
    verified: datetime | None
    verified_by: str
    values: tuple[VersionValue, ...]


class ReportAnswer(Answer):
    """One report for staff, with the whole-order ruling and its history of versions, newest first."""

    report: Id
    patient: Id
    name: Phi[str]
    codes: tuple[Coding, ...]
    sender: str
    orderer: str
    orderer_ids: tuple[str, ...]
    ordered: datetime | None
    collected: datetime | None
    reported: datetime
    status: Status
    revision: int
    verified: datetime | None
    verified_by: str
    ruling: Literal["release", "block", "hold"]
    category: str
    matcher: str = ""
    age: bool = False
    """Acquired at 12-17: not in the portal (R54)."""
    policy: str
    values: tuple[StaffValue, ...]
    held_reasons: tuple[str, ...]
    note: Phi[str]
    versions: tuple[ReportVersion, ...] = ()


class VerifyReport(Command):
    """The ordering (or covering) provider has reviewed it. `revision` is the one they saw.

    `keys` limits it to some values of a panel; empty = all. Refused `stale` when a newer
    version came in between, `already` when nothing is left to verify.
    """

    service: ClassVar[str] = "labs"
    report: Id
    revision: int
    keys: tuple[str, ...] = ()
