"""Does a registration form mean exactly one patient (R48, decision o)? Pure.

Name, birth date, address line or ZIP, and one identifier that only the patient is likely to know.
Whatever is not certain is left to support: the form's sender learns neither way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from contracts.identity import Demographics, RegistrationForm
from services.identity.ages import adult
from services.identity.names import (
    family_key,
    line_key,
    phone_key,
    record_key,
    same_given,
    same_suffix,
    zip_key,
)

UNDER_18 = "under 18"
NO_RECORD = "no record with this name and birth date"
GIVEN_DIFFERS = "the given name differs"
ADDRESS_DIFFERS = "neither address nor ZIP fits"
NOTHING_KNOWN = "no identifier fits"
SEVERAL = "several records fit"
MERGED = "the record was merged into another"
DECEASED = "the record says deceased"
ENROLLED = "already enrolled"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One entry of the index as matching needs it."""

    patient: str
    demographics: Demographics
    record_numbers: tuple[str, ...] = ()
    merged: bool = False
    enrolled: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """Exactly this patient."""

    patient: str


@dataclass(frozen=True, slots=True)
class NoMatch:
    """For support only: why not, and whom to look at."""

    reason: str
    candidates: tuple[str, ...] = ()


def match(form: RegistrationForm, candidates: Sequence[Candidate], today: date) -> Match | NoMatch:
    """Compare a form with the index entries of the same birth date; `today` at the practice."""
    if form.born is None or not adult(form.born, today):
        return NoMatch(UNDER_18)
    named = [c for c in candidates if _same_family(form, c)]
    living_entries = [c for c in named if not c.merged]
    if not living_entries:
        reason = MERGED if named else NO_RECORD
        return NoMatch(reason, tuple(c.patient for c in named))
    seen = tuple(c.patient for c in living_entries)
    at_home = [c for c in living_entries if _same_address(form, c)]
    if not at_home:
        return NoMatch(ADDRESS_DIFFERS, seen)
    known = [c for c in at_home if _identified(form, c)]
    if not known:
        return NoMatch(NOTHING_KNOWN, seen)
    if len(known) > 1:  # twins share birth date, surname, address and often the telephone
        return NoMatch(SEVERAL, tuple(c.patient for c in known))
    return _only(form, known[0])


def _only(form: RegistrationForm, candidate: Candidate) -> Match | NoMatch:
    who = (candidate.patient,)
    name = candidate.demographics.name
    if not same_given(form.given, name.given):
        return NoMatch(GIVEN_DIFFERS, who)
    if candidate.demographics.deceased:
        return NoMatch(DECEASED, who)
    if candidate.enrolled:
        return NoMatch(ENROLLED, who)
    return Match(candidate.patient)


def _same_family(form: RegistrationForm, candidate: Candidate) -> bool:
    known = candidate.demographics
    return (
        known.born == form.born
        and family_key(known.name.family) == family_key(form.family) != ""
        and same_suffix(form.family, f"{known.name.family} {known.name.suffix}")
    )


def _same_address(form: RegistrationForm, candidate: Candidate) -> bool:
    at = candidate.demographics.address
    same_zip = zip_key(form.zip) == zip_key(at.zip) != ""
    same_line = line_key(form.line) == line_key(at.line) != ""
    return same_zip or same_line


def _identified(form: RegistrationForm, candidate: Candidate) -> bool:
    known = candidate.demographics
    phones = {phone_key(p) for p in known.phones} - {""}
    numbers = {record_key(n) for n in candidate.record_numbers} - {""}
    return (
        phone_key(form.phone) in phones
        or record_key(form.record_number) in numbers
        or form.ssn_last4 == known.ssn_last4 != ""
    )
