"""Connections in words: on which basis, how far, what comes, and where mail about each person goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from contracts.identity import Connection, ConnectionsAnswer
from frontend.presenters.people import spoken

Words = Callable[..., str]
Day = Callable[[date], str]

STATES: Final[dict[str, str]] = {
    "open": "green",
    "agreement-due": "amber",
    "unconfirmed": "blue",
    "not-yet": "blue",
    "expired": "grey",
    "grown-up": "grey",
    "unavailable": "grey",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One connection. `why` says what a closed one waits for; `coming` what is going to change it."""

    patient: str
    name: str
    given: str
    own: bool
    basis: str
    state: str
    kind: str
    why: str
    href: str
    since: str
    coming: tuple[str, ...]
    mail: str
    needs_address: bool


def rows(answer: ConnectionsAnswer, t: Words, day: Day) -> list[Row]:
    """The own record first, as it came."""
    return [_row(each, t, day) for each in answer.connections]


def _row(each: Connection, t: Words, day: Day) -> Row:
    own = each.basis == "self"
    given = each.name.given or spoken(each.name)
    return Row(
        patient=each.patient,
        name=spoken(each.name),
        given=given,
        own=own,
        basis=t(f"connections.basis_{each.basis}"),
        state=t(f"connections.state_{_key(each.state)}"),
        kind=STATES[each.state],
        why="" if each.state == "open" else t(f"connections.why_{_key(each.state)}", name=given),
        href=_href(each),
        since=day(each.since),
        coming=_coming(each, given, t, day),
        mail=_mail(each, t),
        needs_address=each.mail == "needs-address",
    )


def _href(each: Connection) -> str:
    """Where its record opens, the agreement first where that is due; empty for one that does not."""
    if each.state not in ("open", "agreement-due"):
        return ""
    return "/home" if each.basis == "self" else f"/for/{each.patient}/home"


def _coming(each: Connection, given: str, t: Words, day: Day) -> tuple[str, ...]:
    found = []
    if each.turns_12:
        found.append(t("connections.turns_12", name=given, day=day(each.turns_12)))
    if each.turns_18:
        key = "turns_18" if each.basis == "parent" else "turns_18_caregiver"
        found.append(t(f"connections.{key}", name=given, day=day(each.turns_18)))
    if each.until:
        found.append(t("connections.until", day=day(each.until)))
    return tuple(found)


def _mail(each: Connection, t: Words) -> str:
    said = {
        "sent": t("connections.mail_sent", address=each.mail_to),
        "needs-address": t("connections.mail_needs"),
        "off": t("connections.mail_off"),
    }[each.mail]
    if each.mail_waits:
        said += ". " + t("connections.mail_waits", address=each.mail_waits)
    return said


def _key(state: str) -> str:
    return state.replace("-", "_")
