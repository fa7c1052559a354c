"""One e-mail, named after its kind and the event that it answers: it is settled once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contracts.notifier import Kind
from kernel.decider import Decider
from services.notifier.events import EmailDelivered, EmailRejected, EmailWithheld, Outcome


@dataclass(frozen=True, slots=True)
class State:
    """Whether it is known what became of the e-mail."""

    settled: bool = False


def evolve(state: State, event: Any) -> State:
    """Fold one event."""
    match event:
        case EmailDelivered() | EmailRejected() | EmailWithheld():
            return State(settled=True)
    return state


EMAIL = Decider("email", State(), evolve)


def email_id(kind: Kind, event_id: str) -> str:
    """The e-mail of this kind about this event: the same on each try, so that it is sent once."""
    return f"{kind}-{event_id}"


def settle(state: State, outcome: Outcome) -> list[Outcome]:
    """Keep what became of an e-mail; of an e-mail that is settled nothing more is said."""
    return [] if state.settled else [outcome]
