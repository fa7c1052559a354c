"""Opening hours as instants, so that a browser elsewhere can say them in its own time (R58)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from contracts.practice import Hours, Profile
from frontend.presenters.practice import hours, runs, today_at


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days in a row with the same hours: in words, and when the first of them next opens and closes."""

    words: str
    opens: str
    closes: str


def stretches(profile: Profile, now: datetime, lang: str) -> list[Stretch]:
    """In the order of the week."""
    today = today_at(profile.zone, now)
    return [_stretch(run, profile.zone, today, lang) for run in runs(profile.support_hours)]


def _stretch(run: tuple[Hours, ...], zone: str, today: date, lang: str) -> Stretch:
    on = today + timedelta(days=(run[0].weekday - today.weekday()) % 7)
    return Stretch(
        words=hours(run, lang),
        opens=_instant(on, run[0].opens, zone),
        closes=_instant(on, run[0].closes, zone),
    )


def _instant(on: date, at: time, zone: str) -> str:
    return datetime.combine(on, at, ZoneInfo(zone)).isoformat()
