"""scheduling: visits. The service is not built yet: interop keeps what it will hand over to it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from contracts.common import Id, ShortText
from contracts.labs import Coding
from kernel.envelope import Command
from kernel.phi import Phi

VisitState = Literal[
    "booked", "rescheduled", "changed", "cancelled", "discontinued", "deleted", "no-show",
    "arrived", "admitted", "discharged", "completed", "unknown",
]  # fmt: skip
"""SIU S12-S17 and S26, ADT A01, A03, A04 and A11 (which cancels an arrival), FHIR Encounter."""


class PostVisit(Command):
    """A visit as the practice's own system states it (SIU, the PV1 of an ADT, FHIR Encounter).

    `sender` and `source` (filler appointment number, else placer's, else visit number or resource
    id) name it; the newest `stated` counts. `trigger` is the event as sent, such as `SIU^S15`.
    """

    service: ClassVar[str] = "scheduling"
    patient: Id
    sender: ShortText
    source: ShortText = Field(min_length=1)
    stated: datetime
    trigger: ShortText
    state: VisitState
    starts: datetime | None = None
    ends: datetime | None = None
    reasons: Phi[tuple[Coding, ...]] = ()
    kind: Phi[tuple[Coding, ...]] = ()
    providers: Phi[tuple[ShortText, ...]] = ()
    """Ids of those who see the patient, in the sender's order."""
    provider_names: Phi[tuple[ShortText, ...]] = ()
    place: Phi[ShortText] = ""
    video: bool = False
    note: Phi[str] = ""
