"""What became of one message while it is handed over: counts, the gravest outcome, its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from contracts.interop import Outcome
from kernel.bus.requests import Unavailable
from kernel.decider import Refused
from services.interop.events.message import MessageSettled
from services.interop.parcel import Translated

NOT_THE_MESSAGE = frozenset({401, 403, 408, 429})
"""Statuses of a refusal that says nothing about the message: it is tried again."""

REASONS = {
    "identity-conflict": "The identifiers or demographics contradict the patient index",
    "patient-differs": "The report is known for another patient",
}
"""Refusals by their stable code, in words without patient data."""


@dataclass(slots=True)
class Tally:
    """What has been handed over so far, and the first thing that went wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    outcome: Outcome = "applied"
    reason: str = ""
    code: str = ""
    where: str = ""

    def worse(self, outcome: Outcome, reason: str, code: str = "", where: str = "") -> None:
        """Note an outcome; the gravest is the message's, with the first reason of that gravity."""
        order: tuple[Outcome, ...] = ("applied", "held", "quarantined", "refused")
        if order.index(outcome) > order.index(self.outcome):
            self.outcome, self.reason, self.code, self.where = outcome, reason, code, where


def settled(id: str, seen: Tally, kind: str, sender: str, attempt: int = 0) -> MessageSettled:
    """The event that says it."""
    return MessageSettled(
        message=id,
        outcome=seen.outcome,
        kind=kind,
        sender=sender,
        reason=seen.reason[:200],
        code=seen.code,
        where=seen.where,
        counts=dict(sorted(seen.counts.items())),
        attempt=attempt,
    )


def kind_of(one: Translated) -> str:
    """The message's kind as the summary counts it: as sent, also where it is read as another."""
    return one.header.kind[:60]


def about_the_message(refusal: Refused) -> None:
    """Raises Unavailable for a refusal of us (a token, a limit), not of what we brought."""
    if refusal.status in NOT_THE_MESSAGE:
        raise Unavailable(f"refused with {refusal.status}") from refusal


def reason_of(refusal: Refused, service: str) -> str:
    """Why a service refused, in words without patient data."""
    return REASONS.get(refusal.code, f"Refused by {service}: {refusal.code}")


def short_reasons(reasons: Sequence[str]) -> str:
    """The reasons for which labs holds a report, as one short text."""
    return ", ".join(dict.fromkeys(reasons))[:200] or "held"
