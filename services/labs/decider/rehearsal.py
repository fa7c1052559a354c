"""The dry run of a set of changes: what it would show or hide, judged and never done (S6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from kernel.decider import Decider
from services.labs.decider.report import Patient, Report, judge_again
from services.labs.decider.report import evolve as evolve_report
from services.labs.decider.shown import report_name
from services.labs.events.policy import DryRunAdvanced, DryRunAsked, DryRunFinished, DryRunFound
from services.labs.events.report import ResultShown
from services.labs.shapes import Judgement, Ruling

MOST_FOUND: Final = 200
ROW: Final = ("row", "")


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How far the newest dry run of a set has come. `found` counts the rows that were kept."""

    asked: DryRunAsked | None = None
    after: str = ""
    done: int = 0
    reveal: int = 0
    hide: int = 0
    waiting: int = 0
    found: int = 0
    finished: bool = False

    def is_finished(self, revision: int, basis: str) -> bool:
        """Did it count what this revision changes in this policy?"""
        return self.finished and self.is_of(revision, basis)

    def is_of(self, revision: int, basis: str) -> bool:
        """Is it about this revision, on this policy?"""
        asked = self.asked
        return asked is not None and (asked.revision, asked.basis) == (revision, basis)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What would become of one report: rulings that explain it, or that it still waits and changes."""

    report: str
    patient: str
    name: str
    reveal: Ruling | None = None
    hide: Ruling | None = None
    waits: bool = False


def evolve(state: Rehearsal, event: Any) -> Rehearsal:
    """Fold one event."""
    match event:
        case DryRunAsked():
            return Rehearsal(event)
        case DryRunAdvanced():
            return replace(
                state,
                after=event.after,
                done=event.done,
                reveal=event.reveal,
                hide=event.hide,
                waiting=event.waiting,
            )
        case DryRunFound():
            return replace(state, found=event.number)
        case DryRunFinished():
            return replace(state, finished=True)
    return state


REHEARSAL = Decider("dryrun", Rehearsal(), evolve)


def ask(
    state: Rehearsal, policy: str, revision: int, basis: str, of: int, now: datetime
) -> list[Any]:
    """Begin, or begin anew; one of the same that is still going is left alone."""
    if not state.finished and state.is_of(revision, basis):
        return []
    run = state.asked.run + 1 if state.asked else 1
    return [DryRunAsked(policy, revision, run, basis, of, now)]


def is_going(state: Rehearsal, asked: DryRunAsked) -> bool:
    """Is this the newest dry run, and not at its end?"""
    return state.asked is not None and state.asked.run == asked.run and not state.finished


def advance(
    state: Rehearsal, asked: DryRunAsked, after: str, done: int, outcomes: Iterable[Outcome]
) -> list[Any]:
    """Count `done` more reports, the last of which is `after`. The first rows are kept."""
    reveal, hide, waiting, found = state.reveal, state.hide, state.waiting, state.found
    kept: list[Any] = []
    for outcome in outcomes:
        waiting += outcome.waits
        reveal += outcome.reveal is not None
        hide += outcome.hide is not None
        for change, ruling in _said(outcome):
            if found < MOST_FOUND:
                found += 1
                kept.append(
                    DryRunFound(
                        policy=asked.policy,
                        run=asked.run,
                        number=found,
                        report=outcome.report,
                        patient=outcome.patient,
                        name=outcome.name,
                        change=change,
                        category=ruling.category,
                        matcher=ruling.told,
                    )
                )
    counted = DryRunAdvanced(
        asked.policy, asked.run, after, state.done + done, reveal, hide, waiting
    )
    return [*kept, counted]


def finish(asked: DryRunAsked, now: datetime) -> list[Any]:
    """Every report was judged."""
    return [DryRunFinished(asked.policy, asked.run, now)]


def outcome(
    state: Report, without: Judgement, under: Judgement, age_open: bool, now: datetime
) -> Outcome | None:
    """What the changes do to one report: judged again as in life, once without and then with them."""
    if state.posted is None:
        return None
    before = _judged(state, without, age_open, now)
    after = _judged(before, under, age_open, now)
    seen = _content(before.patient_sees) if age_open else frozenset()
    sees = _content(after.patient_sees) if age_open else frozenset()
    changed = bool(seen ^ sees)
    found = Outcome(
        state.posted.report,
        state.posted.patient,
        report_name(state.posted),
        reveal=_why(without, sees - seen),
        hide=_why(under, seen - sees),
        waits=state.waiting and not changed and _verdicts(without) != _verdicts(under),
    )
    return found if changed or found.waits else None


def _judged(state: Report, judgement: Judgement, age_open: bool, now: datetime) -> Report:
    for event in judge_again(state, judgement, age_open, now):
        state = evolve_report(state, event)
    return state


def _content(sees: Patient) -> frozenset[tuple[str, str]]:
    """All that can be read of a report: its line, its values, and each remark."""
    if sees is None:
        return frozenset()
    content = {ROW}
    if isinstance(sees, ResultShown):
        content |= {("value", v.key) for v in sees.values}
        content |= {("note", v.key) for v in sees.values if v.note}
        content |= {("remark", "")} if sees.note else set()
    return frozenset(content)


def _why(strict: Judgement, changed: Iterable[tuple[str, str]]) -> Ruling | None:
    """The ruling that keeps back what changes hands; None when nothing does."""
    keys = [key for what, key in sorted(changed, reverse=True)]
    if not keys:
        return None
    rulings = (strict.order, *(strict.ruling(key) for key in keys if key))
    others = (value.ruling for value in strict.values)  # a remark goes because of another value
    blocking = (ruling for ruling in (*rulings, *others) if ruling.verdict != "release")
    return next(blocking, Ruling("block", "", "its remark"))


def _verdicts(judgement: Judgement) -> tuple[Any, ...]:
    """How it rules, without the reasons."""
    return (
        judgement.order.verdict,
        tuple((value.key, value.ruling.verdict) for value in judgement.values),
    )


def _said(outcome: Outcome) -> Iterable[tuple[Literal["reveal", "hide"], Ruling]]:
    if outcome.reveal is not None:
        yield "reveal", outcome.reveal
    if outcome.hide is not None:
        yield "hide", outcome.hide
