"""Who looked at a record, in plain words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.identity import AccessRow
from frontend.texts import look_up, text


@dataclass(frozen=True, slots=True)
class Look:
    """One line. `emergency` stands out."""

    at: datetime
    name: str
    role: str
    what: str
    how: str
    emergency: bool
    why: str


def looks(rows: Iterable[AccessRow], lang: str) -> list[Look]:
    """Newest first, as they came. A role without words of its own is left out."""
    return [
        Look(
            at=row.at,
            name=row.name,
            role=look_up(lang, f"access_log.role_{row.role}") or "",
            what=text(lang, f"access_log.what_{row.what}"),
            how=text(lang, f"access_log.how_{_how(row)}"),
            emergency=row.how == "break-glass",
            why=row.why,
        )
        for row in rows
    ]


def _how(row: AccessRow) -> str:
    """Who keeps the release policy comes by the desk's way, and does something else there."""
    return "policy" if row.role == "policy" else row.how.replace("-", "_")
