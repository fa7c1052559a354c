"""Reports held because something is not known, and what a person can say about it (S5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from contracts.labs import HeldRow
from contracts.practice import Provider

EXTERNAL: Final = "external"
REASONS: Final[dict[str, str]] = {
    "code": "Unknown code",
    "orderer": "Unknown orderer",
    "collection-time": "No collection time",
}


@dataclass(frozen=True, slots=True)
class Unknown:
    """A code to map; `field` is the id of its choice on the page."""

    field: str
    system: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One held report. `waits_above`: its codes, or its orderer, are asked for further up on the page.

    `asks_orderer` is `name` where the report names somebody, who is then known for good, `report` where
    it names nobody, and empty where nothing is asked.
    """

    report: str
    name: str
    sender: str
    orderer: str
    reported: datetime
    reasons: tuple[str, ...]
    codes: tuple[Unknown, ...]
    waits_above: bool
    field: str
    asks_orderer: str
    needs_sender: bool


def rows(found: Iterable[HeldRow]) -> list[Row]:
    """Oldest first; a code or an orderer that several reports wait for is asked for once."""
    asked: set[tuple[str, ...]] = set()
    return [_row(each, place, asked) for place, each in enumerate(found, 1)]


def orderers(providers: Iterable[Provider]) -> list[tuple[str, str]]:
    """Who may have ordered; nobody is chosen beforehand."""
    listed = [(p.id, f"{p.name} ({p.specialty})" if p.specialty else p.name) for p in providers]
    outside = (EXTERNAL, "Nobody of this practice: keep it out of the portal")
    return [("", "Choose who ordered"), *listed, outside]


def _row(held: HeldRow, place: int, asked: set[tuple[str, ...]]) -> Row:
    codes = _codes(held, place, asked)
    asks_orderer = _asks_orderer(held, asked)
    orderer_above = "orderer" in held.reasons and not asks_orderer
    return Row(
        report=held.report,
        name=held.name or "Order without a name",
        sender=held.sender,
        orderer=held.orderer or ", ".join(held.orderer_ids),
        reported=held.reported,
        reasons=tuple(REASONS.get(reason, reason) for reason in held.reasons),
        codes=codes,
        waits_above=len(codes) < len(held.unknown_codes) or orderer_above,
        field=f"provider-{place}",
        asks_orderer=asks_orderer,
        needs_sender="collection-time" in held.reasons,
    )


def _codes(held: HeldRow, place: int, asked: set[tuple[str, ...]]) -> tuple[Unknown, ...]:
    """The codes that no report further up asks for."""
    codes = []
    for number, coding in enumerate(held.unknown_codes, 1):
        key = ("code", held.sender, coding.system, coding.code, "" if coding.code else coding.text)
        if key not in asked:
            asked.add(key)
            field = f"category-{place}-{number}"
            codes.append(Unknown(field, coding.system, coding.code, coding.text))
    return tuple(codes)


def _asks_orderer(held: HeldRow, asked: set[tuple[str, ...]]) -> str:
    """One answer counts for all that its sender sends under the same id, or name where there is none."""
    if "orderer" not in held.reasons:
        return ""
    names = held.orderer_ids or ((held.orderer,) if held.orderer else ())
    if not names:
        return "report"
    keys = {("orderer", held.sender, " ".join(name.upper().split())) for name in names}
    if keys & asked:
        return ""
    asked |= keys
    return "name"
