"""A pass over many reports that is cut off goes on where it was, though the question shrinks."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.identity import PatientMerged
from contracts.labs import PostAnswer
from services.labs.decider.report import move
from services.labs.views.reports import OF_CHART
from tests.unit.labs.house import INTEROP, living, report


async def test_a_merge_that_failed_half_way_moves_the_rest_when_it_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with living(tmp_path) as house:
        for number in range(120):
            await house.get(report(f"r{number:03}"), INTEROP, PostAnswer)
        fails = ["the batch", "the same alone"]

        def sometimes(state: Any, *rest: Any) -> list[Any]:
            if state.posted.report == "r060" and fails:
                raise OSError(fails.pop())
            return move(state, *rest)

        monkeypatch.setattr("services.labs.judging.move", sometimes)
        await house.hear(PatientMerged(patient="p1", into="p2"))
        left: Any = True
        for _ in range(200):
            await asyncio.sleep(0.05)
            left = await house.service.fetch(OF_CHART, key="p1", after="")
            if not left:
                break
            house.clock.move(timedelta(minutes=1))
            for reactor in house.service.reactors:
                reactor.wake(())
        assert not fails
        assert not left
