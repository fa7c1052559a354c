"""The one `API` that the modules beside this one add to, and what they share."""

from __future__ import annotations

from contracts.common import Caller
from kernel.api import Api, Call
from kernel.decider import Refused
from services.labs.judging import Deps

API: Api[Deps, Caller] = Api("labs")
LabsCall = Call[Deps, Caller]
SENDER = "interop"

NOT_FOUND = Refused("not-found", "There is no such result here.", 404)
