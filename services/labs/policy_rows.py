"""Answers about the release policy, made from the rows of its view and from the policy itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime

from contracts.labs import (
    CategoryAnswer,
    DryRun,
    DryRunRow,
    PolicyCategory,
    PolicyChange,
    PolicyRow,
    PolicyState,
)
from kernel.clock import from_micros
from kernel.store.port import Row
from services.labs.release.changes import ordered
from services.labs.release.policy import Category
from services.labs.shapes import Change, ChangeSet
from services.labs.views.policy import SET


def sets_of(rows: Iterable[Row]) -> tuple[ChangeSet, ...]:
    """Approved sets, as they come in the order of their approval, in the order in which they count."""
    return ordered(SET.validate_json(row["body"]) for row in rows)


def policy_row(row: Row, mine: Collection[str], today: date) -> PolicyRow:
    """One set of changes, without them."""
    kept = SET.validate_json(row["body"])
    return PolicyRow(
        version=row["policy"],
        title=kept.title,
        state=_state(row["state"], kept.effective, today),
        effective=kept.effective,
        revision=row["revision"],
        by=row["by"],
        written=from_micros(row["written"]),
        approved_by=row["approved_by"] or "",
        approved=_moment(row["approved"]),
        ended_by=row["ended_by"] or "",
        ended=_moment(row["ended"]),
        end_reason=row["end_reason"] or "",
        mine=row["policy"] in mine,
    )


def change_of(kept: Change) -> PolicyChange:
    """One change as it was written."""
    return PolicyChange(
        kind=kept.kind,
        category=kept.category,
        mode=kept.mode,
        codes=kept.codes,
        words=kept.words,
        reason=kept.reason,
    )


def dry_run(run: Row, found: Iterable[Row]) -> DryRun:
    """How far a dry run is, and what it found."""
    return DryRun(
        revision=run["revision"],
        asked=from_micros(run["asked"]),
        finished=_moment(run["finished"]),
        done=run["done"],
        of=run["done"] if run["finished"] is not None else max(run["of"], run["done"]),
        reveal=run["reveal"],
        hide=run["hide"],
        waiting=run["waiting"],
        rows=tuple(
            DryRunRow(
                report=row["report"],
                name=row["name"],
                change=row["change"],
                category=row["category"],
                matcher=row["matcher"],
            )
            for row in found
        ),
    )


def category_row(category: Category) -> PolicyCategory:
    """How a category rules, and how much it has."""
    return PolicyCategory(
        name=category.name,
        mode=category.mode,
        rules=category.rules,
        codes=len(category.loinc),
        patterns=len(category.patterns) + len(category.words),
        source=category.source,
    )


def category_answer(category: Category) -> CategoryAnswer:
    """A category with all that it matches. A phrase that staff took out is among `words` with a `not`."""
    return CategoryAnswer(
        category=category_row(category),
        codes=tuple(sorted(category.loinc, key=_number)),
        classes=category.classes,
        sections=tuple(sorted(category.sections)),
        specimens=tuple(sorted(category.specimens)),
        patterns=category.patterns,
        words=(*category.words, *(f"not {each}" for each in category.not_words)),
    )


def _state(state: str, effective: date, today: date) -> PolicyState:
    if state == "approved":
        return "in-force" if effective <= today else "scheduled"
    named: dict[str, PolicyState] = {"draft": "draft", "discarded": "discarded"}
    return named.get(state, "rolled-back")


def _number(loinc: str) -> int:
    return int(loinc.partition("-")[0])


def _moment(value: int | None) -> datetime | None:
    return None if value is None else from_micros(value)
