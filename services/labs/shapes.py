"""The value types of labs: what a sender posted, and how the gates ruled. Part of the storage format.

They are nested in private events, so a field may be added with a default and never renamed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from contracts.labs import ChangeKind, Flag, Status

Verdict = Literal["release", "block", "hold"]
Standing = Literal["ours", "external", "unknown"]


@dataclass(frozen=True, slots=True)
class Code:
    """A code as the sender gave it; `system` is `loinc` or the sender's own name for it."""

    system: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Observation:
    """One value of a report; `key` tells it apart in there. `number` is None for a text."""

    key: str
    codes: tuple[Code, ...]
    value: str
    number: float | None
    unit: str
    range_text: str
    flag: Flag
    status: Status
    note: str
    observed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """One verdict with its reason for staff: a category, and the matcher that hit."""

    verdict: Verdict
    category: str = ""
    matcher: str = ""

    @property
    def told(self) -> str:
        """The matcher for those who may see no value: the words that it found in a text are one."""
        return "text" if self.matcher.startswith("text:") else self.matcher


@dataclass(frozen=True, slots=True)
class ValueRuling:
    """The verdict on one value. `hide_note`: its comment names a blocked category (R30)."""

    key: str
    ruling: Ruling
    hide_note: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """How all gates except the age gate ruled, under which policy. Recorded, so it can be explained.

    `reasons` say why staff must look (S5): `code`, `orderer`, `collection-time`. `provider` is the
    directory id of who ordered, "" when not known; `ordered_by` the name to show.
    """

    policy: str
    order: Ruling
    values: tuple[ValueRuling, ...]
    hide_note: bool
    standing: Standing
    provider: str
    ordered_by: str
    reasons: tuple[str, ...] = ()
    unknown: tuple[Code, ...] = ()
    radiology: bool = False

    def ruling(self, key: str) -> Ruling:
        """The verdict on the value with this key; one that was not judged is held."""
        for value in self.values:
            if value.key == key:
                return value.ruling
        return Ruling("hold", "", "not judged")


@dataclass(frozen=True, slots=True)
class ShownValue:
    """One value as the patient sees it (R7). `test` groups values into a trend."""

    key: str
    test: str
    name: str
    value: str
    number: float | None
    unit: str
    range_text: str
    low: float | None
    high: float | None
    flag: Flag
    status: Status
    note: str


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the release policy (S6); only the fields that its kind needs are filled."""

    kind: ChangeKind
    category: str
    mode: str
    codes: tuple[str, ...]
    words: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Changes that take effect together from a day on. `revision` counts its drafts from 1."""

    policy: str
    revision: int
    title: str
    effective: date
    changes: tuple[Change, ...]
