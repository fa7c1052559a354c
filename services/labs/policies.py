"""Reactions: whatever the gates ruled on is judged again when the facts behind the ruling change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from contracts.identity import PatientMerged
from contracts.practice import PracticeConfigured, ProviderListed
from kernel.policy import Policies, React
from kernel.projection import Ask, Record
from kernel.turn import Turn
from services.labs.decider.report import REPORT, move
from services.labs.events.code import CodeMapped
from services.labs.judging import Deps, is_age_open, judge_report_again
from services.labs.release.orderer import entry_keys
from services.labs.views.reports import FOUND_BY, IMAGING, OF_CHART, OF_PROVIDER

POLICIES: Policies[Deps] = Policies("labs")


@POLICIES.on(CodeMapped, name="judge-mapped-code", max_age=None)
async def judge_mapped_code(event: CodeMapped, record: Record, react: React[Deps]) -> None:
    """Every report with this code is judged again (S5, R30)."""
    await _judge_pages(react, FOUND_BY, key=f"c:{event.key}")


@POLICIES.on(ProviderListed, name="judge-listed-orderer", max_age=None)
async def judge_listed_orderer(event: ProviderListed, record: Record, react: React[Deps]) -> None:
    """Reports that this entry's keys find now, and those that counted as theirs until now (R20)."""
    for key in sorted(entry_keys(event.provider)):
        await _judge_pages(react, FOUND_BY, key=key)
    await _judge_pages(react, FOUND_BY, key=f"p:{event.provider.id}")
    await _judge_pages(react, OF_PROVIDER, key=event.provider.id)


@POLICIES.on(PracticeConfigured, name="judge-imaging", max_age=None)
async def judge_imaging(event: PracticeConfigured, record: Record, react: React[Deps]) -> None:
    """The practice may have released, or no longer release, a type of imaging (R31)."""
    await _judge_pages(react, IMAGING)


@POLICIES.on(PatientMerged, name="move-reports", max_age=None)
async def move_reports(event: PatientMerged, record: Record, react: React[Deps]) -> None:
    """What is on record for the one that gave way is the other's (ADT A40)."""

    async def move_report(turn: Turn, report: str) -> None:
        state = await turn.load(REPORT, report)
        if state.posted is not None:
            stays = replace(state.posted, patient=event.into)
            events = move(state, event.into, await is_age_open(turn, stays), turn.now)
            turn.append(REPORT, report, events)

    await _each_report(react, move_report, OF_CHART, key=event.patient)


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

        await react.execute(do_page)
        after = page[-1]
