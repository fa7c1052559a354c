"""A question about a result that does not come (R21): asked, taken by one person, answered (S12).

Nothing here knows whether there is a result: what a patient is told cannot depend on it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

from kernel.decider import Decider, Refused
from services.labs.events.missing import (
    MissingOverdue,
    MissingReplied,
    MissingReported,
    MissingTaken,
    Reply,
)

Stage = Literal["none", "open", "taken", "answered"]
WAIT: Final = timedelta(days=7)
MOST_OPEN: Final = 10
SHORTEST: Final = 2


@dataclass(frozen=True, slots=True)
class Ticket:
    """One question on its way."""

    stage: Stage = "none"
    patient: str = ""
    taken_by: str = ""


def evolve(state: Ticket, event: Any) -> Ticket:
    """The question after an event."""
    match event:
        case MissingReported(patient=patient):
            return Ticket("open", patient)
        case MissingTaken(by=by):
            return replace(state, stage="taken", taken_by=by)
        case MissingReplied():
            return replace(state, stage="answered")
    return state


MISSING = Decider("missing", Ticket(), evolve)


def report(asked: MissingReported, today: date, waiting: int) -> list[MissingReported]:
    """Ask, from the eighth day after the sample on. `waiting` is how many questions are open."""
    if len(asked.test) < SHORTEST:
        raise _field("test", "test", "Say which test it was.")
    if asked.collected > today:
        raise _field("future", "collected", "This day has not come yet.")
    if today <= asked.collected + WAIT:
        first = asked.collected + WAIT + timedelta(days=1)
        raise _field(
            "too-early",
            "collected",
            f"Results can take a week. You can ask from {first:%B} {first.day}, {first.year}.",
        )
    if waiting >= MOST_OPEN:
        raise Refused("too-many", "Many questions are open. Please wait for an answer to one.")
    return [asked]


def take(state: Ticket, ticket: str, patient: str, by: str, name: str) -> list[MissingTaken]:
    """Work on it; two people cannot."""
    _check_waiting(state)
    if state.stage == "taken":
        if state.taken_by == by:
            return []
        raise _colleague()
    return [MissingTaken(ticket, patient, by, name)]


def answer(
    state: Ticket, ticket: str, patient: str, reply: Reply, by: str, now: datetime
) -> list[MissingReplied]:
    """Answer it, by whoever took it."""
    _check_waiting(state)
    if state.stage == "open":
        raise Refused("not-taken", "Take the question first, so that nobody else works on it.")
    if state.taken_by != by:
        raise _colleague()
    return [MissingReplied(ticket, patient, reply, by, now)]


def overdue(state: Ticket, ticket: str, due: datetime) -> list[MissingOverdue]:
    """Its time has passed; nothing happens to one that has had its answer."""
    return [MissingOverdue(ticket, due)] if state.stage in ("open", "taken") else []


def _check_waiting(state: Ticket) -> None:
    if state.stage == "none":
        raise Refused("not-found", "There is no such question.", 404)
    if state.stage == "answered":
        raise Refused("closed", "This question has been answered.")


def _colleague() -> Refused:
    return Refused("taken", "A colleague is working on this question.")


def _field(code: str, field: str, sentence: str) -> Refused:
    return Refused(code, sentence, 422, {field: sentence})
