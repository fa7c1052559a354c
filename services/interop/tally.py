"""What became of one message while it is handed over: counts, the gravest outcome, its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from contracts.interop import Outcome
from kernel.bus.requests import Unavailable
from kernel.decider import Refused
from kernel.envelope import Command
from services.interop.parcel import Translated

NOT_THE_MESSAGE = frozenset({401, 403, 408, 429})
"""Statuses of a refusal that says nothing about the message: it is tried again."""

GRAVITY: tuple[Outcome, ...] = ("applied", "kept", "held", "quarantined", "refused")
REASONS = {
    "identity-conflict": "The identifiers or demographics contradict the patient index",
    "patient-differs": "The report is known for another patient",
    "not-found": "Nobody here has this patient's number",
    "enrolled": "Somebody is connected to the record that gives way: a person must merge them",
}
"""Refusals by their stable code, in words without patient data."""


@dataclass(slots=True)
class Tally:
    """What has been handed over so far, and the first thing that went wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    waits: Counter[str] = field(default_factory=Counter)
    outcome: Outcome = "applied"
    reason: str = ""
    code: str = ""
    where: str = ""

    def worse(self, outcome: Outcome, reason: str, code: str = "", where: str = "") -> None:
        """Note an outcome; the gravest is the message's, with the first reason of that gravity."""
        if GRAVITY.index(outcome) > GRAVITY.index(self.outcome):
            self.outcome, self.reason, self.code, self.where = outcome, reason, code, where

    def wait(self, command: Command) -> None:
        """A command's service is not there yet."""
        name = type(command).__name__
        self.counts[f"{name} kept for later"] += 1
        self.waits[f"{command.service}.{name}"] += 1
        self.worse("kept", f"Kept until {command.service} takes it")


def kind_of(translated: Sequence[Translated]) -> str:
    """The message's kind as its sender calls it; a file of several kinds is a batch."""
    kinds = {one.header.kind[:60] for one in translated}
    return kinds.pop() if len(kinds) == 1 else "batch"


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
