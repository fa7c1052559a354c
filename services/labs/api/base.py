"""The one `API` that the modules beside this one add to, and what they share."""

from __future__ import annotations

from contracts.common import Caller
from kernel.api import Api, Call
from kernel.decider import Refused
from kernel.turn import Turn
from services.labs.judging import Deps
from services.labs.views.results import SURVIVOR

API: Api[Deps, Caller] = Api("labs")
LabsCall = Call[Deps, Caller]
SENDER = "interop"

NOT_FOUND = Refused("not-found", "There is no such result here.", 404)


async def survivor(turn: Turn, patient: str) -> str:
    """Whom this id means after merges that were heard of (ADT A40)."""
    while rows := await turn.glance(SURVIVOR, patient=patient):
        patient = rows[0]["into"]
    return patient
