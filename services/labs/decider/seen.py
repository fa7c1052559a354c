"""Whether a patient has opened a result: how often it was new to them."""

from __future__ import annotations

from typing import Any

from kernel.decider import Decider
from services.labs.events.seen import ResultSeen


def evolve(state: int, event: Any) -> int:
    """The state counts the openings of something new."""
    return state + isinstance(event, ResultSeen)


SEEN = Decider("seen", 0, evolve)
