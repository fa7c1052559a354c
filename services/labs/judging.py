"""Bringing the gates their facts: one place that reads them in a turn and lets the gates rule.

Facts are glanced at, not flushed for. What changes them (a mapping, a directory entry, the profile)
is followed by a reaction that judges again whatever was judged meanwhile, so nothing stays stale.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from contracts.practice import Provider
from kernel.store.port import Row
from kernel.turn import Turn
from services.labs.decider.orderer import named_by, sender_key
from services.labs.decider.policy import BOOK, POLICY, Book
from services.labs.decider.report import REPORT, Report, judge_again, move
from services.labs.events.report import ReportPosted
from services.labs.release.age import is_hidden
from services.labs.release.changes import policy_of
from services.labs.release.judge import Given, Subject, judge
from services.labs.release.orderer import EXTERNAL, Ordered, order_keys, stand
from services.labs.release.policy import Policies, Policy
from services.labs.shapes import Judgement
from services.labs.views.directory import BY_KEY, BY_PROVIDER, MAPPED
from services.labs.views.orderer import MAPPED_TO
from services.labs.views.results import GATE

DEFAULT_ZONE = "America/Los_Angeles"


@dataclass(frozen=True, slots=True)
class Deps:
    """The parts of labs' own: the release policies of the files, read once."""

    rules: Policies


@dataclass(frozen=True, slots=True)
class Ruled:
    """What the gates said. `age_open`: the age gate lets this report through today."""

    judgement: Judgement
    age_open: bool


@dataclass(frozen=True, slots=True)
class Case:
    """A version with all that the gates look at besides the policy. `zone` is the practice's."""

    subject: Subject
    given: Given
    zone: str
    age_open: bool

    def under(self, policy: Policy) -> Judgement:
        """How the content gates rule under this policy."""
        return judge(self.subject, self.given, policy)


async def ruled(turn: Turn, deps: Deps, posted: ReportPosted, resolved: str) -> Ruled:
    """Judge a version by the policy, the mappings, the directory and the profile of this moment."""
    case = await case_of(turn, posted, resolved)
    policy = await policy_on(turn, deps, _local_day(turn.now, case.zone))
    return Ruled(case.under(policy), case.age_open)


async def policy_on(turn: Turn, deps: Deps, day: date) -> Policy:
    """The policy of a day, with what staff approved until this moment (S6)."""
    book: Book = await turn.load(POLICY, BOOK)
    return policy_of(deps.rules, day, book.approved)


async def policy_today(turn: Turn, deps: Deps) -> Policy:
    """The policy in force."""
    return await policy_on(turn, deps, await today(turn))


async def today(turn: Turn) -> date:
    """The day at the practice."""
    return day_at(turn.now, (await turn.glance(GATE, patient=""))[0])


def day_at(moment: datetime, gate: Row) -> date:
    """The day at the practice, whose zone this row of `GATE` holds."""
    return _local_day(moment, gate["zone"] or DEFAULT_ZONE)


async def case_of(turn: Turn, posted: ReportPosted, resolved: str) -> Case:
    """Bring together what the gates look at."""
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
    return Case(subject, given, zone, not is_hidden(born, zone, posted.acquired))


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


async def move_report(turn: Turn, report: str, into: str) -> None:
    """The report follows its patient through a merge; nothing happens when it has done so."""
    state: Report = await turn.load(REPORT, report)
    if state.posted is not None:
        opens = await is_age_open(turn, replace(state.posted, patient=into))
        turn.append(REPORT, report, move(state, into, opens, turn.now))


async def _ordered(turn: Turn, posted: ReportPosted, resolved: str, zone: str) -> Ordered:
    """What staff said counts, of this one report first, then of its sender; then the directory."""
    day = _local_day(posted.ordered or posted.acquired or posted.reported, zone)
    said = {resolved} if resolved else await _mapped(turn, posted)
    if len(said) > 1:
        return Ordered("unknown", matcher="orderer mapped to several directory entries")
    for who in said:
        rows = () if who == EXTERNAL else await turn.glance(BY_PROVIDER, provider=who)
        return stand([_provider(row["body"]) for row in rows], day, who)
    found: list[Provider] = []
    for key in order_keys(posted.orderer_ids, posted.orderer_name):
        # A name is asked only when no id is known here.
        if key[0] == "i" or not found:
            found += [_provider(row["body"]) for row in await turn.glance(BY_KEY, key=key)]
    return stand(found, day)


async def _mapped(turn: Turn, posted: ReportPosted) -> set[str]:
    """Who this sender's names for the orderer mean, where staff said so (S5)."""
    keys = named_by(posted.orderer_ids, posted.orderer_name)
    found = [await turn.glance(MAPPED_TO, key=sender_key(posted.sender, key)) for key in keys]
    return {row["provider"] for rows in found for row in rows}


@lru_cache(maxsize=4096)
def _provider(body: str) -> Provider:
    return Provider.model_validate_json(body)


def _local_day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()
