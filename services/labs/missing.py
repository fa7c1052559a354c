"""Questions about missing results as rows for people: by when, by whom, and whom to call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from contracts.labs import MissingRow, MyMissing
from contracts.practice import Profile, Provider
from kernel import business_days
from kernel.clock import from_micros
from kernel.projection import Row

OFFICE = ("main", "help")
"""Whose phone it is where the directory has none for a provider."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What rows are read with. `providers` are the directory's entries by their ids."""

    profile: Profile
    now: datetime
    providers: Mapping[str, Provider]

    def name(self, provider: str) -> str:
        """How the directory calls them."""
        entry = self.providers.get(provider)
        return entry.name if entry else provider

    def phone(self, provider: str) -> str:
        """Their office's number, else the practice's."""
        entry = self.providers.get(provider)
        phones = {phone.purpose: phone.number for phone in self.profile.phones}
        ours = next((phones[purpose] for purpose in OFFICE if purpose in phones), "")
        return (entry.phone if entry else "") or ours

    def due(self, asked: datetime) -> date:
        """The practice's day by whose closing time there is an answer."""
        due = business_days.due(asked, self.profile)
        return due.astimezone(ZoneInfo(self.profile.zone)).date()


def my_missing(row: Row, reading: Reading) -> MyMissing:
    """One question as the patient sees it."""
    asked = from_micros(row["asked"])
    return MyMissing(
        ticket=row["ticket"],
        test=row["test"],
        provider=reading.name(row["provider"]),
        phone=reading.phone(row["provider"]),
        collected=date.fromisoformat(row["collected"]),
        asked=asked,
        due=reading.due(asked),
        state=row["state"],
        reply=row["reply"],
        answered=None if row["answered"] is None else from_micros(row["answered"]),
    )


def waiting_row(row: Row, reading: Reading, me: str) -> MissingRow:
    """One question in the queue. `me` is the account that looks."""
    asked = from_micros(row["asked"])
    return MissingRow(
        ticket=row["ticket"],
        patient=row["patient"],
        test=row["test"],
        provider=reading.name(row["provider"]),
        collected=date.fromisoformat(row["collected"]),
        asked=asked,
        due=reading.due(asked),
        overdue=business_days.overdue(asked, reading.now, reading.profile),
        state=row["state"],
        taken_by=row["taken_name"],
        mine=row["taken_by"] == me,
    )
