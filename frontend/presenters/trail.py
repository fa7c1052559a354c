"""What came for one patient, orders and reports, in words (S12)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from contracts.labs import TrailRow
from frontend.presenters.categories import in_words

STATES: Final = {
    "ordered": ("Ordered, nothing came yet", "grey"),
    "cancelled": ("Order cancelled", "grey"),
    "waiting": ("Waits for review", "amber"),
    "visible": ("In the portal", "green"),
    "correcting": ("Being corrected", "amber"),
    "blocked": ("Blocked", "red"),
    "held": ("Held: something is not known", "amber"),
    "external": ("Ordered outside the practice", "grey"),
    "age": ("Acquired at 12 to 17", "grey"),
    "withdrawn": ("Withdrawn", "grey"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """An order or a report. `times` are (what, when); `report` is None for an order without one."""

    report: str | None
    name: str
    numbers: str
    orderer: str
    times: tuple[tuple[str, datetime], ...]
    tag: tuple[str, str]
    category: str


def rows(found: Iterable[TrailRow]) -> list[Row]:
    """Newest first, as given."""
    return [_row(each) for each in found]


def policies(found: Iterable[TrailRow]) -> list[str]:
    """The versions of the release policy that judged them: one, unless they are being judged again."""
    return sorted({each.policy for each in found if each.policy})


def _row(row: TrailRow) -> Row:
    times = (("Ordered", row.ordered), ("Collected", row.collected), ("Received", row.received))
    return Row(
        report=row.report,
        name=row.name or "Order without a name",
        numbers=", ".join(row.numbers),
        orderer=row.orderer or "Nobody is named",
        times=tuple((what, when) for what, when in times if when),
        tag=STATES[row.state],
        category=in_words(row.category) if row.category else "",
    )
