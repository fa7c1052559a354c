"""One order: its newest version counts, in whatever order they come."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kernel.decider import Decider
from services.labs.events.order import OrderPosted


def evolve(state: OrderPosted | None, event: Any) -> OrderPosted | None:
    """The state is the newest version."""
    return event if isinstance(event, OrderPosted) else state


ORDER: Decider[OrderPosted | None] = Decider("order", None, evolve)


def post(state: OrderPosted | None, version: OrderPosted) -> list[OrderPosted]:
    """Take in a version; an older one, or the same again, changes nothing."""
    if state is None:
        return [version]
    same = replace(version, stated=state.stated) == state
    return [] if same or version.stated < state.stated else [version]
