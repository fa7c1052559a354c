"""The holding queue: what is not known, and what staff say of it (S5)."""

from __future__ import annotations

from contracts.common import Done, Role
from contracts.labs import GetHeld, HeldAnswer, MapCode, MapOrderer, ResolveOrderer
from kernel.decider import Refused
from kernel.turn import Turn
from services.labs.api.base import API, LabsCall
from services.labs.decider import report as report_rules
from services.labs.decider.code import CODE, code_id, map_code
from services.labs.decider.orderer import ORDERER, map_orderer, named_by, orderer_id
from services.labs.decider.report import REPORT, Report
from services.labs.events.report import ReportPosted
from services.labs.judging import policy_today, ruled
from services.labs.release.judge import code_key
from services.labs.release.orderer import EXTERNAL
from services.labs.release.policy import NO_CATEGORY
from services.labs.shapes import Code
from services.labs.staff import held_row
from services.labs.views.directory import BY_PROVIDER
from services.labs.views.reports import HELD


@API.query(GetHeld, roles={Role.POLICY})
async def get_held(query: GetHeld, call: LabsCall) -> HeldAnswer:
    """What waits for staff to say what a code means or who ordered."""
    return HeldAnswer(reports=tuple(held_row(row) for row in await call.read(HELD)))


@API.command(MapCode, roles={Role.POLICY})
async def map_local_code(command: MapCode, call: LabsCall) -> Done:
    """Say what a sender's code means. A reaction judges again whatever carries it."""
    code = Code(command.code.system, command.code.code, command.code.text)
    policy = await policy_today(call.turn, call.deps)
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


@API.command(MapOrderer, roles={Role.POLICY})
async def map_named_orderer(command: MapOrderer, call: LabsCall) -> Done:
    """Say whom this sender means by a name. A reaction judges again whatever carries it."""
    turn = call.turn
    await _check_listed(turn, command.provider)
    posted = await _posted(turn, command.report)
    keys = named_by(posted.orderer_ids, posted.orderer_name)
    if not keys:
        raise Refused("no-orderer", "This report names nobody. Say it of this one report.", 422)
    for key in keys:
        id = orderer_id(posted.sender, key)
        state = await turn.load(ORDERER, id)
        turn.append(ORDERER, id, map_orderer(state, posted.sender, key, command.provider))
    return Done(id=command.report)


@API.command(ResolveOrderer, roles={Role.POLICY})
async def resolve_orderer(command: ResolveOrderer, call: LabsCall) -> Done:
    """Say who ordered. The affiliation of that day still counts (R20)."""
    turn, provider = call.turn, command.provider
    await _check_listed(turn, provider)
    posted = await _posted(turn, command.report)
    state: Report = await turn.load(REPORT, command.report)
    ruling = await ruled(turn, call.deps, posted, provider)
    events = report_rules.resolve_orderer(
        state, provider, ruling.judgement, ruling.age_open, call.now
    )
    turn.append(REPORT, command.report, events)
    return Done(id=command.report)


async def _check_listed(turn: Turn, provider: str) -> None:
    if provider != EXTERNAL and not await turn.glance(BY_PROVIDER, provider=provider):
        raise Refused("unknown-provider", "The directory has no such entry.", 422)


async def _posted(turn: Turn, report: str) -> ReportPosted:
    state: Report = await turn.load(REPORT, report)
    if state.posted is None:
        raise Refused("not-found", "There is no such report.", 404)
    return state.posted
