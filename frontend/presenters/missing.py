"""Questions about results that do not come: as the patient reads them, and as staff's queue (R21, S12)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final

from contracts.identity import PatientCard
from contracts.labs import MissingRow, MyMissing
from contracts.practice import Provider
from frontend.presenters.people import full_name
from frontend.presenters.practice import Line, tel
from frontend.texts import text

Words = Callable[..., str]
Day = Callable[[date], str]

REPLIES: Final = ("contact-provider", "in-portal")
STATES: Final = {"open": "blue", "taken": "blue", "answered": "green"}


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a patient. `line` dials the office that ordered, where its number is known."""

    test: str
    tag: tuple[str, str]
    facts: tuple[str, ...]
    says: str
    is_to_call: bool
    line: Line | None
    is_in_portal: bool


def questions(found: Iterable[MyMissing], t: Words, day: Day) -> list[Question]:
    """In the order given. An answer is one of two sentences, whatever exists."""
    return [_question(each, t, day) for each in found]


def _question(one: MyMissing, t: Words, day: Day) -> Question:
    return Question(
        test=one.test,
        tag=(t(f"missing.state_{one.state}"), STATES[one.state]),
        facts=(
            t("missing.ordered_by", provider=one.provider),
            t("missing.collected_on", day=day(one.collected)),
            t("missing.asked_on", day=day(one.asked)),
        ),
        says=reply(one.reply, one.provider, t) if one.reply else t("missing.due", day=day(one.due)),
        is_to_call=one.reply == "contact-provider",
        line=Line("office", one.provider, one.phone, tel(one.phone)) if one.phone else None,
        is_in_portal=one.reply == "in-portal",
    )


def reply(which: str, provider: str, t: Words) -> str:
    """The words of an answer, the same for everybody."""
    return t(f"missing.reply_{which}", provider=provider)


def providers(listed: Iterable[Provider], nobody: str) -> list[tuple[str, str]]:
    """Who may have ordered: those who work or worked for the practice. Nobody is chosen beforehand."""
    ours = [each for each in listed if each.affiliations]
    named = [(p.id, f"{p.name} ({p.specialty})" if p.specialty else p.name) for p in ours]
    return [("", nobody), *named]


# -- staff -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ticket:
    """A question in the queue. `patient` is empty for those who may not read names; `field` is the
    id of its choice on the page, `replies` are the words that the patient will read.
    """

    row: MissingRow
    patient: str
    field: str
    replies: tuple[tuple[str, str, str], ...]


def tickets(found: Iterable[MissingRow], cards: Mapping[str, PatientCard]) -> list[Ticket]:
    """Oldest first, as given."""
    return [_ticket(each, cards, place) for place, each in enumerate(found, 1)]


def _ticket(row: MissingRow, cards: Mapping[str, PatientCard], place: int) -> Ticket:
    card = cards.get(row.patient)
    t = partial(text, "en")
    return Ticket(
        row=row,
        patient=full_name(card.name) if card else "",
        field=f"reply-{place}",
        replies=tuple((each, f"“{reply(each, row.provider, t)}”", "") for each in REPLIES),
    )
