"""Patients read only what every gate lets through; all else is `not-found`."""

from __future__ import annotations

from contracts.common import Done, Role
from contracts.labs import GetResult, GetResults, MarkSeen
from services.labs.api.base import API, NOT_FOUND, LabsCall
from services.labs.decider.seen import SEEN
from services.labs.events.seen import ResultSeen
from services.labs.reading import is_open, result_json, results_json
from services.labs.views.results import EARLIER, OF_PATIENT, ONE


@API.query(GetResults, roles={Role.PATIENT}, chart=True)
async def getresults_of(query: GetResults, call: LabsCall) -> bytes:
    """The visible results of the record in view."""
    return await results_of(call, call.caller.patient or "")


@API.query(GetResult, roles={Role.PATIENT}, chart=True)
async def getresult_of(query: GetResult, call: LabsCall) -> bytes:
    """One visible result. Blocked, held, unverified, somebody else's, never there: one answer."""
    return await result_of(call, call.caller.patient or "", query.report)


@API.command(MarkSeen, roles={Role.PATIENT}, chart=True)
async def mark_seen(command: MarkSeen, call: LabsCall) -> Done:
    """The patient opened it: no longer new."""
    patient = call.caller.patient or ""
    rows = await call.turn.glance(ONE, report=command.report, patient=patient)
    if not rows or not is_open(rows[0]):
        raise NOT_FOUND
    if not rows[0]["seen"]:
        await call.turn.load(SEEN, command.report)
        call.turn.append(SEEN, command.report, [ResultSeen(command.report, patient)])
    return Done(id=command.report)


async def results_of(call: LabsCall, patient: str) -> bytes:
    return results_json(await call.read(OF_PATIENT, patient=patient))


async def result_of(call: LabsCall, patient: str, report: str) -> bytes:
    rows = await call.read(ONE, report=report, patient=patient)
    if not rows or not is_open(rows[0]):
        raise NOT_FOUND
    numbers = rows[0]["tests"] != "[]"
    earlier = await call.read(EARLIER, report=report, patient=patient) if numbers else ()
    return result_json(rows[0], earlier)
