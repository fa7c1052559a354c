"""Events of what a patient has opened."""

from __future__ import annotations

from dataclasses import dataclass

from kernel.phi import PhiRepr


@dataclass(frozen=True, slots=True, repr=False)
class ResultSeen(PhiRepr):
    """The patient opened this result."""

    report: str
    patient: str
