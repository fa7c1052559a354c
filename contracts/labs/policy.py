"""The release policy as dated data, and its editor (S6, R22-R31).

The policy of a day is the one that the portal ships, changed by every approved set of changes that
is in effect on that day and was not rolled back, in the order of their dates.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Literal

from pydantic import Field

from contracts.common import Id, ShortText
from kernel.envelope import Answer, Command, Contract, Query
from kernel.phi import Phi

ChangeKind = Literal[
    "mode", "add-codes", "remove-codes", "add-words", "remove-words", "allow", "disallow",
    "release-imaging", "hide-imaging",
]  # fmt: skip
"""`mode`: how a category rules. `codes`: LOINC numbers that fall in it. `words`: phrases of names
that do. `allow`: numbers that no class rule blocks. `imaging`: types named by words or a number."""

PolicyState = Literal["draft", "scheduled", "in-force", "discarded", "rolled-back"]


class PolicyChange(Contract):
    """One change. `mode` is `always`, `never`, `unless released` or `with <category>`."""

    kind: ChangeKind
    category: ShortText = ""
    mode: ShortText = ""
    codes: tuple[ShortText, ...] = Field(default=(), max_length=500)
    words: tuple[ShortText, ...] = Field(default=(), max_length=100)
    reason: ShortText = Field(min_length=3)


class DraftPolicy(Command):
    """Write a set of changes, or write it anew (`draft`), which makes its dry run out of date.

    Refused `unknown-category`, `not-loinc`, `mode`, `empty`, `past` (the date), `not-draft`.
    """

    service: ClassVar[str] = "labs"
    draft: Id | None = None
    title: ShortText = Field(min_length=3)
    effective: date
    changes: tuple[PolicyChange, ...] = Field(min_length=1, max_length=100)


class DryRunPolicy(Command):
    """Judge everything that is stored by the draft, and count what would change for patients."""

    service: ClassVar[str] = "labs"
    draft: Id
    revision: int


class ApprovePolicy(Command):
    """Another person than any who wrote it agrees to this revision, after its dry run.

    Refused `same-person`, `no-dry-run`, `stale`, `past`, `not-draft`.
    """

    service: ClassVar[str] = "labs"
    draft: Id
    revision: int


class DiscardPolicy(Command):
    """Drop a draft."""

    service: ClassVar[str] = "labs"
    draft: Id


class RollBackPolicy(Command):
    """Take an approved set of changes back, at once. What is left was approved by two people too."""

    service: ClassVar[str] = "labs"
    version: Id
    reason: ShortText = Field(min_length=3)


class DryRunRow(Contract):
    """One report for which a patient would see more (`reveal`) or less (`hide`), and why."""

    report: Id
    name: Phi[str]
    change: Literal["reveal", "hide"]
    category: str
    matcher: str


class DryRun(Contract):
    """How far it is (`done` of `of` reports) and what it found; `rows` has the first 200.

    `reveal` and `hide` count verified reports, `waiting` those not verified yet whose ruling changes.
    """

    revision: int
    asked: datetime
    finished: datetime | None
    done: int
    of: int
    reveal: int
    hide: int
    waiting: int
    rows: tuple[DryRunRow, ...] = ()


class PolicyRow(Contract):
    """One set of changes. People by name; `by` wrote it last."""

    version: Id
    title: ShortText
    state: PolicyState
    effective: date
    revision: int
    by: str
    written: datetime
    approved_by: str = ""
    approved: datetime | None = None
    ended_by: str = ""
    ended: datetime | None = None
    end_reason: str = ""
    mine: bool = False
    """The caller wrote on it, so may not approve it."""


class PolicyCategory(Contract):
    """A category as it rules today: how, and how many numbers and name patterns it has."""

    name: str
    mode: str
    rules: tuple[str, ...]
    codes: int
    patterns: int
    source: str


class GetPolicies(Query):
    """The policy of today and every set of changes, newest first."""

    service: ClassVar[str] = "labs"


class PoliciesAnswer(Answer):
    """`label` is what a ruling of today names. `versions` without their changes."""

    label: str
    categories: tuple[PolicyCategory, ...]
    versions: tuple[PolicyRow, ...]


class GetPolicyVersion(Query):
    """One set of changes whole."""

    service: ClassVar[str] = "labs"
    version: Id


class PolicyVersionAnswer(Answer):
    """Its changes and its dry run; that of an earlier revision is left out."""

    row: PolicyRow
    changes: tuple[PolicyChange, ...]
    dry_run: DryRun | None


class GetCategory(Query):
    """One category with all its numbers and patterns, as it rules today."""

    service: ClassVar[str] = "labs"
    category: ShortText


class CategoryAnswer(Answer):
    """What blocks, and what is excused. Patterns as they are matched."""

    category: PolicyCategory
    codes: tuple[str, ...]
    classes: tuple[str, ...]
    sections: tuple[str, ...]
    specimens: tuple[str, ...]
    patterns: tuple[str, ...]
    words: tuple[str, ...]


class ExplainReport(Query):
    """Why is this hidden, or shown? Category, matcher, policy version; never a value."""

    service: ClassVar[str] = "labs"
    report: Id


class ExplainedValue(Contract):
    """One value's ruling; `codes` as `system code`."""

    name: Phi[str]
    codes: tuple[str, ...]
    ruling: Literal["release", "block", "hold"]
    category: str
    matcher: str


class ExplainAnswer(Answer):
    """Every gate's word on one report. `age`: acquired at 12-17 (R54). `visible`: shown today."""

    report: Id
    patient: Id
    name: Phi[str]
    sender: str
    received: datetime
    policy: str
    changes: tuple[str, ...]
    """Titles of the sets of changes in that policy."""
    ruling: Literal["release", "block", "hold"]
    category: str
    matcher: str
    standing: Literal["ours", "external", "unknown"]
    orderer: str
    age: bool
    verified: bool
    waiting: bool
    visible: bool
    values: tuple[ExplainedValue, ...]
