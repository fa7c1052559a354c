"""Patients as staff see them: identity, never results."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from contracts.common import Address, HumanName
from contracts.identity import PatientCard, RegistrationForm, RelationPerson
from frontend import dates


@dataclass(frozen=True, slots=True)
class Detail:
    """One field of a record beside the form's. `verdict`: same, different, or empty."""

    label: str
    record: str
    form: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that a form may mean."""

    patient: str
    name: str
    enrolled: bool
    details: tuple[Detail, ...]

    @property
    def same(self) -> int:
        """How many fields are the same."""
        return sum(detail.verdict == "same" for detail in self.details)

    @property
    def different(self) -> int:
        """How many fields differ."""
        return sum(detail.verdict == "different" for detail in self.details)


def full_name(name: HumanName) -> str:
    """`Alvarez Jr, Rosa`: as lists are sorted and records are filed."""
    family = " ".join(part for part in (name.family, name.suffix) if part)
    return ", ".join(part for part in (family, name.given) if part) or "No name on record"


def spoken(name: HumanName) -> str:
    """`Rosa Alvarez Jr`, as people say it."""
    return " ".join(part for part in (name.given, name.family, name.suffix) if part)


def one_line(address: Address) -> str:
    """`12 Harbor Way, Oakland, CA 94607`."""
    place = " ".join(part for part in (address.state, address.zip) if part)
    return ", ".join(part for part in (address.line, address.city, place) if part)


def candidates(form: RegistrationForm, cards: Iterable[PatientCard]) -> list[Candidate]:
    """Records beside the form, the likeliest first. Support decides; this only lines them up."""
    lined = {card.patient: _candidate(form, card) for card in cards}
    return sorted(lined.values(), key=lambda one: -one.same)


def described(person: RelationPerson) -> RegistrationForm:
    """Somebody as a parent or caregiver describes them, to be laid beside records."""
    return RegistrationForm.model_validate(person.model_dump())


def day(born: date | None) -> str:
    """A birthday in words; empty when there is none."""
    return dates.day(born, "UTC", "en") if born else ""


def _candidate(form: RegistrationForm, card: PatientCard) -> Candidate:
    numbers = [n for n in card.record_numbers if _plain(n) == _plain(form.record_number)]
    details = (
        _detail("First name", card.name.given, form.given),
        _detail("Last name", card.name.family, form.family),
        _detail("Born", day(card.born), day(form.born)),
        _detail("Street address", card.address.line, form.line),
        _detail("ZIP code", card.address.zip[:5], form.zip[:5]),
        _detail("E-mail", card.email, form.email),
        _detail("Record number", ", ".join(numbers or card.record_numbers), form.record_number),
    )
    return Candidate(card.patient, full_name(card.name), card.enrolled, details)


def _detail(label: str, record: str, form: str) -> Detail:
    if not record or not form:
        return Detail(label, record, form, "")
    return Detail(label, record, form, "same" if _plain(record) == _plain(form) else "different")


def _plain(words: str) -> str:
    """Without accents, case, spaces and dots; the service's own matching is stricter."""
    flat = unicodedata.normalize("NFKD", words).casefold()
    return "".join(c for c in flat if c.isalnum() or c == "@")
