"""interop hands over: a version of a report."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from contracts.common import Role
from contracts.labs import PostAnswer, PostedObservation, PostReport
from kernel.decider import Refused
from kernel.turn import Turn
from services.labs.api.base import API, SENDER, LabsCall, survivor
from services.labs.decider import report as report_rules
from services.labs.decider.report import REPORT, Report
from services.labs.events.report import ReportPosted
from services.labs.judging import move_report, ruled
from services.labs.shapes import Code, Observation


@API.command(PostReport, roles={Role.SERVICE})
async def post_report(command: PostReport, call: LabsCall) -> PostAnswer:
    """Take in a version of a report. Repeats and older versions change nothing that anyone sees."""
    if call.caller.subject != SENDER:
        raise Refused("forbidden", "Only interop hands over results.", 403)
    turn, version = call.turn, _posted(command)
    version = replace(version, patient=await survivor(turn, version.patient))
    state = await _state(turn, version)
    if report_rules.is_unchanged(state, version):
        return PostAnswer(outcome="unchanged")
    if report_rules.is_late(state, version):
        turn.append(REPORT, command.report, report_rules.keep_late(state, version))
        return PostAnswer(outcome="unchanged")
    ruling = await ruled(turn, call.deps, version, report_rules.still_resolved(state, version))
    events = report_rules.post(state, version, ruling.judgement, ruling.age_open, call.now)
    turn.append(REPORT, command.report, events)
    reasons = ruling.judgement.reasons
    return PostAnswer(outcome="held" if reasons else "applied", reasons=reasons)


async def _state(turn: Turn, version: ReportPosted) -> Report:
    """The report as it is; it follows a merge of its patient that nothing has moved it for yet."""
    state: Report = await turn.load(REPORT, version.report)
    before = state.posted.patient if state.posted else version.patient
    if before != version.patient and await survivor(turn, before) == version.patient:
        await move_report(turn, version.report, version.patient)
        state = await turn.load(REPORT, version.report)
    return state


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
        numbers=tuple(filter(None, command.numbers)),
        stated=command.stated,
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
