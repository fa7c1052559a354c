"""What waits for a provider, and one report with every value and its ruling (S4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from contracts.identity import PatientCard
from contracts.labs import Coding, InboxRow, ReportAnswer, ReportVersion, StaffValue
from frontend.presenters import people
from frontend.presenters.categories import code_in_words, in_words, matcher_in_words

FLAGS: Final[dict[str, tuple[str, str]]] = {
    "low": ("Low", "amber"),
    "high": ("High", "amber"),
    "critical-low": ("Critical low", "red"),
    "critical-high": ("Critical high", "red"),
    "critical": ("Critical", "red"),
    "abnormal": ("Abnormal", "amber"),
}
STATUSES: Final[dict[str, str]] = {
    "preliminary": "Preliminary",
    "corrected": "Corrected",
    "cannot-obtain": "Could not be obtained",
    "wrong": "Posted in error",
}
REASONS: Final[dict[str, str]] = {
    "code": "a test code is not known",
    "orderer": "the orderer is not known",
    "collection-time": "the collection time is not known",
}
AGE: Final = "it was collected at 12 to 17 years, or the birth date is not known"
HELD_FOR: Final[dict[str, str]] = {
    "unknown code": "code not known",
    "unknown orderer": "orderer not known",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One report that waits. `tags` are (words, kind)."""

    href: str
    patient: str
    born: str
    name: str
    orderer: str
    collected: datetime | None
    reported: datetime
    tags: tuple[tuple[str, str], ...]
    is_next: bool


@dataclass(frozen=True, slots=True)
class Value:
    """One value. `flag` is (words, kind) or None; `portal` says whether it will be shown."""

    key: str
    name: str
    code: str
    value: str
    unit: str
    range_text: str
    flag: tuple[str, str] | None
    status: str
    note: str
    portal: str
    portal_kind: str
    why: str
    verified: bool


def rows(
    found: Iterable[InboxRow], cards: Mapping[str, PatientCard], cover: bool, going_on: bool = False
) -> list[Row]:
    """The queue, oldest first as it came. `going_on`: one was just verified, so mark the next.

    A link names the patient, so that a record that has left the panel meanwhile can be asked for.
    """
    more = "cover=1&" if cover else ""
    return [
        Row(
            href=f"/staff/inbox/{each.report}?{more}patient={each.patient}",
            patient=name_of(each.patient, cards.get(each.patient)),
            born=people.day(cards[each.patient].born) if each.patient in cards else "",
            name=each.name,
            orderer=each.orderer,
            collected=each.collected,
            reported=each.reported,
            tags=_tags(each),
            is_next=going_on and number == 0,
        )
        for number, each in enumerate(found)
    ]


def name_of(patient: str, card: PatientCard | None) -> str:
    """Never a nameless line: two of them must not look alike."""
    return people.full_name(card.name) if card else f"Patient {patient}"


def values(report: ReportAnswer) -> list[Value]:
    """Every value with its ruling."""
    return [_value(each, _too_young(report)) for each in report.values]


def whole(report: ReportAnswer) -> str:
    """What holds for the whole order; empty when each value stands for itself."""
    if report.ruling == "block":
        why = f" ({matcher_in_words(report.matcher)})" if report.matcher else ""
        return f"This whole order will not reach the portal: {in_words(report.category)}{why}."
    if _too_young(report):
        return f"This whole order will not reach the portal: {AGE}."
    if report.held_reasons:
        why = ", and ".join(REASONS.get(reason, reason) for reason in report.held_reasons)
        return f"Held until release-policy staff have settled it: {why}."
    return ""


def earlier(report: ReportAnswer) -> list[ReportVersion]:
    """The versions before this one, and those that came late."""
    return [v for v in report.versions if v.late or v.revision != report.revision]


def _too_young(report: ReportAnswer) -> bool:
    """Without a collection time nobody can say: the report is held for that."""
    return report.age and report.collected is not None


def _value(each: StaffValue, too_young: bool) -> Value:
    name, code = _named(each.codes, each.key)
    portal, kind = _portal(each, too_young)
    return Value(
        key=each.key,
        name=name,
        code=code,
        value=each.value,
        unit=each.unit,
        range_text=each.range_text,
        flag=FLAGS.get(each.flag),
        status=STATUSES.get(each.status, ""),
        note=each.note,
        portal=portal,
        portal_kind=kind,
        why=matcher_in_words(each.matcher) if each.ruling == "block" else "",
        verified=each.verified,
    )


def _portal(each: StaffValue, too_young: bool) -> tuple[str, str]:
    """What will become of it; the tag's kind beside it."""
    if each.ruling == "block":
        return f"Will not reach the portal: {in_words(each.category)}", "red"
    if too_young:
        return "Will not reach the portal: collected at 12 to 17", "red"
    if each.ruling == "hold":
        return f"Held: {HELD_FOR.get(each.matcher, each.matcher) or 'not settled'}", "amber"
    return "Passed for the portal" if each.verified else "May be shown", "green"


def _named(codes: tuple[Coding, ...], key: str) -> tuple[str, str]:
    """A test's name, and its code: LOINC where there is one."""
    ordered = sorted(codes, key=lambda c: c.system != "loinc")
    name = next((c.text for c in codes if c.text), "")
    code = next((code_in_words(f"{c.system} {c.code}".strip()) for c in ordered if c.code), "")
    return name or code or key, code if name else ""


def _tags(row: InboxRow) -> tuple[tuple[str, str], ...]:
    tags = (("Abnormal", "red"),) if row.abnormal else ()
    return (*tags, ("Corrected", "amber")) if row.corrected else tags
