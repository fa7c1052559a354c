"""What came for a patient, orders and reports, and where each stands; never a value (S12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from contracts.labs import TrailAnswer, TrailRow
from kernel.clock import from_micros
from kernel.projection import Row
from services.labs.events.order import OrderPosted
from services.labs.events.report import ReportPosted
from services.labs.reading import is_open
from services.labs.shapes import Judgement
from services.labs.views.order import ORDER
from services.labs.views.reports import JUDGEMENT, POSTED

MOST_ROWS = 500
NO_NAME = "Laboratory order"
State = Literal[
    "waiting", "visible", "correcting", "blocked", "held", "external", "age", "withdrawn"
]


@dataclass(frozen=True, slots=True)
class _Report:
    """A report with what decides where it stands. `correcting` is None where nothing is shown."""

    row: Row
    posted: ReportPosted
    judgement: Judgement
    open: bool
    correcting: bool | None


def trail(
    reports: Sequence[Row], orders: Sequence[Row], gate: Row, seen: Mapping[str, bool]
) -> TrailAnswer:
    """Reports and the orders without one, newest first.

    `seen` are the reports in the patient's own list, with whether they are being corrected.
    """
    found = [_report(row, gate, seen) for row in reports]
    asked = [(ORDER.validate_json(row["body"]), from_micros(row["received"])) for row in orders]
    have = {number for each in found for number in each.posted.numbers}
    rows = [_row(each, [order for order, _ in asked]) for each in found]
    rows += [_order(order, at) for order, at in asked if have.isdisjoint(order.numbers)]
    rows.sort(key=lambda row: row.received, reverse=True)
    return TrailAnswer(rows=tuple(rows[:MOST_ROWS]))


def _report(row: Row, gate: Row, seen: Mapping[str, bool]) -> _Report:
    return _Report(
        row,
        POSTED.validate_json(row["body"]),
        JUDGEMENT.validate_json(row["judgement"]),
        is_open({"born": gate["born"], "zone": gate["zone"], "acquired": row["collected"]}),
        seen.get(row["report"]),
    )


def _row(report: _Report, orders: Sequence[OrderPosted]) -> TrailRow:
    posted = report.posted
    state, category = _stands(report)
    return TrailRow(
        report=posted.report,
        name=report.row["name"],
        numbers=posted.numbers,
        orderer=report.judgement.ordered_by or report.row["orderer"],
        ordered=posted.ordered or _ordered(posted.numbers, orders),
        collected=posted.acquired,
        received=from_micros(report.row["received"]),
        state=state,
        category=category,
        policy=report.judgement.policy,
    )


def _ordered(numbers: tuple[str, ...], orders: Sequence[OrderPosted]) -> datetime | None:
    """When its order was given, where the report itself does not say."""
    return next((o.ordered for o in orders if not set(o.numbers).isdisjoint(numbers)), None)


def _order(order: OrderPosted, received: datetime) -> TrailRow:
    return TrailRow(
        report=None,
        name=", ".join(order.codes) or NO_NAME,
        numbers=order.numbers,
        orderer=order.orderer_name or " ".join(order.orderer_ids),
        ordered=order.ordered,
        collected=None,
        received=received,
        state="cancelled" if order.cancelled else "ordered",
    )


def _stands(report: _Report) -> tuple[State, str]:
    """Where it stands, and the category where it is blocked whole."""
    if report.correcting is not None:
        return ("correcting" if report.correcting else "visible"), ""
    if report.posted.status == "wrong":
        return "withdrawn", ""
    rulings = [each.ruling for each in report.judgement.values] or [report.judgement.order]
    verdicts = {ruling.verdict for ruling in rulings}
    if "release" in verdicts:
        return _not_shown(report), ""
    if "hold" in verdicts:
        return "held", ""
    category = rulings[0].category
    return ("external", "") if category == "external" else ("blocked", category)


def _not_shown(report: _Report) -> State:
    """Why the patient does not see what the content gates release."""
    if not report.open:
        return "age"
    return "waiting" if report.row["waiting"] else "withdrawn"
