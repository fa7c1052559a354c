"""Who may see a record, in the words of staff pages (S3, S13, S14)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from contracts.identity import AccessChange, Consequences, RelationRow

Day = Callable[[date | datetime], str]

BASES: Final = {"self": "The patient", "parent": "Parent", "caregiver": "Legal caregiver"}
EVIDENCE: Final = {
    "birth-certificate": "Birth certificate",
    "adoption-order": "Adoption order",
    "custody-order": "Custody order",
    "guardianship": "Letters of guardianship",
    "court-order": "Another court order",
    "power-of-attorney": "Power of attorney for health care",
    "conservatorship": "Letters of conservatorship",
}
PROVES_PARENT: Final = ("birth-certificate", "adoption-order", "custody-order")
EVIDENCE_CHOICES: Final = (
    ("", "Choose what you saw"),
    *(
        (name, f"{BASES['parent' if name in PROVES_PARENT else 'caregiver']}: {words.lower()}")
        for name, words in EVIDENCE.items()
    ),
)
STATES: Final = {
    "open": ("Has access", "green"),
    "agreement-due": ("No access before they accept the current terms", "amber"),
    "unconfirmed": ("No access before a second person has checked", "amber"),
    "not-yet": ("No access before it begins", "blue"),
    "expired": ("No access: its last day has passed", "grey"),
    "grown-up": ("No access: the patient is 18 or more", "grey"),
    "unavailable": ("No access: this record is closed to them", "grey"),
    "invited": ("Invited, not enrolled yet", "blue"),
    "ended": ("Ended", "grey"),
}
MAILS: Final = {
    "sent": "Mail goes out",
    "needs-address": "No mail: a parent needs another address from 12 on",
    "off": "No mail",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One relation or the own enrolment. `field` is the id of its reason on the page.

    `other_checks`: it waits for a second check, by somebody else than the reader. `factor_of` is the
    address of an account that has a second factor, which its holder may have lost.
    """

    relation: str
    field: str
    name: str
    basis: str
    state: tuple[str, str]
    facts: tuple[tuple[str, str], ...]
    ended: bool
    can_end: bool
    can_confirm: bool
    other_checks: bool
    factor_of: str


def rows(found: Iterable[RelationRow], day: Day) -> list[Row]:
    """Everybody connected, newest first as they came."""
    return [_row(each, f"reason-{number}", day) for number, each in enumerate(found, 1)]


def _row(each: RelationRow, field: str, day: Day) -> Row:
    ended = each.state == "ended"
    return Row(
        relation=each.relation or "",
        field=field,
        name=each.name or "No name on record",
        basis=BASES[each.basis],
        state=STATES[each.state],
        facts=tuple((label, said) for label, said in _facts(each, day) if said),
        ended=ended,
        can_end=each.relation is not None and not ended,
        can_confirm=each.may_confirm,
        other_checks=each.state == "unconfirmed" and not each.may_confirm,
        factor_of=each.email if each.second_factor and not ended else "",
    )


def _facts(each: RelationRow, day: Day) -> Iterable[tuple[str, str]]:
    """What is known of it; an empty one is left out."""
    yield "E-mail", each.email
    yield "Evidence", EVIDENCE.get(each.evidence, each.evidence)
    yield "Verified by", each.verified_by
    yield "Second check by", each.confirmed_by
    yield "Since", day(each.since)
    yield "Valid from", day(each.valid_from) if each.valid_from else ""
    yield "Last day", day(each.until) if each.until else ""
    yield "Mail", "" if each.state == "ended" else MAILS[each.mail]
    yield "Accepted", _accepted(each)
    yield "Ended", day(each.ended) if each.ended else ""
    yield "Why it ended", each.ended_why


def _accepted(each: RelationRow) -> str:
    known = (("Terms", each.terms), ("HIPAA agreement", each.hipaa))
    return ", ".join(f"{words} {version}" for words, version in known if version)


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one connection; `changes` where it is not the same as before."""

    name: str
    basis: str
    before: tuple[str, str]
    after: tuple[str, str]
    mail_before: str
    mail_after: str

    @property
    def changes(self) -> bool:
        """Whether anything is different afterwards."""
        return (self.before, self.mail_before) != (self.after, self.mail_after)


def changes(found: Consequences) -> list[Change]:
    """Every connection, before and after."""
    return [_change(each) for each in found.connections]


def _change(each: AccessChange) -> Change:
    return Change(
        name=each.name or "No name on record",
        basis=BASES[each.basis],
        before=STATES[each.before],
        after=STATES[each.after],
        mail_before=MAILS[each.mail_before],
        mail_after=MAILS[each.mail_after],
    )


def window(start: date | None, end: date | None, day: Day) -> str:
    """The days whose data is hidden (R54); `end` is the first day that is not."""
    if start is None or end is None:
        return "Not known without a birth date"
    return f"{day(start)} to {day(end - timedelta(days=1))}"
