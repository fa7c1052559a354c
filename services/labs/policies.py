"""Reactions: whatever the gates ruled on is judged again when the facts behind the ruling change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from contracts.identity import PatientMerged
from contracts.practice import PracticeConfigured, ProviderListed
from kernel import business_days
from kernel.policy import Policies, React
from kernel.projection import Ask, Record
from kernel.turn import Turn
from services.labs.decider.missing import MISSING, overdue
from services.labs.events.code import CodeMapped
from services.labs.events.missing import MissingReported
from services.labs.events.orderer import OrdererMapped
from services.labs.events.policy import (
    DryRunAsked,
    PolicyApproved,
    PolicyBegan,
    PolicyRolledBack,
)
from services.labs.judging import Deps, judge_report_again, move_report
from services.labs.practice import profile_now
from services.labs.rehearsing import rehearse
from services.labs.release.orderer import entry_keys
from services.labs.release.policy import LOINC
from services.labs.renewing import begin_in_time, judge_everything
from services.labs.views.orderer import NAMES_OF
from services.labs.views.reports import EVERY, FOUND_BY, IMAGING, OF_CHART, OF_PROVIDER

POLICIES: Policies[Deps] = Policies("labs")
_JUST_AFTER = timedelta(microseconds=1)


@POLICIES.on(CodeMapped, name="judge-mapped-code", max_age=None)
async def judge_mapped_code(event: CodeMapped, record: Record, react: React[Deps]) -> None:
    """Every report with this code is judged again (S5, R30).

    By a LOINC number only those are found that wait on it, and others may be known by their names.
    """
    if event.code.system == LOINC:
        await _judge_pages(react, EVERY)
    else:
        await _judge_pages(react, FOUND_BY, key=f"c:{event.key}")


@POLICIES.on(ProviderListed, name="judge-listed-orderer", max_age=None)
async def judge_listed_orderer(event: ProviderListed, record: Record, react: React[Deps]) -> None:
    """Reports that this entry's keys find now, and those that counted as theirs until now (R20)."""
    for key in sorted(entry_keys(event.provider)):
        await _judge_pages(react, FOUND_BY, key=key)
    await _judge_pages(react, FOUND_BY, key=f"p:{event.provider.id}")
    await _judge_pages(react, OF_PROVIDER, key=event.provider.id)
    for row in await react.read(NAMES_OF, provider=event.provider.id):
        await _judge_pages(react, FOUND_BY, key=row["found"])


@POLICIES.on(OrdererMapped, name="judge-mapped-orderer", max_age=None)
async def judge_mapped_orderer(event: OrdererMapped, record: Record, react: React[Deps]) -> None:
    """Every report that names them, held or not, is judged again (S5, R20)."""
    await _judge_pages(react, FOUND_BY, key=event.key)


@POLICIES.on(PracticeConfigured, name="judge-imaging", max_age=None)
async def judge_imaging(event: PracticeConfigured, record: Record, react: React[Deps]) -> None:
    """The practice may have released, or no longer release, a type of imaging (R31)."""
    await _judge_pages(react, IMAGING)


@POLICIES.on(
    PolicyApproved, PolicyRolledBack, PolicyBegan, name="begin-policy", max_age=None
)  # fmt: skip
async def begin_policy(
    event: PolicyApproved | PolicyRolledBack | PolicyBegan, record: Record, react: React[Deps]
) -> None:
    """What was approved takes effect on its day, what was rolled back loses it at once (S6)."""
    await begin_in_time(event, react)


@POLICIES.on(PolicyBegan, name="judge-under-policy", max_age=None)
async def judge_under_policy(event: PolicyBegan, record: Record, react: React[Deps]) -> None:
    """Everything stored, by the policy that is in force from now on (R30, S6)."""
    await judge_everything(react)


@POLICIES.on(DryRunAsked, name="rehearse-policy", max_age=None)
async def rehearse_policy(event: DryRunAsked, record: Record, react: React[Deps]) -> None:
    """What a draft would show or hide (S6)."""
    await rehearse(event, react)


@POLICIES.on(PatientMerged, name="move-reports", max_age=None)
async def move_reports(event: PatientMerged, record: Record, react: React[Deps]) -> None:
    """What is on record for the one that gave way is the other's (ADT A40)."""

    async def follow(turn: Turn, report: str) -> None:
        await move_report(turn, report, event.into)

    await _each_report(react, follow, OF_CHART, key=event.patient)


@POLICIES.on(MissingReported, name="watch-missing-clock", max_age=None)
async def watch_missing_clock(event: MissingReported, record: Record, react: React[Deps]) -> None:
    """A question that waits longer than its business days is a breach, and on record (S12)."""
    due = business_days.due(event.at, await profile_now(react.read))
    if not react.reminded:
        react.remind(due + _JUST_AFTER)
        return

    async def decide(turn: Turn) -> None:
        state = await turn.load(MISSING, event.ticket)
        turn.append(MISSING, event.ticket, overdue(state, event.ticket, due))

    await react.execute(decide)


async def _judge_pages(react: React[Deps], ask: Ask, **params: Any) -> None:
    """Judge all reports that a paged question finds again."""

    async def judge(turn: Turn, report: str) -> None:
        await judge_report_again(turn, react.deps, report)

    await _each_report(react, judge, ask, **params)


async def _each_report(
    react: React[Deps], do: Callable[[Turn, str], Awaitable[None]], ask: Ask, **params: Any
) -> None:
    """Do something with all reports that a paged question finds, one page per unit of work."""
    after = ""
    while page := [row["report"] for row in await react.read(ask, after=after, **params)]:

        async def do_page(turn: Turn, reports: list[str] = page) -> None:
            for report in reports:
                await do(turn, report)

        await react.execute(do_page, about=f":{page[0]}:{page[-1]}:{len(page)}")
        after = page[-1]
