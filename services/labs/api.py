"""What labs answers. Patients read only what every gate lets through; all else is `not-found`."""

from __future__ import annotations

from collections import Counter

from contracts.common import Caller, Done, Role
from contracts.labs import (
    GetHeld,
    GetInbox,
    GetReport,
    GetResult,
    GetResults,
    HeldAnswer,
    InboxAnswer,
    MapCode,
    MarkSeen,
    PostAnswer,
    PostedObservation,
    PostReport,
    ReportAnswer,
    ResolveOrderer,
    VerifyReport,
    ViewResult,
    ViewResults,
)
from kernel.api import Api, Call
from kernel.decider import Refused
from services.labs.decider import report as report_rules
from services.labs.decider.code import CODE, code_id, map_code
from services.labs.decider.report import REPORT, Report
from services.labs.decider.seen import SEEN
from services.labs.events.report import ReportPosted
from services.labs.events.seen import ResultSeen
from services.labs.judging import Deps, is_age_open, ruled
from services.labs.reaching import looked, may_act
from services.labs.reading import is_open, result_json, results_json
from services.labs.release.judge import code_key
from services.labs.release.orderer import EXTERNAL
from services.labs.release.policy import NO_CATEGORY
from services.labs.shapes import Code, Observation
from services.labs.staff import held_row, inbox_row, report_answer
from services.labs.views.directory import BY_PROVIDER
from services.labs.views.reports import HELD, INBOX, MOST_ROWS, REPORT_BY_ID, VERSIONS
from services.labs.views.results import EARLIER, OF_PATIENT, ONE

API: Api[Deps, Caller] = Api("labs")
LabsCall = Call[Deps, Caller]
SENDER = "interop"

NOT_FOUND = Refused("not-found", "There is no such result here.", 404)


# -- interop hands over ----------------------------------------------------------------------------


@API.command(PostReport, roles={Role.SERVICE})
async def post_report(command: PostReport, call: LabsCall) -> PostAnswer:
    """Take in a version of a report. Repeats and older versions change nothing that anyone sees."""
    if call.caller.subject != SENDER:
        raise Refused("forbidden", "Only interop hands over results.", 403)
    turn, version = call.turn, _posted(command)
    state: Report = await turn.load(REPORT, command.report)
    if report_rules.is_unchanged(state, version):
        return PostAnswer(outcome="unchanged")
    if report_rules.is_late(state, version):
        turn.append(REPORT, command.report, report_rules.keep_late(state, version))
        return PostAnswer(outcome="unchanged")
    ruling = await ruled(turn, call.deps, version, state.resolved)
    events = report_rules.post(state, version, ruling.judgement, ruling.age_open, call.now)
    turn.append(REPORT, command.report, events)
    reasons = ruling.judgement.reasons
    return PostAnswer(outcome="held" if reasons else "applied", reasons=reasons)


# -- the patient -----------------------------------------------------------------------------------


@API.query(GetResults, roles={Role.PATIENT}, chart=True)
async def get_results(query: GetResults, call: LabsCall) -> bytes:
    """The visible results of the record in view."""
    return await _results(call, call.caller.patient or "")


@API.query(GetResult, roles={Role.PATIENT}, chart=True)
async def get_result(query: GetResult, call: LabsCall) -> bytes:
    """One visible result. Blocked, held, unverified, somebody else's, never there: one answer."""
    return await _result(call, call.caller.patient or "", query.report)


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


async def _results(call: LabsCall, patient: str) -> bytes:
    return results_json(await call.read(OF_PATIENT, patient=patient))


async def _result(call: LabsCall, patient: str, report: str) -> bytes:
    rows = await call.read(ONE, report=report, patient=patient)
    if not rows or not is_open(rows[0]):
        raise NOT_FOUND
    numbers = rows[0]["tests"] != "[]"
    earlier = await call.read(EARLIER, report=report, patient=patient) if numbers else ()
    return result_json(rows[0], earlier)


# -- the provider (S4, S14) ------------------------------------------------------------------------


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
    await looked(call, rows[0]["patient"])
    return report_answer(rows[0], await call.read(VERSIONS, report=query.report))


@API.action(ViewResults, roles={Role.PROVIDER})
async def view_results(query: ViewResults, call: LabsCall) -> bytes:
    """What this patient gets, by the same code."""
    await looked(call, query.patient)
    return await _results(call, query.patient)


@API.action(ViewResult, roles={Role.PROVIDER})
async def view_result(query: ViewResult, call: LabsCall) -> bytes:
    """One result as this patient gets it, by the same code; to the patient it stays new."""
    await looked(call, query.patient)
    return await _result(call, query.patient, query.report)


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


# -- the holding queue (S5) ------------------------------------------------------------------------


@API.query(GetHeld, roles={Role.POLICY})
async def get_held(query: GetHeld, call: LabsCall) -> HeldAnswer:
    """What waits for staff to say what a code means or who ordered."""
    return HeldAnswer(reports=tuple(held_row(row) for row in await call.read(HELD)))


@API.command(MapCode, roles={Role.POLICY})
async def map_local_code(command: MapCode, call: LabsCall) -> Done:
    """Say what a sender's code means. A reaction judges again whatever carries it."""
    code = Code(command.code.system, command.code.code, command.code.text)
    policy = call.deps.rules.at(call.now.date())
    if command.category != NO_CATEGORY and policy.category(command.category) is None:
        known = ", ".join(sorted(c.name for c in policy.categories))
        raise Refused(
            "unknown-category",
            "There is no such category.",
            422,
            {"category": f"One of: {NO_CATEGORY}, {known}."},
        )
    if not (code.code or code.text.strip()):
        raise Refused("no-code", "A code or its text is needed.", 422)
    if policy.is_listed(code):
        raise Refused("listed", "The release policy itself speaks of this LOINC number.")
    key = code_key(command.sender, code)
    state = await call.turn.load(CODE, code_id(key))
    events = map_code(state, key, command.sender, code, command.category)
    call.turn.append(CODE, code_id(key), events)
    return Done(id=code_id(key))


@API.command(ResolveOrderer, roles={Role.POLICY})
async def resolve_orderer(command: ResolveOrderer, call: LabsCall) -> Done:
    """Say who ordered. The affiliation of that day still counts (R20)."""
    turn, provider = call.turn, command.provider
    if provider != EXTERNAL and not await turn.glance(BY_PROVIDER, provider=provider):
        raise Refused("unknown-provider", "The directory has no such entry.", 422)
    state: Report = await turn.load(REPORT, command.report)
    if state.posted is None:
        raise Refused("not-found", "There is no such report.", 404)
    ruling = await ruled(turn, call.deps, state.posted, provider)
    events = report_rules.resolve_orderer(
        state, provider, ruling.judgement, ruling.age_open, call.now
    )
    turn.append(REPORT, command.report, events)
    return Done(id=command.report)


async def _name(call: LabsCall) -> str:
    """How the directory calls this provider, else their account."""
    rows = await call.turn.glance(BY_PROVIDER, provider=call.caller.provider or "")
    return str(rows[0]["name"]) if rows else call.caller.name


def _posted(command: PostReport) -> ReportPosted:
    """The command as it is kept. Without a stated collection time the earliest value's counts."""
    observed = [o.observed for o in command.observations if o.observed is not None]
    return ReportPosted(
        report=command.report,
        patient=command.patient,
        revision=0,
        sender=command.sender,
        orderer_ids=command.orderer.ids,
        orderer_name=command.orderer.name,
        ordered=command.ordered,
        acquired=command.acquired or min(observed, default=None),
        reported=command.reported,
        codes=tuple(Code(c.system, c.code, c.text) for c in command.codes),
        section=command.section,
        specimen=command.specimen,
        status=command.status,
        observations=_observations(command.observations),
        note=command.note,
    )


def _observations(posted: tuple[PostedObservation, ...]) -> tuple[Observation, ...]:
    """The values; a key that a sender used twice gets a number, so that none is lost."""
    used: Counter[str] = Counter()
    found = []
    for o in posted:
        used[o.key] += 1
        found.append(
            Observation(
                key=o.key if used[o.key] == 1 else f"{o.key}#{used[o.key]}",
                codes=tuple(Code(c.system, c.code, c.text) for c in o.codes),
                value=o.value,
                number=o.number,
                unit=o.unit,
                range_text=o.range_text,
                flag=o.flag,
                status=o.status,
                note=o.note,
                observed=o.observed,
            )
        )
    return tuple(found)
