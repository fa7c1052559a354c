"""Connections of one patient: who verified them, whom they let in, how they end (R33, R42-R44, S3).

Whether one is good today is not decided here but computed (`access.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final, Literal

from contracts.common import Basis
from kernel.decider import Refused
from services.identity.access import Documents, Relation
from services.identity.ages import ADULT, TWELVE, age
from services.identity.events import connection as events
from services.identity.events.patient import PatientConnected

Relations = Mapping[str, Relation]
EVIDENCE: Final[dict[str, tuple[str, ...]]] = {
    "parent": ("birth-certificate", "adoption-order", "custody-order"),
    "caregiver": ("guardianship", "court-order", "power-of-attorney", "conservatorship"),
}


def evolve(state: Relations, event: Any) -> Relations:
    """The patient's relations after an event; ended ones stay, marked so."""
    match event:
        case PatientConnected(account=account, terms=terms, hipaa=hipaa):
            return {**state, account: Relation(account, account, "self", terms, hipaa)}
        case events.RelationVerified():
            return {**state, event.relation: _verified(event)}
        case events.RelationConnected(relation=id, account=account, terms=terms, hipaa=hipaa):
            return _changed(state, id, account=account, terms=terms, hipaa=hipaa)
        case events.RelationConfirmed(relation=id):
            return _changed(state, id, confirmed=True)
        case events.RelationEnded(relation=id) | events.PatientDisenrolled(relation=id):
            return _changed(state, id, ended=True)
        case events.AgreementAccepted(account=account, document=document, version=version):
            held = held_by(state, account)
            return _changed(state, held.relation, **{document: version}) if held else state
        case events.MailAddressSet(account=account, email=email):
            held = held_by(state, account)
            return _changed(state, held.relation, contact=email) if held else state
    return state


def held_by(state: Relations, account: str) -> Relation | None:
    """The relation of an account that has not ended: one at a time."""
    return next((r for r in state.values() if r.account == account and not r.ended), None)


def live(state: Relations, relation: str) -> Relation:
    """A relation that has not ended; refuses every other id."""
    found = state.get(relation)
    if found is None or found.ended:
        raise _unknown()
    return found


def waiting(state: Relations, relation: str) -> Relation:
    """A relation that has not ended and waits for its account; refuses one that has it."""
    found = live(state, relation)
    if found.account:
        raise connected()
    return found


def connected() -> Refused:
    """The refusal of a second relation of one account to one record. The sentence is for staff."""
    said = "They are connected to this record already."
    return Refused("connected", said, 409, {"email": said})


def check_evidence(
    basis: Basis, evidence: str, born: date, since: date, until: date | None, today: date
) -> None:
    """Refuse evidence, ages and dates that do not go together (S3)."""
    if evidence not in EVIDENCE[basis]:
        said = f"This does not prove that somebody is a {basis}."
        raise Refused("evidence", said, 422, {"evidence": said})
    if basis == "parent" and age(born, today) >= ADULT:
        said = "A parent cannot act for somebody of 18 or more; a legal caregiver can."
        raise Refused("grown-up", said, 422, {"basis": said})
    if until is not None and (until < since or until < today):
        said = "The end must not be before the beginning, nor in the past."
        raise Refused("dates", said, 422, {"until": said})


def check_shared(basis: Basis, born: date, today: date, contact: str, enrolled: bool) -> None:
    """May mail about the patient go to the address of an account that is there already?

    Yes for a legal caregiver (R43), and for an adult who has enrolled, about an own child under 12
    (R42). Everybody else needs another address (R44), the `contact`.
    """
    if contact or basis == "caregiver":
        return
    if age(born, today) >= TWELVE:
        said = "From 12 on a parent needs another address for this patient, or a caregiver's proof."
        raise Refused("needs-contact", said, 409, {"contact": said})
    if not enrolled:
        said = "They can share their address after they have enrolled themselves. Use another one."
        raise Refused("not-enrolled", said, 409, {"email": said})


def connect(
    state: Relations, patient: str, relation: str, account: str, agreed: Documents
) -> list[Any]:
    """The relation is this account's, which has no other one to this record: else ending one would
    not end what it sees.
    """
    if held_by(state, account) is not None:
        raise connected()
    return [
        events.RelationConnected(patient, relation, account, agreed.terms, agreed.hipaa),
    ]


def confirm(
    state: Relations, patient: str, relation: str, born: date, by: str, now: datetime, today: date
) -> list[Any]:
    """The second check of an adult dependent, by another person than the first (S3).

    One made for a child would let the caregiver in after the 18th birthday, so it waits until then.
    """
    found = live(state, relation)
    if found.basis != "caregiver" or age(born, today) < ADULT:
        said = "Only a legal caregiver of somebody of 18 or more has a second check."
        raise Refused("not-needed", said)
    if found.confirmed:
        return []
    if found.by == by:
        raise Refused("same-person", "Another person than the one who verified it must check.")
    return [events.RelationConfirmed(patient, relation, by, now)]


def end(
    state: Relations, patient: str, relation: str, by: str, reason: str, now: datetime
) -> list[Any]:
    """Staff end it (S3). What has ended stays as it is."""
    found = state.get(relation)
    if found is None or found.basis == "self":
        raise _unknown()
    if found.ended:
        return []
    return [
        events.RelationEnded(patient, relation, found.account, found.basis, by, reason, now),
    ]


def disenrol(state: Relations, patient: str, account: str, now: datetime) -> list[Any]:
    """The red X (R33). Refuses an account that is not connected; a second click finds none."""
    held = held_by(state, account)
    if held is None:
        raise _unknown()
    return [events.PatientDisenrolled(patient, held.relation, account, held.basis, now)]


def agree(
    held: Relation | None,
    patient: str,
    account: str,
    document: Literal["terms", "hipaa"],
    version: str,
    current: Documents,
    now: datetime,
) -> list[Any]:
    """Accept the version in effect for this record: the terms first, then the HIPAA notice (R32).

    `held` is the account's relation to it, with what was accepted.
    """
    if held is None:
        raise _unknown()
    if not version or version != getattr(current, document):
        raise Refused("version", "This document has a newer version; please read that one.")
    if document == "hipaa" and held.terms != current.terms:
        raise Refused("order", "Please accept the terms first.")
    if getattr(held, document) == version:
        return []
    return [events.AgreementAccepted(patient, account, document, version, now)]


def set_mail_address(state: Relations, patient: str, account: str, email: str) -> list[Any]:
    """Another address for mail about this patient, confirmed there. Nothing once the relation ended."""
    held = held_by(state, account)
    if held is None or held.contact == email:
        return []
    return [events.MailAddressSet(patient, account, email)]


def _verified(event: events.RelationVerified) -> Relation:
    return Relation(
        event.relation,
        "",
        event.basis,
        valid_from=event.valid_from,
        until=event.until,
        verified_on=event.at.date(),
        contact=event.contact,
        by=event.by,
    )


def _changed(state: Relations, relation: str, **changes: Any) -> Relations:
    return {**state, relation: replace(state[relation], **changes)}


def _unknown() -> Refused:
    return Refused("not-found", "There is no such connection.", 404)
