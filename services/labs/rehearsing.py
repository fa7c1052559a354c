"""The dry run of a set of changes: everything stored is judged twice, and nothing is touched (S6).

It goes in steps, each of which reads where the one before came to and notes how far it came. So it
goes on after a restart, counts no report twice, and stops when the draft is written anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from kernel.policy import React
from kernel.turn import Turn
from services.labs.decider.policy import BOOK, POLICY, Book
from services.labs.decider.rehearsal import (
    REHEARSAL,
    Outcome,
    Rehearsal,
    advance,
    finish,
    is_going,
    outcome,
)
from services.labs.decider.report import REPORT, Report
from services.labs.events.policy import DryRunAsked
from services.labs.judging import Deps, case_of
from services.labs.release.changes import ordered, policy_of
from services.labs.release.policy import Policy
from services.labs.views.policy import ONE_SET, RUN_OF
from services.labs.views.reports import EVERY, PAGE

MOST_STEPS = 200


async def rehearse(event: DryRunAsked, react: React[Deps]) -> None:
    """Step by step to the end, or until the draft or the dry run is another one."""

    async def go_on(turn: Turn) -> None:
        await _step(turn, react.deps, event)

    while await _goes_on(event, react):
        await react.execute(go_on)


async def _goes_on(event: DryRunAsked, react: React[Deps]) -> bool:
    rows = await react.read(RUN_OF, policy=event.policy)
    drafts = await react.read(ONE_SET, policy=event.policy)
    if not rows or not drafts or drafts[0]["state"] != "draft":
        return False
    same = rows[0]["run"] == event.run and drafts[0]["revision"] == event.revision
    return same and rows[0]["finished"] is None


async def _step(turn: Turn, deps: Deps, event: DryRunAsked) -> None:
    book: Book = await turn.load(POLICY, BOOK)
    state: Rehearsal = await turn.load(REHEARSAL, event.policy)
    entry = book.entries[event.policy]
    if not is_going(state, event) or (entry.state, entry.drafted.revision) != (
        "draft",
        event.revision,
    ):
        return
    draft = entry.drafted
    without = policy_of(deps.rules, draft.effective, book.approved)
    under = policy_of(deps.rules, draft.effective, ordered((*book.approved, draft)))
    reports = await _next(turn, state.after, ceil(event.of / MOST_STEPS))
    if not reports:
        turn.append(REHEARSAL, event.policy, finish(event, turn.now))
        return
    found = [await _outcome(turn, report, without, under) for report in reports]
    events = advance(state, event, reports[-1], len(reports), [o for o in found if o is not None])
    turn.append(REHEARSAL, event.policy, events)


async def _next(turn: Turn, after: str, least: int) -> Sequence[str]:
    """The reports of the next step: a page, or as many as keep the number of steps bounded."""
    found: list[str] = []
    while len(found) < max(PAGE, least):
        page = await turn.glance(EVERY, after=found[-1] if found else after)
        found += [row["report"] for row in page]
        if len(page) < PAGE:
            break
    return found


async def _outcome(turn: Turn, report: str, without: Policy, under: Policy) -> Outcome | None:
    state: Report = await turn.load(REPORT, report)
    if state.posted is None:
        return None
    case = await case_of(turn, state.posted, state.resolved)
    return outcome(state, case.under(without), case.under(under), case.age_open, turn.now)
