"""A provider's directory entry, with the stretches of time in which they worked for us (R20)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from contracts.practice import Affiliation, Provider
from kernel.decider import Decider, Refused
from services.practice.events.provider import ProviderEntered


@dataclass(frozen=True, slots=True)
class State:
    """The entry in force; None before the first."""

    provider: Provider | None = None


def evolve(state: State, event: Any) -> State:
    """Fold one event."""
    match event:
        case ProviderEntered(provider):
            return State(provider)
    return state


PROVIDER = Decider("provider", State(), evolve)


def enter(state: State, provider: Provider, npi_taken: bool) -> list[ProviderEntered]:
    """Add or change an entry; the same entry again is no event.

    `npi_taken` says that another entry has this NPI: an order that carries it would then have
    two orderers, so it is refused (409). Affiliations that end before they begin or that overlap
    are refused (422).
    """
    if provider == state.provider:
        return []
    if npi_taken:
        raise Refused(
            "npi-taken",
            "Another provider is listed under this NPI.",
            fields={"provider.npi": "Another provider has this NPI."},
        )
    _check_affiliations(provider.affiliations)
    return [ProviderEntered(provider)]


def _check_affiliations(affiliations: tuple[Affiliation, ...]) -> None:
    ordered = sorted(affiliations, key=lambda a: a.since)
    if any(a.until is not None and a.until <= a.since for a in ordered):
        raise _wrong("An affiliation must end after it begins.")
    if any(a.until is None or a.until > b.since for a, b in pairwise(ordered)):
        raise _wrong("Two affiliations of a provider must not overlap.")


def _wrong(sentence: str) -> Refused:
    return Refused(
        "bad-affiliations", sentence, status=422, fields={"provider.affiliations": sentence}
    )
