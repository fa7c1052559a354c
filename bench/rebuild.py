"""Rebuild: a labs log of the real events, encrypted, folded into all labs views on SQLite."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from bench.panels import PANELS, post_report
from bench.table import Line
from contracts.identity import PatientRecorded
from kernel.envelope import Envelope
from kernel.refold import fold_again
from kernel.service import Service
from kernel.settings import Settings
from kernel.turn import Turn, Unit
from services.labs.api.posting import _posted
from services.labs.decider import report as rules
from services.labs.decider.report import REPORT
from services.labs.decider.seen import SEEN
from services.labs.events.seen import ResultSeen
from services.labs.release.judge import Given, Subject, judge
from services.labs.release.orderer import Ordered
from services.labs.service import build
from services.labs.shapes import Judgement

BAR = 25_000
PATIENTS = 500
A_UNIT = 100
BORN = date(1980, 1, 1)
NOW = datetime(2026, 1, 6, tzinfo=UTC)
ORDERED = Ordered("ours", "chen", "Alice Chen, MD", "affiliated when ordered")


def measure(smoke: bool) -> list[Line]:
    """One log, folded three times; the median."""
    events, times = (6_000, 1) if smoke else (120_000, 3)
    with tempfile.TemporaryDirectory(prefix="bench-rebuild-") as folder:
        rates, count = asyncio.run(_rebuild(Path(folder), events, times))
    rate = sorted(rates)[len(rates) // 2]
    what = f"{count:,} encrypted labs events into all labs views on SQLite"
    return [Line("rebuild", what, rate, "events/s", bar=BAR)]


async def _rebuild(data: Path, events: int, times: int) -> tuple[list[float], int]:
    async with _labs(data) as service:
        await _fill(service, events)
        count = service.log.head
        rates = []
        for _ in range(times):
            started = time.perf_counter()
            folded = await fold_again(service.log, service.views, _silent)
            rates.append(folded / (time.perf_counter() - started))
            assert folded == count
        return rates, count


@asynccontextmanager
async def _labs(data: Path) -> AsyncIterator[Service[Any]]:
    """labs without a bus: its log, its keys, its views, its committer."""
    service = build(Settings(service="labs", data=data))
    await service.open()
    assert await service.take_over()
    await fold_again(service.log, service.views, _silent)
    committing = asyncio.create_task(service.committer.run())
    try:
        yield service
    finally:
        committing.cancel()
        await asyncio.gather(committing, return_exceptions=True)
        await service.close()


async def _fill(service: Service[Any], events: int) -> None:
    """Patients, and of each report: posted, judged, verified, shown, appeared, seen."""
    patients = [f"bench-patient-{n}" for n in range(PATIENTS)]
    policy = service.deps.rules.at(NOW.date())

    async def hear(turn: Turn) -> None:
        for position, patient in enumerate(patients, start=1):
            told = PatientRecorded(patient=patient, born=BORN)
            turn.hear("heard:identity:patient", _envelope(position, told), told)

    await service.submit(Unit(hear, "service:identity"))
    number = 0
    while service.log.head < events:
        numbers = range(number, number + A_UNIT)

        async def a_unit(turn: Turn, numbers: range = numbers) -> None:
            for each in numbers:
                await _report(turn, each, patients[each % PATIENTS], policy)

        await service.submit(Unit(a_unit, "bench"))
        number += A_UNIT


async def _report(turn: Turn, number: int, patient: str, policy: Any) -> None:
    report = f"HVLAB:{number:08d}"
    panel = PANELS[number % len(PANELS)]
    version = _posted(post_report(report, patient, number % 50_000, panel))
    judgement = _judged(version, policy)
    state = await turn.load(REPORT, report)
    turn.append(REPORT, report, rules.post(state, version, judgement, True, NOW))
    state = await turn.load(REPORT, report)
    turn.append(REPORT, report, rules.verify(state, 1, (), "chen", "Alice Chen, MD", True, NOW))
    await turn.load(SEEN, report)
    turn.append(SEEN, report, [ResultSeen(report, patient)])


def _judged(version: Any, policy: Any) -> Judgement:
    subject = Subject(
        sender=version.sender,
        codes=version.codes,
        section=version.section,
        specimen=version.specimen,
        observations=version.observations,
        note=version.note,
        collected=True,
    )
    return judge(subject, Given({}, (), ORDERED), policy)


def _envelope(position: int, told: PatientRecorded) -> Envelope:
    return Envelope(
        id=f"bench-heard-{position}",
        name="PatientRecorded",
        source="identity",
        incarnation="bench",
        topic="patient",
        position=position,
        previous=position - 1,
        at=NOW,
        patient=told.patient,
        data=told.model_dump(mode="json"),
    )


def _silent(name: str, done: int, of: int) -> None:
    """No progress is shown."""
