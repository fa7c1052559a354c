"""Events of a patient's chart as a whole: who of the staff looked at it (S14)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from kernel.phi import Phi, PhiRepr

How = Literal["care-team", "cover", "break-glass", "policy"]


@dataclass(frozen=True, slots=True, repr=False)
class ChartLooked(PhiRepr):
    """An account saw this patient's results as the directory's `provider`, or, as `policy`, what the
    gates said of one and no value. Published.
    """

    OWNER: ClassVar[str] = "patient"
    patient: str
    account: str
    provider: Phi[str]
    how: How
    at: datetime
