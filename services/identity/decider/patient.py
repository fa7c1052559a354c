"""The patient index: one entry per person, and one person per record number."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from contracts.identity import Demographics, Identifier
from kernel.decider import Decider, Refused
from services.identity.ages import adult
from services.identity.events.patient import (
    DemographicsChanged,
    IdentifierReserved,
    PatientConnected,
    PatientIdentified,
    PatientMerged,
    PatientRecorded,
)
from services.identity.names import family_key

_NOBODY = Demographics.model_validate({"name": {}})
_STATED = ("name", "born", "sex", "address", "phones", "email", "ssn_last4", "deceased")


@dataclass(frozen=True, slots=True)
class Patient:
    """One entry. `stated` is when each demographic field was last said by a sender."""

    patient: str = ""
    demographics: Demographics = _NOBODY
    stated: Mapping[str, datetime] = field(default_factory=dict)
    record_numbers: frozenset[tuple[str, str]] = frozenset()
    merged_into: str = ""
    account: str = ""


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
        case PatientConnected(account=account):
            return replace(state, account=account)
    return state


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
    for identifier in identifiers:
        number = (identifier.authority.strip(), identifier.value.strip())
        if number not in state.record_numbers:
            events.append(PatientIdentified(patient, *number))
    return events


def merge(state: Patient, into: Patient, by: str) -> list[Any]:
    """Two entries were one person. An enrolled entry stays: its account hangs on it."""
    _check_exists(state)
    _check_exists(into)
    if state.merged_into == into.patient:
        return []
    if state.merged_into or into.merged_into:
        raise Refused("merged", "One of these records has been merged already.")
    if state.patient == into.patient:
        raise Refused("same", "These are the same record.", 422)
    if state.account:
        raise Refused("enrolled", "This patient is enrolled; merge the other record into this one.")
    return [PatientMerged(state.patient, into.patient, by)]


def check_invitable(state: Patient, today: date) -> None:
    """Refuse to invite a patient who cannot enrol (R48, R53). Sentences are for staff."""
    _check_exists(state)
    if state.merged_into:
        raise Refused("merged", "This record was merged into another; invite that one.")
    if state.demographics.deceased:
        raise Refused("deceased", "The record says that this patient has died.")
    if state.account:
        raise Refused("enrolled", "This patient is enrolled already.")
    if state.demographics.born is None:
        raise Refused("born-unknown", "The record has no date of birth; enrolment needs it.")
    if not adult(state.demographics.born, today):
        raise Refused("under-18", "Patients under 18 are registered by a parent or caregiver.")


def connect(state: Patient, account: str) -> list[Any]:
    """Connect an account to the chart (R51): one account per patient."""
    if state.account:
        raise Refused("used", "This enrolment is complete; please sign in.")
    return [PatientConnected(state.patient, account)]


def _check_exists(state: Patient) -> None:
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
