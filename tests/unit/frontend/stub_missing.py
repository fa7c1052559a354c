"""Canned answers about missing results: a question in every state, the queue, what came."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from contracts import labs
from contracts.common import Done
from contracts.labs import MissingRow, MyMissing, TrailRow
from tests.unit.frontend.stub import NOW, Stub

TODAY = date(2026, 3, 4)


def mine(ticket: str, state: Any, reply: Any = "", **more: Any) -> MyMissing:
    """An own question with the usual rest."""
    filled: dict[str, Any] = {
        "test": "Lipid panel",
        "provider": "Alice Chen, MD",
        "phone": "1-415-555-0111",
        "collected": TODAY - timedelta(days=20),
        "asked": NOW - timedelta(days=1),
        "due": TODAY + timedelta(days=1),
        "answered": NOW if reply else None,
    }
    return MyMissing(ticket=ticket, state=state, reply=reply, **filled | more)


MINE = (
    mine("t9", "open", test="Thyroid panel"),
    mine("t8", "taken", test="Vitamin D"),
    mine("t7", "answered", "contact-provider"),
    mine("t6", "answered", "in-portal", test="Complete blood count"),
    mine("t5", "answered", "contact-provider", phone="", test="Ferritin"),
)


def ticket(ticket: str, state: Any, days: int, **more: Any) -> MissingRow:
    """A question of the queue that came so many days ago."""
    filled: dict[str, Any] = {
        "patient": "p1",
        "test": "Lipid panel",
        "provider": "Alice Chen, MD",
        "collected": TODAY - timedelta(days=20),
        "asked": NOW - timedelta(days=days),
        "due": TODAY - timedelta(days=days - 2),
        "overdue": days > 2,
        "taken_by": "",
        "mine": False,
    }
    return MissingRow(ticket=ticket, state=state, **filled | more)


TICKETS = (
    ticket("t1", "taken", 4, taken_by="Sam Ortega", mine=True),
    ticket("t2", "taken", 2, taken_by="Kim Doyle", patient="p3", test="Ferritin"),
    ticket("t3", "open", 0, test="Vitamin D"),
)


def came(name: str, state: Any, report: str | None, **more: Any) -> TrailRow:
    """An order or a report with the usual rest."""
    filled: dict[str, Any] = {
        "numbers": ("F-100",),
        "orderer": "Alice Chen, MD",
        "ordered": NOW - timedelta(days=21),
        "collected": NOW - timedelta(days=20),
        "received": NOW - timedelta(days=19),
    }
    return TrailRow(report=report, name=name, state=state, **filled | more)


TRAIL = (
    came("Lipid panel", "blocked", "r7", category="hepatitis", policy="2026-01-01.a1b2"),
    came("Vitamin D", "ordered", None, collected=None),
    came("Ferritin", "visible", "r8"),
)


def add(made: Stub) -> None:
    """What the pages about missing results ask, answered."""
    made.answers |= {
        labs.GetMyMissing: labs.MyMissingAnswer(tickets=MINE),
        labs.ReportMissing: Done(id="t9"),
        labs.GetMissingTickets: labs.MissingTicketsAnswer(tickets=TICKETS),
        labs.TakeMissing: Done(id="t3"),
        labs.AnswerMissing: Done(id="t1"),
        labs.GetTrail: labs.TrailAnswer(rows=TRAIL),
    }
