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
    orderer_ids: tuple[str, ...] = ()


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


class MapOrderer(Command):
    """Say who the orderer of this report is, for all that its sender sends under that name (S5).

    `provider` is a directory id or `external`. Every report that names them is judged again; the
    affiliation on the day of each order still counts (R20). Refused `no-orderer` when it names none.
    """

    service: ClassVar[str] = "labs"
    report: Id
    provider: Id


class ResolveOrderer(Command):
    """Say which directory entry ordered this one report, which names nobody, or `external` (S5)."""

    service: ClassVar[str] = "labs"
    report: Id
    provider: Id
