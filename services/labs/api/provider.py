"""The provider's inbox and verification (S4), and what a patient sees (S14)."""

from __future__ import annotations

from contracts.common import Done, Role
from contracts.labs import (
    GetInbox,
    GetReport,
    InboxAnswer,
    ReportAnswer,
    VerifyReport,
    ViewResult,
    ViewResults,
)
from kernel.decider import Refused
from services.labs.api.base import API, LabsCall
from services.labs.api.patient import result_of, results_of
from services.labs.decider import report as report_rules
from services.labs.decider.report import REPORT, Report
from services.labs.judging import is_age_open
from services.labs.reaching import looked, may_act
from services.labs.reading import is_open
from services.labs.staff import inbox_row, report_answer
from services.labs.views.directory import BY_PROVIDER
from services.labs.views.reports import INBOX, MOST_ROWS, REPORT_BY_ID, VERSIONS
from services.labs.views.results import GATE


@API.query(GetInbox, roles={Role.PROVIDER})
async def get_inbox(query: GetInbox, call: LabsCall) -> InboxAnswer:
    """What waits for this provider, or with `cover` for the colleagues they stand in for."""
    whose = call.caller.covers if query.cover else (call.caller.provider or "-",)
    rows = [row for provider in whose for row in await call.read(INBOX, provider=provider)]
    rows.sort(key=lambda row: (row["reported"], row["report"]))
    return InboxAnswer(reports=tuple(inbox_row(row) for row in rows[:MOST_ROWS]))


@API.action(GetReport, roles={Role.PROVIDER})
async def get_report(query: GetReport, call: LabsCall) -> ReportAnswer:
    """One report with all values, rulings and versions."""
    rows = await call.read(REPORT_BY_ID, report=query.report)
    if not rows:
        raise Refused("not-found", "There is no such report.", 404)
    row, patient = rows[0], rows[0]["patient"]
    await looked(call, patient)
    gate = (await call.read(GATE, patient=patient))[0]
    versions = await call.read(VERSIONS, report=query.report)
    return report_answer(row, versions, age=not is_open({**gate, "acquired": row["collected"]}))


@API.action(ViewResults, roles={Role.PROVIDER})
async def view_results(query: ViewResults, call: LabsCall) -> bytes:
    """What this patient gets, by the same code."""
    await looked(call, query.patient)
    return await results_of(call, query.patient)


@API.action(ViewResult, roles={Role.PROVIDER})
async def view_result(query: ViewResult, call: LabsCall) -> bytes:
    """One result as this patient gets it, by the same code; to the patient it stays new."""
    await looked(call, query.patient)
    return await result_of(call, query.patient, query.report)


@API.command(VerifyReport, roles={Role.PROVIDER})
async def verify_report(command: VerifyReport, call: LabsCall) -> Done:
    """The provider reviewed it; what the gates release is visible with this (R18)."""
    state: Report = await call.turn.load(REPORT, command.report)
    if state.posted is not None:
        await may_act(call.turn, call.caller, state.posted.patient)
    events = report_rules.verify(
        state,
        command.revision,
        command.keys,
        by=call.caller.subject,
        by_name=await _name(call),
        age_open=state.posted is not None and await is_age_open(call.turn, state.posted),
        now=call.now,
    )
    call.turn.append(REPORT, command.report, events)
    return Done(id=command.report)


async def _name(call: LabsCall) -> str:
    """How the directory calls this provider, else their account."""
    rows = await call.turn.glance(BY_PROVIDER, provider=call.caller.provider or "")
    return str(rows[0]["name"]) if rows else call.caller.name
