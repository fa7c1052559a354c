"""A result that does not come: the patient's question (R21), the desk behind it, the trail (S12)."""

from __future__ import annotations

from contracts.common import Done, Role
from contracts.labs import (
    AnswerMissing,
    GetMissingTickets,
    GetMyMissing,
    GetTrail,
    MissingTicketsAnswer,
    MyMissingAnswer,
    ReportMissing,
    ResultsAnswer,
    TakeMissing,
    TrailAnswer,
)
from contracts.practice import Provider
from kernel.decider import Refused
from services.labs.api.base import API, LabsCall, survivor
from services.labs.api.patient import results_of
from services.labs.decider import missing as rules
from services.labs.decider.missing import MISSING, Ticket
from services.labs.events.missing import MissingReported
from services.labs.judging import today
from services.labs.missing import Reading, my_missing, waiting_row
from services.labs.practice import profile_now
from services.labs.reaching import explained
from services.labs.trail import trail
from services.labs.views.directory import BY_PROVIDER
from services.labs.views.missing import OWN_TICKETS, WAITING, WAITING_OF
from services.labs.views.order import ORDERS_OF
from services.labs.views.reports import TRAIL
from services.labs.views.results import GATE

DESK = {Role.SUPPORT, Role.POLICY}


@API.command(ReportMissing, roles={Role.PATIENT}, chart=True)
async def report_missing(command: ReportMissing, call: LabsCall) -> Done:
    """Ask; whether there is such a result is not looked at."""
    turn, patient = call.turn, call.caller.patient or ""
    if not await turn.glance(BY_PROVIDER, provider=command.provider):
        sentence = "Choose who ordered it from the list."
        raise Refused("unknown-provider", sentence, 422, {"provider": sentence})
    asked = MissingReported(
        ticket=turn.new_id(),
        patient=patient,
        test=" ".join(command.test.split()),
        provider=command.provider,
        collected=command.collected,
        by=call.caller.subject,
        at=call.now,
    )
    waiting = (await turn.read(WAITING_OF, patient=patient))[0]["waiting"]
    await turn.load(MISSING, asked.ticket)
    turn.append(MISSING, asked.ticket, rules.report(asked, await today(turn), waiting))
    return Done(id=asked.ticket)


@API.query(GetMyMissing, roles={Role.PATIENT}, chart=True)
async def get_my_missing(query: GetMyMissing, call: LabsCall) -> MyMissingAnswer:
    """The questions about the record in view, and what was answered."""
    rows = await call.read(OWN_TICKETS, patient=call.caller.patient or "")
    reading = await _reading(call, {row["provider"] for row in rows})
    return MyMissingAnswer(tickets=tuple(my_missing(row, reading) for row in rows))


@API.query(GetMissingTickets, roles=DESK)
async def get_missing_tickets(query: GetMissingTickets, call: LabsCall) -> MissingTicketsAnswer:
    """What waits, oldest first. No result is in it."""
    rows = await call.read(WAITING)
    reading = await _reading(call, {row["provider"] for row in rows})
    me = call.caller.subject
    return MissingTicketsAnswer(tickets=tuple(waiting_row(row, reading, me) for row in rows))


@API.command(TakeMissing, roles=DESK)
async def take_missing(command: TakeMissing, call: LabsCall) -> Done:
    """Work on a question."""
    id, caller = command.ticket, call.caller
    state: Ticket = await call.turn.load(MISSING, id)
    patient = await survivor(call.turn, state.patient)
    events = rules.take(state, id, patient, caller.subject, caller.name)
    call.turn.append(MISSING, id, events)
    return Done(id=id)


@API.command(AnswerMissing, roles=DESK)
async def answer_missing(command: AnswerMissing, call: LabsCall) -> Done:
    """Answer with one of two replies, which say nothing about a result that is hidden."""
    id, by = command.ticket, call.caller.subject
    state: Ticket = await call.turn.load(MISSING, id)
    patient = await survivor(call.turn, state.patient)
    events = rules.answer(state, id, patient, command.reply, by, call.now)
    call.turn.append(MISSING, id, events)
    return Done(id=id)


@API.action(GetTrail, roles={Role.POLICY})
async def get_trail(query: GetTrail, call: LabsCall) -> TrailAnswer:
    """What came for this patient. It is kept who asked, before that."""
    await explained(call, query.patient)
    seen = ResultsAnswer.model_validate_json(await results_of(call, query.patient))
    return trail(
        await call.read(TRAIL, patient=query.patient),
        await call.read(ORDERS_OF, patient=query.patient),
        (await call.read(GATE, patient=query.patient))[0],
        {row.report: row.being_corrected for row in seen.results},
    )


async def _reading(call: LabsCall, providers: set[str]) -> Reading:
    """What the rows of a list are read with: the profile, the moment, the directory's entries."""
    found = {id: await call.read(BY_PROVIDER, provider=id) for id in sorted(providers)}
    entries = {
        id: Provider.model_validate_json(rows[0]["body"]) for id, rows in found.items() if rows
    }
    return Reading(await profile_now(call.read), call.now, entries)
