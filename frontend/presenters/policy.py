"""The release policy, and what a set of changes does to it, in plain sentences (S6, R22-R31)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from contracts.labs import (
    CategoryAnswer,
    DryRun,
    DryRunRow,
    PolicyCategory,
    PolicyChange,
    PolicyRow,
    PolicyVersionAnswer,
)
from frontend.presenters.categories import in_words, matcher_in_words, mode_in_words

STATES: Final[dict[str, tuple[str, str]]] = {
    "draft": ("Draft", "blue"),
    "scheduled": ("Scheduled", "amber"),
    "in-force": ("In force", "green"),
    "discarded": ("Discarded", "grey"),
    "rolled-back": ("Rolled back", "grey"),
}
GROUPS: Final = (
    ("Being worked on", ("draft",)),
    ("Scheduled", ("scheduled",)),
    ("In force", ("in-force",)),
    ("Ended", ("discarded", "rolled-back")),
)
CHANGES: Final[dict[str, tuple[str, str]]] = {
    "reveal": ("Shows more", "green"),
    "hide": ("Shows less", "amber"),
}
PATTERNS: Final = (
    "How names are recognized, as the portal was shipped: regular expressions, in small letters. "
    "Staff add plain words instead."
)
LISTED: Final = 200
"""A dry run names this many reports; its counts are of all."""


@dataclass(frozen=True, slots=True)
class Category:
    """A category as a row of the policy of today."""

    name: str
    words: str
    mode: str
    codes: int
    patterns: int
    source: str


@dataclass(frozen=True, slots=True)
class Change:
    """One change: what it does, to which numbers and words, and why."""

    says: str
    items: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Reveals:
    """One report of a dry run. `tag` is (words, kind)."""

    href: str
    name: str
    tag: tuple[str, str]
    why: str


@dataclass(frozen=True, slots=True)
class Doors:
    """What can be done with a set of changes; `waits` says why it cannot be approved."""

    edit: bool
    dry_run: bool
    approve: bool
    roll_back: bool
    waits: str


def categories(found: Iterable[PolicyCategory]) -> list[Category]:
    """The policy of today, in the order of its words."""
    return sorted((category(each) for each in found), key=lambda each: each.words.casefold())


def category(one: PolicyCategory) -> Category:
    """How one category rules."""
    return Category(
        name=one.name,
        words=in_words(one.name),
        mode=mode_in_words(one.mode),
        codes=one.codes,
        patterns=one.patterns,
        source=one.source,
    )


def lists(one: CategoryAnswer) -> list[tuple[str, str, tuple[str, ...]]]:
    """What a category is matched by: a heading, what it means, and each. Empty ones are left out."""
    found = (
        (
            "LOINC numbers",
            "The worldwide numbers of tests. One on an order or a value is enough.",
            one.codes,
        ),
        (
            "LOINC classes",
            "LOINC files its tests under classes. A test of one of these belongs here.",
            one.classes,
        ),
        ("Laboratory sections", "The department of the laboratory, by its code.", one.sections),
        ("Specimens", "What was taken, by its code.", one.specimens),
        ("Words that staff added", "Whole words of a test's name.", one.words),
        ("Name patterns", PATTERNS, one.patterns),
    )
    return [(heading, hint, items) for heading, hint, items in found if items]


def groups(versions: Iterable[PolicyRow]) -> list[tuple[str, list[PolicyRow]]]:
    """The sets of changes by where they stand, each newest first; empty groups are left out."""
    rows = list(versions)
    grouped = ((words, [r for r in rows if r.state in states]) for words, states in GROUPS)
    return [(words, found) for words, found in grouped if found]


def changes(found: Iterable[PolicyChange]) -> list[Change]:
    """What a set of changes does."""
    return [Change(_says(each), (*each.codes, *each.words), each.reason) for each in found]


def _says(change: PolicyChange) -> str:
    category = in_words(change.category)
    match change.kind:
        case "mode":
            return f"{category}: {_lower(mode_in_words(change.mode))}."
        case "add-codes":
            return f"{category}: these LOINC numbers belong to it."
        case "remove-codes":
            return f"{category}: these LOINC numbers do not belong to it any more."
        case "add-words":
            return f"{category}: a name with one of these words belongs to it."
        case "remove-words":
            return f"{category}: these words do not count any more."
        case "allow":
            return "These LOINC numbers are not blocked by their class any more. Their names still count."
        case "disallow":
            return "These LOINC numbers may be blocked by their class again."
        case "release-imaging":
            return "These types of imaging are released."
        case "hide-imaging":
            return "These types of imaging are not released any more."


def reveals(found: Iterable[DryRunRow]) -> list[Reveals]:
    """The reports for which a patient would see more or less."""
    return [
        Reveals(
            href=f"/staff/explain/{each.report}",
            name=each.name or "Order without a name",
            tag=CHANGES[each.change],
            why=" · ".join(filter(None, (in_words(each.category), matcher_in_words(each.matcher)))),
        )
        for each in found
    ]


def outcome(run: DryRun) -> str:
    """What approving it would do, in one sentence."""
    if not (run.reveal or run.hide or run.waiting):
        return "Nothing that is stored would change for a patient."
    more = f"more of {_reports(run.reveal)}" if run.reveal else ""
    less = f"less of {_reports(run.hide)}" if run.hide else ""
    seen = " and ".join(filter(None, (more, less))) or "no difference in what is verified"
    later = f" {_reports(run.waiting)} not verified yet would be judged differently."
    return f"Patients would see {seen}.{later if run.waiting else ''}"


def _reports(count: int) -> str:
    return f"{count:,} report{'s' if count != 1 else ''}"


def doors(answer: PolicyVersionAnswer) -> Doors:
    """Two people and a finished dry run come before patients see it (S6)."""
    row, run = answer.row, answer.dry_run
    is_draft = row.state == "draft"
    waits = _waits(row, run) if is_draft else ""
    return Doors(
        edit=is_draft,
        dry_run=is_draft and (run is None or run.finished is not None),
        approve=is_draft and not waits,
        roll_back=row.state in ("scheduled", "in-force"),
        waits=waits,
    )


def _waits(row: PolicyRow, run: DryRun | None) -> str:
    if row.mine:
        return "You wrote this, so another person approves it."
    if run is None:
        return "It can be approved after its dry run."
    return "" if run.finished else "It can be approved when its dry run is finished."


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]
