"""Support's queue of requests and notices, in words (R54, R57, R59, S1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from contracts.identity import Item, PatientCard
from frontend.presenters import people
from frontend.presenters.access import BASES

FIELDS: Final = {
    "name": "name",
    "born": "date of birth",
    "sex": "sex",
    "address": "address",
    "phone": "telephone number",
    "email": "e-mail address",
    "other": "something else",
}


def title(item: Item, cards: Mapping[str, PatientCard]) -> str:
    """Who it is about, as lists are sorted: never a nameless line."""
    if item.people:
        person = item.people[0]
        return f"{person.family}, {person.given}"
    if item.patient and item.patient in cards:
        return people.full_name(cards[item.patient].name)
    return item.by or "Somebody without a name on record"


def asks(item: Item) -> str:
    """What is asked, in one line."""
    match item.kind:
        case "relation":
            return f"{BASES[item.basis or 'parent']} asks for access"
        case "correction":
            return f"Profile correction: {FIELDS.get(item.field, item.field)}"
        case "notice":
            return "Notice of the portal"
