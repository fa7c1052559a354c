"""Which charts a provider may look at, and that they looked (S14, role limits)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from contracts.common import Caller
from kernel.decider import Decider
from services.labs.events.chart import ChartLooked, How

ONCE: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Looks:
    """When each account was last kept as looking at this chart, per way of reaching it."""

    last: Mapping[tuple[str, How], datetime] = field(default_factory=dict)


def evolve(state: Looks, event: Any) -> Looks:
    """Fold one event."""
    match event:
        case ChartLooked(account=account, how=how, at=at):
            return Looks({**state.last, (account, how): at})
    return state


CHART = Decider("chart", Looks(), evolve)


def reach(caller: Caller, patient: str, panels: Collection[str]) -> How | None:
    """How this caller comes to see the chart, by the token alone; None where they may not.

    `panels` are the providers whose orders this patient had: the patient is on the panel of each.
    """
    if caller.provider in panels:
        return "care-team"
    if not set(caller.covers).isdisjoint(panels):
        return "cover"
    return "break-glass" if patient in caller.glass else None


def look(state: Looks, patient: str, caller: Caller, how: How, now: datetime) -> list[ChartLooked]:
    """Keep that somebody looked, once an hour: an access log that nobody can count pages by."""
    before = state.last.get((caller.subject, how))
    if before is not None and now - before < ONCE:
        return []
    return [ChartLooked(patient, caller.subject, caller.provider or "", how, now)]
