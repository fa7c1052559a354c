"""Bringing the gates their facts: one place that reads them in a turn and lets the gates rule.

Facts are glanced at, not flushed for. What changes them (a mapping, a directory entry, the profile)
is followed by a reaction that judges again whatever was judged meanwhile, so nothing stays stale.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from contracts.practice import Provider
from kernel.turn import Turn
from services.labs.decider.report import REPORT, Report, judge_again
from services.labs.events.report import ReportPosted
from services.labs.release.age import is_hidden
from services.labs.release.judge import Given, Subject, judge
from services.labs.release.orderer import EXTERNAL, Ordered, order_keys, stand
from services.labs.release.policy import Policies
from services.labs.shapes import Judgement
from services.labs.views.directory import BY_KEY, BY_PROVIDER, MAPPED
from services.labs.views.results import GATE

DEFAULT_ZONE = "America/Los_Angeles"


@dataclass(frozen=True, slots=True)
class Deps:
    """The parts of labs' own: the release policies, read once from their files."""

    rules: Policies


@dataclass(frozen=True, slots=True)
class Ruled:
    """What the gates said. `age_open`: the age gate lets this report through today."""

    judgement: Judgement
    age_open: bool


async def ruled(turn: Turn, deps: Deps, posted: ReportPosted, resolved: str) -> Ruled:
    """Judge a version by the policy, the mappings, the directory and the profile of this moment."""
    gate = (await turn.glance(GATE, patient=posted.patient))[0]
    zone = gate["zone"] or DEFAULT_ZONE
    born = date.fromisoformat(gate["born"]) if gate["born"] else None
    mapped = await turn.glance(MAPPED, sender=posted.sender)
    given = Given(
        mapped={row["key"]: row["category"] for row in mapped},
        released_radiology=tuple(json.loads(gate["radiology"] or "[]")),
        ordered=await _ordered(turn, posted, resolved, zone),
    )
    subject = Subject(
        sender=posted.sender,
        codes=posted.codes,
        section=posted.section,
        specimen=posted.specimen,
        observations=posted.observations,
        note=posted.note,
        collected=posted.acquired is not None,
    )
    policy = deps.rules.at(turn.now.astimezone(ZoneInfo(zone)).date())
    return Ruled(judge(subject, given, policy), not is_hidden(born, zone, posted.acquired))


async def is_age_open(turn: Turn, posted: ReportPosted) -> bool:
    """Does the age gate let this report through today?"""
    gate = (await turn.glance(GATE, patient=posted.patient))[0]
    born = date.fromisoformat(gate["born"]) if gate["born"] else None
    return not is_hidden(born, gate["zone"] or DEFAULT_ZONE, posted.acquired)


async def judge_report_again(turn: Turn, deps: Deps, report: str) -> None:
    """Let today's facts rule on a report; nothing happens when they rule as before."""
    state: Report = await turn.load(REPORT, report)
    if state.posted is None:
        return
    ruling = await ruled(turn, deps, state.posted, state.resolved)
    events = judge_again(state, ruling.judgement, ruling.age_open, turn.now)
    turn.append(REPORT, report, events)


async def _ordered(turn: Turn, posted: ReportPosted, resolved: str, zone: str) -> Ordered:
    day = _local_day(posted.ordered or posted.acquired or posted.reported, zone)
    if resolved == EXTERNAL:
        return stand((), day, resolved)
    if resolved:
        rows = await turn.glance(BY_PROVIDER, provider=resolved)
        return stand([_provider(row["body"]) for row in rows], day, resolved)
    found: list[Provider] = []
    for key in order_keys(posted.orderer_ids, posted.orderer_name):
        # A name is asked only when no id is known here.
        if key[0] == "i" or not found:
            found += [_provider(row["body"]) for row in await turn.glance(BY_KEY, key=key)]
    return stand(found, day)


@lru_cache(maxsize=4096)
def _provider(body: str) -> Provider:
    return Provider.model_validate_json(body)


def _local_day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()
