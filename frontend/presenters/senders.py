"""How one sender is read, as a form: rows of `from` and `to`, a zone, a character set."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import available_timezones

from contracts.interop import SenderProfile
from frontend.forms import Form

AT: Final = "/staff/senders"
SPARE: Final = 3
"""Empty rows below the filled ones. Saving gives new ones, so no list has an end."""
MOST: Final = 50
CHARSETS: Final = (
    ("", "As the message says, else UTF-8"),
    ("UNICODE UTF-8", "UTF-8"),
    ("8859/1", "ISO 8859-1, Western Europe"),
    ("8859/15", "ISO 8859-15, Western Europe with €"),
    ("CP1252", "Windows-1252"),
    ("8859/2", "ISO 8859-2, Central Europe"),
    ("8859/3", "ISO 8859-3, South Europe"),
    ("8859/4", "ISO 8859-4, North Europe"),
    ("8859/5", "ISO 8859-5, Cyrillic"),
    ("8859/6", "ISO 8859-6, Arabic"),
    ("8859/7", "ISO 8859-7, Greek"),
    ("8859/8", "ISO 8859-8, Hebrew"),
    ("8859/9", "ISO 8859-9, Turkish"),
    ("ISO IR87", "ISO 2022-JP, Japanese"),
    ("GB 18030-2000", "GB 18030, Chinese"),
    ("BIG-5", "Big5, Chinese"),
    ("KS X 1001", "KS X 1001, Korean"),
    ("ASCII", "ASCII"),
)
LISTS: Final = ("authorities", "kinds")
HALF: Final = {
    "authorities": "Say which authority is meant",
    "kinds": "Say both: what comes, and as what it is read",
}
TWICE: Final = "This stands in two rows. Leave one of them."


def charsets(chosen: str) -> list[tuple[str, str]]:
    """What there is to choose from; one that was set otherwise stays."""
    known = dict(CHARSETS)
    return [*CHARSETS, *([] if chosen in known else [(chosen, chosen)])]


def address(sender: str) -> str:
    """The page of a sender: names come from outside and may hold anything."""
    return f"{AT}/{quote(sender, safe='')}"


@cache
def zones() -> tuple[str, ...]:
    """Places of the IANA list; aliases without a place are left out."""
    known = (zone for zone in available_timezones() if "/" in zone)
    return tuple(sorted(zone for zone in known if not zone.startswith(("Etc/", "SystemV/"))))


def filled(profile: SenderProfile) -> Form:
    """The profile as its form shows it."""
    form = Form({"zone": profile.zone, "charset": profile.charset})
    for name in LISTS:
        pairs: Mapping[str, str] = getattr(profile, name)
        form.values[f"{name}-rows"] = str(min(len(pairs) + SPARE, MOST))
        for number, (source, target) in enumerate(pairs.items(), 1):
            form.values |= {f"{name}-from-{number}": source, f"{name}-to-{number}": target}
    return form


def count(form: Form, name: str) -> int:
    """How many rows of a list the form has."""
    typed = form.number(f"{name}-rows")
    return min(typed, MOST) if isinstance(typed, int) else SPARE


def typed(form: Form, sender: str) -> dict[str, Any]:
    """The profile that was typed. What a row lacks is said beside it."""
    profile: dict[str, Any] = {"sender": sender, "zone": form.get("zone")}
    profile["charset"] = form.get("charset")
    return profile | {name: _pairs(form, name) for name in LISTS}


def _pairs(form: Form, name: str) -> dict[str, str]:
    """An authority without a new name gives numbers that name nobody; a kind needs both sides."""
    found: dict[str, str] = {}
    for number in range(1, count(form, name) + 1):
        source, target = form.get(f"{name}-from-{number}"), form.get(f"{name}-to-{number}")
        if (target and not source) or (name == "kinds" and source and not target):
            form.errors[f"{name}-from-{number}"] = HALF[name]
        elif source in found:
            form.errors[f"{name}-from-{number}"] = TWICE
        elif source:
            found[source] = target
    return found


def beside(refused: Mapping[str, str]) -> dict[str, str]:
    """The service's sentences beside the fields of this form: `profile.zone` is `zone`."""
    return {_place(name): said for name, said in refused.items()}


def _place(name: str) -> str:
    field = name.removeprefix("profile.").partition(".")[0]
    if field in LISTS:
        return f"{field}-from-1"
    return field if field in ("zone", "charset") else ""
