"""The practice's profile: there is one, and a document that people accepted never changes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from contracts.practice import Profile
from kernel.decider import Decider, Refused
from services.practice.events.profile import ProfileSet

THE_PRACTICE = "practice"


@dataclass(frozen=True, slots=True)
class State:
    """The profile in force, and every document version that ever was: its text by name."""

    profile: Profile | None = None
    texts: frozenset[tuple[str, str, str]] = frozenset()


def evolve(state: State, event: Any) -> State:
    """Fold one event."""
    match event:
        case ProfileSet(profile):
            texts = {(t.document, t.version, t.text) for t in profile.terms}
            return State(profile, state.texts | texts)
    return state


PROFILE = Decider("profile", State(), evolve)


def configure(state: State, profile: Profile) -> list[ProfileSet]:
    """Set the profile; the same one again is no event.

    Refuses (422) a zone that does not exist, hours that end before they begin, a purpose with
    two phones, and (409) another text under a document version that was in force before: people
    accepted that text (R51), so a new text needs a new version.
    """
    if profile == state.profile:
        return []
    _check_zone(profile)
    _check_hours(profile)
    _check_phones(profile)
    _check_documents(state, profile)
    return [ProfileSet(profile)]


def _check_zone(profile: Profile) -> None:
    try:
        ZoneInfo(profile.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: "America" is a folder
        raise _wrong("unknown-zone", "zone", "There is no such time zone.") from error


def _check_hours(profile: Profile) -> None:
    for hours in profile.support_hours:
        if hours.closes <= hours.opens:
            raise _wrong("bad-hours", "support_hours", "Closing time must be after opening time.")


def _check_phones(profile: Profile) -> None:
    if any(n > 1 for n in Counter(phone.purpose for phone in profile.phones).values()):
        raise _wrong("two-phones", "phones", "Each purpose has one phone number.")


def _check_documents(state: State, profile: Profile) -> None:
    if any(n > 1 for n in Counter((t.document, t.version) for t in profile.terms).values()):
        raise _wrong("two-versions", "terms", "Each version of a document is listed once.")
    known = {(document, version): text for document, version, text in state.texts}
    for terms in profile.terms:
        if known.get((terms.document, terms.version), terms.text) != terms.text:
            raise Refused(
                "changed-document",
                f"Version {terms.version} of {terms.document} was in force with another text."
                " Give the new text a new version.",
                fields={"profile.terms": "A new text needs a new version."},
            )


def _wrong(code: str, field: str, sentence: str) -> Refused:
    return Refused(code, sentence, status=422, fields={f"profile.{field}": sentence})
