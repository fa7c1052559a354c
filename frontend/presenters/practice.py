"""The practice as every page shows it: name, telephone lines, support's hours (R58, R61)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from contracts.practice import Hours, Phone, ProfileAnswer, Terms
from frontend import dates
from frontend.texts import text, texts

KNOWN = ("help", "after_hours", "registration", "main")


@dataclass(frozen=True, slots=True)
class Line:
    """One telephone line; `href` dials it."""

    purpose: str
    label: str
    number: str
    href: str


@dataclass(frozen=True, slots=True)
class Practice:
    """What the header, the footer and the help boxes say."""

    name: str
    zone: str
    email: str
    accent: str
    lines: tuple[Line, ...]
    open_now: bool
    opens_next: str
    hours: str

    def line(self, purpose: str) -> Line | None:
        """The line for this purpose, else the help line, else any."""
        by_purpose = {line.purpose: line for line in self.lines}
        first = self.lines[0] if self.lines else None
        return by_purpose.get(purpose) or by_purpose.get("help") or first


def present(answer: ProfileAnswer, lang: str) -> Practice:
    """The profile in one language."""
    profile = answer.profile
    return Practice(
        name=profile.name,
        zone=profile.zone,
        email=profile.support_email,
        accent=profile.accent.lstrip("#"),
        lines=tuple(_line(phone, lang) for phone in profile.phones),
        open_now=answer.support_open,
        opens_next=_opens_next(answer, lang),
        hours=hours(profile.support_hours, lang),
    )


def tel(number: str) -> str:
    """A `tel:` address; eleven digits that begin with 1 are a number in North America."""
    digits = "".join(c for c in number if c.isdigit())
    if len(digits) == 10:
        digits = f"1{digits}"
    return f"tel:+{digits}"


def hours(given: tuple[Hours, ...], lang: str) -> str:
    """`Monday to Friday, 8:30 am to 5:30 pm`: days in a row with the same hours are one stretch."""
    names = texts(lang, "dates.weekdays")
    return "; ".join(
        text(
            lang,
            "hours.days" if len(run) > 1 else "hours.one_day",
            first=names[run[0].weekday],
            last=names[run[-1].weekday],
            opens=_clock(run[0].opens, lang),
            closes=_clock(run[0].closes, lang),
        )
        for run in runs(given)
    )


def runs(given: tuple[Hours, ...]) -> list[tuple[Hours, ...]]:
    """Days in a row with the same hours, in the order of the week."""
    found: list[tuple[Hours, ...]] = []
    for each in sorted(given, key=lambda h: (h.weekday, h.opens)):
        if found and _goes_on(found[-1][-1], each):
            found[-1] += (each,)
        else:
            found.append((each,))
    return found


def _goes_on(last: Hours, each: Hours) -> bool:
    same = (last.opens, last.closes) == (each.opens, each.closes)
    return same and last.weekday + 1 == each.weekday


def newest_terms(terms: tuple[Terms, ...], document: str, today: date) -> Terms | None:
    """The version of a document that is in effect today."""
    good = [t for t in terms if t.document == document and t.effective <= today]
    return max(good, key=lambda t: t.effective, default=None)


def today_at(zone: str, now: datetime) -> date:
    """The practice's date."""
    return now.astimezone(ZoneInfo(zone)).date()


def _line(phone: Phone, lang: str) -> Line:
    """The practice labels its lines in English; other languages name the purpose."""
    ours = text(lang, f"phones.{phone.purpose}") if phone.purpose in KNOWN else ""
    label = phone.label or ours if lang == "en" else ours or phone.label
    return Line(phone.purpose, label, phone.number, tel(phone.number))


def _opens_next(answer: ProfileAnswer, lang: str) -> str:
    if answer.support_opens_next is None:
        return ""
    when = datetime.fromisoformat(answer.support_opens_next)
    zone = answer.profile.zone
    return text(
        lang,
        "hours.opens_next",
        weekday=dates.weekday(when, zone, lang),
        day=dates.day(when, zone, lang),
        clock=dates.clock(when, zone, lang),
    )


def _clock(at: time, lang: str) -> str:
    return dates.clock(datetime.combine(date(2000, 1, 3), at, ZoneInfo("UTC")), "UTC", lang)
