"""What waits for the reader on the start page, or what they should know of their family."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from contracts.identity import Connection, ConnectionsAnswer
from frontend.presenters.connections import Day, Words
from frontend.presenters.people import spoken

NOTICE: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Need:
    """`href` leads to what is to be done; empty for what is only to be known."""

    title: str
    words: str
    href: str
    action: str


def needs(answer: ConnectionsAnswer, today: date, t: Words, day: Day, base: str) -> list[Need]:
    """Agreements due (R32), addresses asked for (decision g), birthdays within 30 days (R54)."""
    return [
        Need(
            title=t(f"needs.{kind}_title", name=given, day=on),
            words=t(f"needs.{kind}", name=given, day=on),
            href=href,
            action=t(f"needs.{kind}_do") if href else "",
        )
        for each in answer.connections
        for given in [each.name.given or spoken(each.name)]
        for kind, href, on in _of(each, today, day, base)
    ]


def _of(each: Connection, today: date, day: Day, base: str) -> Iterator[tuple[str, str, str]]:
    """(what, where to do it, on which day) for one connection."""
    address = f"{base}/connections/{each.patient}/mail"
    parent = each.basis == "parent"
    if each.state == "agreement-due":
        yield "agreement", f"/agreement?for={each.patient}", ""
    if each.mail == "needs-address":
        yield "address", address, ""
    soon = today + NOTICE
    if each.turns_12 and each.turns_12 <= soon:
        kind, href = ("turns_12", address) if parent else ("turns_12_caregiver", "")
        yield kind, href, day(each.turns_12)
    if each.turns_18 and each.turns_18 <= soon and parent:
        yield "turns_18", "", day(each.turns_18)
