"""The kernel's own private events: what operators do to a service, kept in that service's log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from kernel.decider import Decider
from kernel.phi import PhiRepr


@dataclass(frozen=True, slots=True, repr=False)
class ParkedWorkSettled(PhiRepr):
    """An operator had failed work tried again, or gave it up, and why. The record's actor is who.

    `position` is that of the event which the reaction could not handle.
    """

    reaction: str
    position: int
    how: Literal["retried", "skipped"]
    reason: str


KERNELS_OWN: Final[dict[str, type]] = {"kernel.ParkedWorkSettled": ParkedWorkSettled}
"""Stored under the kernel's name, so that no service's own event can take it. Never published."""

PARKED_WORK: Final[Decider[None]] = Decider("parked-work", None, lambda state, event: state)
"""One stream per (reaction, position); nothing is decided from it."""
