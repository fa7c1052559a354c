"""One e-mail, named after its kind and the event that it answers: it is settled once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from contracts.identity.security import Notice
from contracts.notifier import Kind
from kernel.decider import Decider
from services.notifier.events import (
    EmailDelivered,
    EmailDue,
    EmailRejected,
    EmailWithheld,
    NoticeDelivered,
    NoticeRejected,
    NoticeWithheld,
    Outcome,
)


@dataclass(frozen=True, slots=True)
class State:
    """Whether the e-mail was found to be due, and whether it is known what became of it."""

    due: bool = False
    settled: bool = False


def evolve(state: State, event: Any) -> State:
    """Fold one event."""
    match event:
        case EmailDue():
            return replace(state, due=True)
        case EmailDelivered() | EmailRejected() | EmailWithheld():
            return replace(state, settled=True)
        case NoticeDelivered() | NoticeRejected() | NoticeWithheld():
            return replace(state, settled=True)
    return state


EMAIL = Decider("email", State(), evolve)


def email_id(kind: Kind | Notice, event_id: str, account: str = "") -> str:
    """The e-mail of this kind about this event: the same on each try, so that it is sent once.

    `account` names one of several who get it.
    """
    return f"{kind}-{event_id}-{account}" if account else f"{kind}-{event_id}"


def due(state: State, found: EmailDue) -> list[EmailDue]:
    """Somebody else is to get this too; said once."""
    return [] if state.due else [found]


def settle(state: State, outcome: Outcome) -> list[Outcome]:
    """Keep what became of an e-mail; of an e-mail that is settled nothing more is said."""
    return [] if state.settled else [outcome]
