"""Breaking the glass, standing in for a colleague, and keeping who looked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from kernel.decider import Decider, Refused
from services.identity.events.access import CoverBegan, CoverEnded, GlassBroken, RecordOpened

GLASS_OPEN: Final = timedelta(hours=4)
LONGEST_COVER: Final = timedelta(days=30)
ONCE: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Looks:
    """When each account was last kept as looking at this patient's chart or account page."""

    last: Mapping[tuple[str, str], datetime] = field(default_factory=dict)


def evolve(state: Looks, event: Any) -> Looks:
    """The looks after an event."""
    match event:
        case RecordOpened(account=account, what=what, at=at):
            return Looks({**state.last, (account, what): at})
    return state


LOOKS = Decider("access", Looks(), evolve)


@dataclass(frozen=True, slots=True)
class Covers:
    """Whom one account stands in for, and up to which day."""

    until: Mapping[str, date] = field(default_factory=dict)


def evolve_covers(state: Covers, event: Any) -> Covers:
    """The covers after an event."""
    match event:
        case CoverBegan(provider=provider, until=until):
            return Covers({**state.until, provider: until})
        case CoverEnded(provider=provider):
            return Covers({p: d for p, d in state.until.items() if p != provider})
    return state


COVERS = Decider("cover", Covers(), evolve_covers)


def look(
    state: Looks, patient: str, account: str, what: str, how: str, now: datetime
) -> list[RecordOpened]:
    """Keep that somebody looked, once an hour: a record that nobody can count by."""
    before = state.last.get((account, what))
    if before is not None and now - before < ONCE:
        return []
    return [RecordOpened(patient, account, what, how, now)]


def break_glass(patient: str, account: str, reason: str, now: datetime) -> list[GlassBroken]:
    """Open a record that is not on the own panel; four hours, and the patient reads the reason."""
    return [GlassBroken(patient, account, reason, now, now + GLASS_OPEN)]


def cover(
    state: Covers, account: str, own: str, provider: str, until: date, reason: str, now: datetime,
    today: date,
) -> list[CoverBegan]:  # fmt: skip
    """Stand in for a colleague."""
    if provider == own:
        raise Refused("own", "This is your own panel.", 422, {"provider": "Choose a colleague."})
    if not today <= until <= today + LONGEST_COVER:
        said = f"Choose a day from today on, at most {LONGEST_COVER.days} days from now."
        raise Refused("dates", said, 422, {"until": said})
    if state.until.get(provider) == until:
        return []
    return [CoverBegan(account, provider, until, reason, now)]


def end_cover(state: Covers, account: str, provider: str, now: datetime) -> list[CoverEnded]:
    """The colleague is back; again is nothing."""
    return [CoverEnded(account, provider, now)] if provider in state.until else []
