"""Events of a question about a result that does not come: asked, taken, answered, overdue (R21)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Literal

from kernel.phi import Phi, PhiRepr

Reply = Literal["contact-provider", "in-portal"]


@dataclass(frozen=True, slots=True, repr=False)
class MissingReported(PhiRepr):
    """Somebody misses a result of this patient's. `by` is an account, `provider` who ordered it."""

    OWNER: ClassVar[str] = "patient"
    ticket: str
    patient: str
    test: Phi[str]
    provider: str
    collected: date
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class MissingTaken(PhiRepr):
    """One of the staff works on it, and nobody else."""

    OWNER: ClassVar[str] = "patient"
    ticket: str
    patient: str
    by: str
    name: Phi[str]


@dataclass(frozen=True, slots=True, repr=False)
class MissingReplied(PhiRepr):
    """It has its answer, one of two that are the same for everybody. Published."""

    OWNER: ClassVar[str] = "patient"
    ticket: str
    patient: str
    reply: Reply
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MissingOverdue:
    """It still waited when its business days had passed: a breach."""

    ticket: str
    due: datetime
