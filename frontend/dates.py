"""Dates and times as people read them: in the practice's zone, in the reader's language."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from frontend.texts import text, texts


def day(when: date | datetime, zone: str, lang: str) -> str:
    """`November 24, 2026`."""
    local = when.astimezone(ZoneInfo(zone)).date() if isinstance(when, datetime) else when
    month = texts(lang, "dates.months")[local.month - 1]
    return text(lang, "dates.day", month=month, day=local.day, year=local.year)


def short_day(when: datetime, zone: str, lang: str) -> str:
    """`Nov 24, 2026`, where there is little room. In both languages three letters tell a month."""
    local = when.astimezone(ZoneInfo(zone)).date()
    month = texts(lang, "dates.months")[local.month - 1][:3]
    return text(lang, "dates.short_day", month=month, day=local.day, year=local.year)


def clock(when: datetime, zone: str, lang: str) -> str:
    """`2:45 pm`."""
    local = when.astimezone(ZoneInfo(zone))
    half = "pm" if local.hour >= 12 else "am"
    return text(
        lang,
        "dates.clock",
        hour12=local.hour % 12 or 12,
        hour=local.hour,
        minute=f"{local.minute:02d}",
        half=half,
    )


def moment(when: datetime, zone: str, lang: str) -> str:
    """`November 24, 2026 at 2:45 pm`."""
    parts = {"day": day(when, zone, lang), "clock": clock(when, zone, lang)}
    return text(lang, "dates.moment", **parts)


def weekday(when: datetime, zone: str, lang: str) -> str:
    """`Monday`."""
    return texts(lang, "dates.weekdays")[when.astimezone(ZoneInfo(zone)).weekday()]
