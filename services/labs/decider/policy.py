"""The release policy as staff change it: drafted, approved by another person, rolled back (S6).

All sets are one aggregate, because what counts on a day is made of all that were approved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final, Literal

from contracts.common import Caller
from kernel.decider import Decider, Refused
from services.labs.decider.rehearsal import Rehearsal
from services.labs.events.policy import (
    PolicyApproved,
    PolicyBegan,
    PolicyDiscarded,
    PolicyDrafted,
    PolicyRolledBack,
)
from services.labs.release.changes import ordered
from services.labs.shapes import ChangeSet

BOOK: Final = "all"
YEARS_AHEAD: Final = 5
NOT_FOUND: Final = Refused("not-found", "There is no such set of changes.", 404)


@dataclass(frozen=True, slots=True)
class Entry:
    """One set. `authors` are the accounts that wrote on it."""

    drafted: ChangeSet
    authors: frozenset[str]
    state: Literal["draft", "approved", "ended"] = "draft"


@dataclass(frozen=True, slots=True)
class Book:
    """Every set. `approved` are those that count, in their order; `label` what was in force last."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    approvals: tuple[str, ...] = ()
    approved: tuple[ChangeSet, ...] = ()
    label: str = ""


def evolve(state: Book, event: Any) -> Book:
    """Fold one event."""
    match event:
        case PolicyDrafted():
            before = state.entries.get(event.policy)
            authors = (before.authors if before else frozenset()) | {event.by}
            return _put(state, event.policy, Entry(event.drafted, authors))
        case PolicyApproved():
            state = replace(state, approvals=(*state.approvals, event.policy))
            return _move(state, event.policy, "approved")
        case PolicyDiscarded() | PolicyRolledBack():
            return _move(state, event.policy, "ended")
        case PolicyBegan():
            return replace(state, label=event.label)
    return state


POLICY = Decider("policy", Book(), evolve)


def draft(state: Book, drafted: ChangeSet, caller: Caller, now: datetime) -> list[Any]:
    """Write a set, or write it anew; the same again changes nothing. Its content was checked.

    `drafted` comes without its revision.
    """
    before = state.entries.get(drafted.policy)
    if before is not None and before.state != "draft":
        raise _not_draft()
    revision = before.drafted.revision if before else 0
    if before is not None and replace(drafted, revision=revision) == before.drafted:
        return []
    newer = replace(drafted, revision=revision + 1)
    return [PolicyDrafted(newer.policy, newer, caller.subject, caller.name, now)]


def drafted_as(state: Book, policy: str, revision: int) -> Entry:
    """The draft with this id, as the caller saw it. Refuses `not-found`, `not-draft`, `stale`."""
    entry = state.entries.get(policy)
    if entry is None:
        raise NOT_FOUND
    if entry.state != "draft":
        raise _not_draft()
    if entry.drafted.revision != revision:
        raise Refused("stale", "It was written anew in the meantime. Please look again.")
    return entry


def approve(
    state: Book,
    policy: str,
    revision: int,
    rehearsal: Rehearsal,
    basis: str,
    caller: Caller,
    today: date,
    now: datetime,
) -> list[Any]:
    """Somebody who wrote none of it agrees, knowing what its dry run counted.

    `basis` is the policy of its date without it: a dry run on another one counted something else.
    """
    entry = drafted_as(state, policy, revision)
    if caller.subject in entry.authors:
        raise Refused("same-person", "Another person than those who wrote it must approve it.", 403)
    check_date(entry.drafted.effective, today)
    if not rehearsal.is_finished(revision, basis):
        raise Refused("no-dry-run", "Please run the dry run first, on the policy as it is now.")
    effective = entry.drafted.effective
    return [PolicyApproved(policy, revision, effective, caller.subject, caller.name, now)]


def discard(state: Book, policy: str, caller: Caller, now: datetime) -> list[Any]:
    """Drop a draft."""
    entry = state.entries.get(policy)
    if entry is None:
        raise NOT_FOUND
    if entry.state != "draft":
        raise _not_draft()
    return [PolicyDiscarded(policy, caller.subject, caller.name, now)]


def roll_back(state: Book, policy: str, reason: str, caller: Caller, now: datetime) -> list[Any]:
    """Take an approved set back at once, begun or not."""
    entry = state.entries.get(policy)
    if entry is None:
        raise NOT_FOUND
    if entry.state != "approved":
        raise Refused("not-approved", "Only an approved set of changes can be rolled back.")
    return [PolicyRolledBack(policy, caller.subject, caller.name, reason, now)]


def begin(state: Book, label: str, today: date, now: datetime) -> list[Any]:
    """Another policy than the last is in force today: everything stored is judged under it."""
    if label == state.label:
        return []
    sets = tuple(each.policy for each in state.approved if each.effective <= today)
    return [PolicyBegan(label, sets, now)]


def check_date(effective: date, today: date) -> None:
    """Today at the practice or later, and not so late that nobody remembers. Refuses `past`, `far`."""
    if effective < today:
        said = "Choose today or a later day."
        raise Refused("past", said, 422, {"effective": said})
    if effective.year > today.year + YEARS_AHEAD:
        said = f"Choose a day within {YEARS_AHEAD} years."
        raise Refused("far", said, 422, {"effective": said})


def _put(state: Book, policy: str, entry: Entry) -> Book:
    entries = {**state.entries, policy: entry}
    counts = [
        entries[each].drafted for each in state.approvals if entries[each].state == "approved"
    ]
    return replace(state, entries=entries, approved=ordered(counts))


def _move(state: Book, policy: str, to: Literal["approved", "ended"]) -> Book:
    return _put(state, policy, replace(state.entries[policy], state=to))


def _not_draft() -> Refused:
    return Refused("not-draft", "This set of changes is no longer a draft.")
