"""The patient index: one entry per person, and one person per record number."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from contracts.identity import Demographics, Identifier
from kernel.decider import Decider, Refused
from services.identity.ages import ADULT, NOTICE, TWELVE, adult, age, turns
from services.identity.decider import connection
from services.identity.events.connection import (
    BirthdayNear,
    PatientDisenrolled,
    TurnedEighteen,
    TurnedTwelve,
)
from services.identity.events.patient import (
    DemographicsChanged,
    IdentifierReserved,
    PatientConnected,
    PatientCorrected,
    PatientIdentified,
    PatientMerged,
    PatientRecorded,
)
from services.identity.names import family_key

_NOBODY = Demographics.model_validate({"name": {}})
_STATED = ("name", "born", "sex", "address", "phones", "email", "ssn_last4", "deceased")


@dataclass(frozen=True, slots=True)
class Patient:
    """One entry. `stated` is when each demographic field was last said by a sender.

    `account` is the own one; `relations` are all that may see the record. `noticed` and `turned` are
    the birthdays (age, day) that have been told of: a corrected birth date makes them other days.
    """

    patient: str = ""
    demographics: Demographics = _NOBODY
    stated: Mapping[str, datetime] = field(default_factory=dict)
    record_numbers: frozenset[tuple[str, str]] = frozenset()
    merged_into: str = ""
    account: str = ""
    relations: connection.Relations = field(default_factory=dict)
    noticed: frozenset[tuple[int, date]] = frozenset()
    turned: frozenset[tuple[int, date]] = frozenset()


def evolve(state: Patient, event: Any) -> Patient:
    """The entry after an event."""
    match event:
        case PatientRecorded(patient=patient, demographics=demographics, at=at):
            stated = dict.fromkeys(_said(demographics), at)
            return replace(state, patient=patient, demographics=demographics, stated=stated)
        case DemographicsChanged(demographics=demographics, changed=changed, at=at):
            stated = {**state.stated, **dict.fromkeys(changed, at)}
            return replace(state, demographics=demographics, stated=stated)
        case PatientIdentified(authority=authority, value=value):
            known = state.record_numbers | {(authority, value)}
            return replace(state, record_numbers=known)
        case PatientMerged(into=into):
            return replace(state, merged_into=into)
        case BirthdayNear(age=years, on=on):
            return replace(state, noticed=state.noticed | {(years, on)})
        case TurnedTwelve(on=on):
            return replace(state, turned=state.turned | {(TWELVE, on)})
        case TurnedEighteen(on=on):
            return replace(state, turned=state.turned | {(ADULT, on)})
        case PatientConnected(account=account):
            state = replace(state, account=account)
        case PatientDisenrolled(basis="self"):
            state = replace(state, account="")
    return replace(state, relations=connection.evolve(state.relations, event))


PATIENT = Decider("patient", Patient(), evolve)


@dataclass(frozen=True, slots=True)
class Reservation:
    """Whom a record number means; nobody yet when empty."""

    patient: str = ""


def evolve_reservation(state: Reservation, event: Any) -> Reservation:
    """The reservation after an event."""
    return Reservation(event.patient) if isinstance(event, IdentifierReserved) else state


IDENTIFIER = Decider("identifier", Reservation(), evolve_reservation)


def identifier_key(identifier: Identifier) -> str:
    """The stream id of a record number: a hash, so that stream names hold no patient data."""
    text = f"{identifier.authority.strip()}\x1f{identifier.value.strip()}"
    return hashlib.sha256(text.encode()).hexdigest()


def meant(patients: Sequence[str]) -> str:
    """The one patient that known identifiers mean, or nobody; refuses when they disagree."""
    different = sorted(set(patients))
    if len(different) > 1:
        raise Refused(
            "identity-conflict", "These record numbers belong to different patients.", 409
        )
    return different[0] if different else ""


def record(
    state: Patient,
    patient: str,
    identifiers: Sequence[Identifier],
    stated: Demographics,
    source: str,
    at: datetime,
) -> list[Any]:
    """Add the entry, or keep what is newer in it; an empty field erases nothing."""
    events: list[Any] = []
    if not state.patient:
        events.append(PatientRecorded(patient, stated, source, at))
    else:
        _check_same_person(state.demographics, stated)
        events += _changes(state, stated, source, at)
    numbers = dict.fromkeys((i.authority.strip(), i.value.strip()) for i in identifiers)
    events += [PatientIdentified(patient, *n) for n in numbers if n not in state.record_numbers]
    return events


def merge(state: Patient, into: Patient, by: str) -> list[Any]:
    """Two entries were one person. An enrolled entry stays: its account hangs on it."""
    check_exists(state)
    check_exists(into)
    if state.merged_into == into.patient:
        return []
    if state.merged_into or into.merged_into:
        raise Refused("merged", "One of these records has been merged already.")
    if state.patient == into.patient:
        raise Refused("same", "These are the same record.", 422)
    if any(not relation.ended for relation in state.relations.values()):
        said = "Somebody is connected to this record; merge the other record into this one."
        raise Refused("enrolled", said)
    return [PatientMerged(state.patient, into.patient, by)]


def merge_by_feed(state: Patient, into: Patient, by: str) -> list[Any]:
    """The same by a sender's word alone: entries that contradict each other are a person's to merge."""
    _check_same_person(into.demographics, state.demographics)
    return merge(state, into, by)


def check_invitable(state: Patient, today: date) -> None:
    """Refuse to invite a patient who cannot enrol (R48, R53). Sentences are for staff."""
    born = check_alive(state)
    if state.account:
        raise Refused("enrolled", "This patient is enrolled already.")
    if not adult(born, today):
        raise Refused("under-18", "Patients under 18 are registered by a parent or caregiver.")


def check_alive(state: Patient) -> date:
    """The birth date of an entry that somebody may be connected to; refuses every other entry."""
    check_exists(state)
    if state.merged_into:
        raise Refused("merged", "This record was merged into another; use that one.")
    if state.demographics.deceased:
        raise Refused("deceased", "The record says that this patient has died.")
    if state.demographics.born is None:
        raise Refused("born-unknown", "The record has no date of birth; enrolment needs it.")
    return state.demographics.born


def connect(state: Patient, account: str, terms: str, hipaa: str) -> list[Any]:
    """Connect an account to the own chart (R51): one account per patient."""
    if state.account:
        raise Refused("used", "This enrolment is complete; please sign in.")
    return [PatientConnected(state.patient, account, terms, hipaa)]


def correct(
    state: Patient, said: Mapping[str, Any], evidence: str, by: str, at: datetime
) -> list[Any]:
    """Staff correct what the entry says (R59, S13); `said` maps a field to its right value."""
    check_exists(state)
    changed = tuple(n for n, v in said.items() if getattr(state.demographics, n) != v)
    if not changed:
        return []
    whole = state.demographics.model_copy(update={n: said[n] for n in changed})
    return [
        DemographicsChanged(state.patient, whole, changed, "staff", at),
        PatientCorrected(state.patient, changed, evidence, by, at),
    ]


def birthdays(state: Patient, today: date) -> list[Any]:
    """What is to be told of the 12th and the 18th birthday today, each once per birth date (R53, R54).

    A birthday learned of too late for its notice, or after it, is told at once; one that the patient
    had before we ever knew them is nobody's news, unless a parent still acts for them; nor is the 12th
    of an adult.
    """
    born = state.demographics.born
    if born is None or state.merged_into or state.demographics.deceased:
        return []
    coming: tuple[tuple[int, Any], ...] = ((TWELVE, TurnedTwelve), (ADULT, TurnedEighteen))
    if age(born, today) >= ADULT:
        coming = coming[1:] if state.noticed or state.turned or _has_parent(state) else ()
    told: list[Any] = []
    for years, turned in coming:
        on = turns(born, years)
        if on <= today and (years, on) not in state.turned:
            told.append(turned(state.patient, on))
        elif today < on <= today + NOTICE and (years, on) not in state.noticed:
            told.append(BirthdayNear(state.patient, years, on))
    return told


def _has_parent(state: Patient) -> bool:
    return any(r.basis == "parent" and not r.ended for r in state.relations.values())


def check_exists(state: Patient) -> None:
    """Refuse an id that means nobody."""
    if not state.patient:
        raise Refused("not-found", "There is no such patient.", 404)


def _check_same_person(known: Demographics, stated: Demographics) -> None:
    other_day = None not in (known.born, stated.born) and known.born != stated.born
    ours, theirs = family_key(known.name.family), family_key(stated.name.family)
    if other_day and ours and theirs and ours != theirs:
        raise Refused(
            "identity-conflict",
            "This record number is known under another name and date of birth.",
        )


def _changes(state: Patient, stated: Demographics, source: str, at: datetime) -> list[Any]:
    newer = {
        name: getattr(stated, name)
        for name in _said(stated)
        if name not in state.stated or at >= state.stated[name]
    }
    changed = tuple(n for n, v in newer.items() if getattr(state.demographics, n) != v)
    if not changed:
        return []
    whole = state.demographics.model_copy(update={n: newer[n] for n in changed})
    return [DemographicsChanged(state.patient, whole, changed, source, at)]


def _said(demographics: Demographics) -> list[str]:
    """The fields that say something: an empty one does not."""
    return [n for n in _STATED if getattr(demographics, n) != getattr(_NOBODY, n)]
