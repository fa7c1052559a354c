"""Who may see a record now, and who gets mail about it: the one place that says so. Pure.

Judged from the relation, the birth date as it is known now, and the day at the practice; so an ended
relation, a birthday or a corrected birth date count from the moment they do (R32, R42-R44, R53-R55).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from contracts.common import Basis
from contracts.identity import ConnectionState, MailState
from services.identity.ages import ADULT, TWELVE, age

SEEN: Final = ("open", "agreement-due")
"""The states in which the account still belongs to the record."""


@dataclass(frozen=True, slots=True)
class Person:
    """What the rules must know of the patient. `gone`: died, or merged into another entry."""

    born: date | None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Documents:
    """The versions that everybody must have accepted today; empty where the practice has none."""

    terms: str
    hipaa: str


@dataclass(frozen=True, slots=True)
class Relation:
    """One basis on which an account may see one record. An own enrolment has no dates.

    `by` is who of the staff verified it.
    """

    relation: str
    account: str
    basis: Basis
    terms: str = ""
    hipaa: str = ""
    valid_from: date | None = None
    until: date | None = None
    verified_on: date | None = None
    confirmed: bool = False
    contact: str = ""
    by: str = ""
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Holder:
    """The account, as far as its mail goes. `shared`: it is connected to more than this record.
    `left`: its holder left the portal with the own record (decision i).
    """

    email: str
    shared: bool
    left: bool = False


def state_of(
    relation: Relation, person: Person, today: date, documents: Documents
) -> ConnectionState:
    """What a relation that has not ended is good for today, a day at the practice."""
    barred = _barred(relation, person, today)
    if barred is not None:
        return barred
    accepted = (relation.terms, relation.hipaa) == (documents.terms, documents.hipaa)
    return "open" if accepted else "agreement-due"


def mail_of(
    relation: Relation, person: Person, holder: Holder, today: date
) -> tuple[MailState, str]:
    """Whether mail about the patient goes to this account, and to which address (R34, R42-R44)."""
    if person.born is None or _barred(relation, person, today) is not None:
        return "off", ""
    if relation.contact:
        return "sent", relation.contact
    if holder.left:
        return "off", ""
    if relation.basis == "parent" and holder.shared and age(person.born, today) >= TWELVE:
        return "needs-address", ""
    return "sent", holder.email


def lacks_second_check(relation: Relation, person: Person, today: date) -> bool:
    """Whether a caregiver of an adult waits for a second person of the staff (S3)."""
    adult = person.born is not None and age(person.born, today) >= ADULT
    return adult and relation.basis == "caregiver" and not relation.confirmed


def _barred(relation: Relation, person: Person, today: date) -> ConnectionState | None:
    if person.gone or person.born is None:
        return "unavailable"
    adult = age(person.born, today) >= ADULT
    if relation.basis == "self":
        return None if adult else "unavailable"
    if relation.valid_from is not None and today < relation.valid_from:
        return "not-yet"
    if relation.until is not None and today > relation.until:
        return "expired"
    if not adult or (relation.basis == "caregiver" and relation.confirmed):
        return None
    return "unconfirmed" if _was_adult(relation, person.born) else "grown-up"


def _was_adult(relation: Relation, born: date) -> bool:
    """Whether staff verified the relation to somebody who was an adult already."""
    return (
        relation.basis == "caregiver"
        and relation.verified_on is not None
        and age(born, relation.verified_on) >= ADULT
    )
