"""Reactions: whatever the gates ruled on is judged again when the facts behind the ruling change."""

from __future__ import annotations

from typing import Any

from contracts.practice import PracticeConfigured, ProviderListed
from kernel.policy import Policies, React
from kernel.projection import Ask, Record
from kernel.turn import Turn
from services.labs.events.code import CodeMapped
from services.labs.judging import Deps, judge_report_again
from services.labs.release.orderer import entry_keys
from services.labs.views.reports import FOUND_BY, IMAGING, OF_PROVIDER

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


async def _judge_pages(react: React[Deps], ask: Ask, **params: Any) -> None:
    """Judge all reports that a paged question finds, one page per unit of work."""
    after = ""
    while page := [row["report"] for row in await react.read(ask, after=after, **params)]:

        async def judge_page(turn: Turn, reports: list[str] = page) -> None:
            for report in reports:
                await judge_report_again(turn, react.deps, report)

        await react.execute(judge_page)
        after = page[-1]
