"""What is held because a code or the orderer is not known (S5)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from contracts.common import Id, ShortText
from contracts.labs.reports import Coding
from kernel.envelope import Answer, Command, Contract, Query
from kernel.phi import Phi


class GetHeld(Query):
    """Reports held because a code or the orderer is not known."""

    service: ClassVar[str] = "labs"


class HeldRow(Contract):
    """One held report and what is missing."""

    report: Id
    name: Phi[str]
    sender: str
    reported: datetime
    reasons: tuple[str, ...]
    unknown_codes: tuple[Coding, ...]
    orderer: str


class HeldAnswer(Answer):
    """Oldest first, at most 200."""

    reports: tuple[HeldRow, ...]


class MapCode(Command):
    """Say what a local code means: a category to block, or `none` to let it through (S5).

    Every report that waits on this code is judged again.
    """

    service: ClassVar[str] = "labs"
    sender: ShortText
    code: Coding
    category: ShortText


class ResolveOrderer(Command):
    """Say which directory entry ordered this report, or `external` (S5)."""

    service: ClassVar[str] = "labs"
    report: Id
    provider: Id
