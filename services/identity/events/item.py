"""What somebody asks of support, and what the portal tells staff (S1, S3, S13).

The names and fields of these classes are the storage format: only ever add to them. A request is
kept under a key of its own: whom it describes nobody has checked yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from contracts.identity import ItemKind
from kernel.phi import Phi, PhiRepr
from services.identity.asking import Asked


@dataclass(frozen=True, slots=True, repr=False)
class ItemOpened(PhiRepr):
    """Somebody asks, or the portal tells. `patient` is empty where staff must find out who is meant."""

    OWNER: ClassVar[str] = "item"
    item: str
    kind: ItemKind
    account: str
    patient: str
    asked: Phi[Asked]
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class ItemTaken(PhiRepr):
    """One of support works on it, and nobody else."""

    OWNER: ClassVar[str] = "item"
    item: str
    by: str
    name: Phi[str]


@dataclass(frozen=True, slots=True)
class ItemDone:
    """What was asked for is done."""

    item: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class ItemRejected(PhiRepr):
    """It was refused, or a notice was read; `answer` is for who asked."""

    OWNER: ClassVar[str] = "item"
    item: str
    by: str
    answer: Phi[str]
    at: datetime


@dataclass(frozen=True, slots=True)
class ItemOverdue:
    """It still waited when its business days had passed: a breach (R57)."""

    item: str
    due: datetime
