"""The operations board in words (S17).

The shapes of health and parked work are what every service answers to operators; they belong to
no service's contract, so what is read of them is said here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import BaseModel

from contracts.interop import SummaryRow
from contracts.notifier import EmailRow
from frontend.presenters import messages

BEHIND: Final = 100
KINDS: Final[dict[str, str]] = {
    "invitation": "Invitation",
    "new-result": "New result",
    "question-answered": "Answer to a question about a result",
    "address-notice": "Notice to the address on record",
}
STATES: Final[dict[str, tuple[str, str]]] = {
    "failed": ("Failed", "red"),
    "not-sent": ("Not sent", "amber"),
    "sent": ("Sent", "green"),
}
MANY: Final[dict[str, str]] = {
    "service does not answer": "services do not answer",
    "service is behind": "services are behind",
    "piece of work is parked": "pieces of work are parked",
    "e-mail failed": "e-mails failed",
    "message is kept back": "messages are kept back",
    "registration is overdue": "registrations are overdue",
}
OUTCOMES: Final[dict[str, str]] = {
    outcome: words for outcome, (words, _) in messages.OUTCOMES.items()
}


class Reaction(BaseModel):
    """One reaction of a service: how far behind the log it is, and what waits for another try."""

    name: str
    lag: int
    waiting: int


class Health(BaseModel):
    """How a service is doing. `folded`: how many of how many events are in its views, until ready."""

    service: str
    stage: str
    folded: tuple[int, int] = (0, 0)
    head: int
    outbox: int
    reactions: list[Reaction] = []


class Parked(BaseModel):
    """One event of one reaction that failed. `error` is the kind of error, never its text."""

    reaction: str
    position: int
    event: str
    state: str
    attempts: int
    due: datetime
    error: str


class ParkedList(BaseModel):
    """Oldest first."""

    items: list[Parked] = []


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """One service; `words` and `kind` are its tag."""

    name: str
    words: str
    kind: str
    events: int = 0
    outbox: int = 0
    lag: int = 0
    slowest: str = ""
    waiting: int = 0


def service_row(name: str, health: Health | None) -> ServiceRow:
    """How a service is doing; None: it does not answer."""
    if health is None:
        return ServiceRow(name, "Does not answer", "red")
    slowest = max(health.reactions, key=lambda r: r.lag, default=None)
    lag = slowest.lag if slowest else 0
    waiting = sum(reaction.waiting for reaction in health.reactions)
    if health.stage != "working":
        words, kind = _not_ready(health), "grey"
    elif waiting or max(lag, health.outbox) > BEHIND:
        words, kind = "Needs a look", "amber"
    else:
        words, kind = "Working", "green"
    return ServiceRow(
        name=name,
        words=words,
        kind=kind,
        events=health.head,
        outbox=health.outbox,
        lag=lag,
        slowest=slowest.name if slowest and lag else "",
        waiting=waiting,
    )


def _not_ready(health: Health) -> str:
    done, of = health.folded
    return f"Making its views: {done:,} of {of:,} events" if of else "Starting"


def parked(found: Mapping[str, ParkedList | None]) -> list[tuple[str, Parked]]:
    """All parked work with its service: what was given up first, then what tries again."""
    every = [(name, item) for name, said in found.items() if said for item in said.items]
    return sorted(every, key=lambda each: (each[1].state != "parked", each[1].due))


def attention(
    services: Sequence[ServiceRow],
    work: Iterable[tuple[str, Parked]],
    emails: Iterable[EmailRow],
    kept: int,
    overdue: int,
) -> list[tuple[str, str]]:
    """What waits for a person, as (words, where it stands); nothing when all is well."""
    found = (
        (sum(s.kind == "red" for s in services), "service does not answer", "#services"),
        (sum(s.kind == "amber" for s in services), "service is behind", "#services"),
        (sum(item.state == "parked" for _, item in work), "piece of work is parked", "#parked"),
        (sum(e.state == "failed" for e in emails), "e-mail failed", "#emails"),
        (kept, "message is kept back", "/staff/messages"),
        (overdue, "registration is overdue", "/staff/registrations"),
    )
    return [(f"{n:,} {words if n == 1 else MANY[words]}", where) for n, words, where in found if n]


def summary(rows: Iterable[SummaryRow]) -> list[tuple[str, list[int]]]:
    """Messages by kind, with a count per outcome."""
    counts: dict[str, dict[str, int]] = {}
    for each in rows:
        counts.setdefault(each.kind, {})[each.outcome] = each.count
    return [
        (messages.kind(kind), [by.get(o, 0) for o in OUTCOMES])
        for kind, by in sorted(counts.items())
    ]
