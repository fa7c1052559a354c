"""Events of one order: what was asked for, before there is any result (S12)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from kernel.phi import Phi, PhiRepr


@dataclass(frozen=True, slots=True, repr=False)
class OrderPosted(PhiRepr):
    """A version of an order came in. By its `numbers` a report is found to belong to it."""

    OWNER: ClassVar[str] = "patient"
    order: str
    patient: str
    sender: str
    numbers: tuple[str, ...]
    orderer_ids: Phi[tuple[str, ...]]
    orderer_name: Phi[str]
    codes: Phi[tuple[str, ...]]
    ordered: datetime | None
    stated: datetime
    cancelled: bool
