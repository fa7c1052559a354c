"""Whom a provider stands in for, and what they opened in an emergency, with names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from contracts.identity import Cover, OpenGlass, PatientCard
from contracts.practice import Provider
from frontend.presenters.inbox import name_of


@dataclass(frozen=True, slots=True)
class Colleague:
    """One colleague, up to a day (inclusive)."""

    provider: str
    name: str
    until: date
    reason: str


def covers(found: Iterable[Cover], providers: Iterable[Provider]) -> list[Colleague]:
    """Everybody whom one stands in for; a colleague who is listed no more keeps their id."""
    names = {provider.id: provider.name for provider in providers}
    return [
        Colleague(each.provider, names.get(each.provider, each.provider), each.until, each.reason)
        for each in found
    ]


def colleagues(providers: Iterable[Provider], own: str | None) -> list[tuple[str, str]]:
    """Whom one can stand in for; nobody is chosen beforehand."""
    others = [(provider.id, provider.name) for provider in providers if provider.id != own]
    return [("", "Choose a colleague"), *others]


def glass(
    found: Iterable[OpenGlass], cards: Mapping[str, PatientCard]
) -> list[tuple[str, str, datetime]]:
    """(patient, name, until) of each record opened in an emergency."""
    return [
        (each.patient, name_of(each.patient, cards.get(each.patient)), each.until) for each in found
    ]
