"""What waits at the demo's desks: messages in the quarantine, a missing result, a change of the policy."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from contracts.common import Caller, Done, Role
from contracts.labs import DraftPolicy, DryRunPolicy, PolicyChange, ReportMissing
from portal.demo.asking import Send
from portal.demo.enrolling import card_of
from portal.demo.hl7 import lab_order, spoiled
from portal.demo.people import PARENT, Person
from portal.demo.results import ORDERERS

WAITED_DAYS = 12
"""Since the sample whose result is missing was taken; after seven days one may ask (R21)."""
ORDERED = ("3016-3", "Thyroid stimulating hormone")


def desk_messages(mother: Person, others: tuple[Person, Person], anchor: datetime) -> list[bytes]:
    """An order whose result never came, and what no portal can take: it waits for staff."""
    ordered = anchor - timedelta(days=WAITED_DAYS)
    return [lab_order(mother, ORDERERS["chen"], *ORDERED, ordered), *spoiled(others, anchor)]


async def ask_for_missing(send: Send, account: str, today: date) -> None:
    """The mother misses the result of that order."""
    card = await card_of(send, PARENT)
    if card is None:
        raise LookupError(f"{PARENT} is not in the index: their ADT was not taken")
    patient = Caller(subject=account, role=Role.PATIENT, patient=card.patient, basis="self")
    collected = today - timedelta(days=WAITED_DAYS)
    missing = ReportMissing(test=ORDERED[1], provider="chen", collected=collected)
    await send(missing, Done, patient, "demo-missing")


async def draft_change(send: Send, author: Caller, today: date) -> None:
    """A change that waits for a second person, with what it would do."""
    change = PolicyChange(
        kind="release-imaging",
        codes=("36643-5",),
        reason="Patients may read their chest X-ray reports once reviewed",
    )
    draft = DraftPolicy(
        title="Chest X-ray reports are released",
        effective=today + timedelta(days=30),
        changes=(change,),
    )
    made = await send(draft, Done, author, "demo-policy-draft")
    run = DryRunPolicy(draft=made.id, revision=1)
    await send(run, Done, author, "demo-policy-dry-run")
