"""Reads of a results page's data over the API."""

from __future__ import annotations

from statistics import median

from bench.load import Outcome, Plan, checked, drive
from bench.stage import RESULTS_A_PAGE, Side, Stage
from bench.table import Line

CONNECTIONS = 32
BAR = 4.0


def measure(stage: Stage) -> list[Line]:
    """Interleaved rounds on both sides; the first one warms up."""
    ours, theirs = [], []
    for number in range(stage.size.rounds + 1):
        here = _read(stage, stage.ours, stage.size.reads[0])
        there = _read(stage, stage.theirs, stage.size.reads[1])
        if number:
            ours.append(here.rate)
            theirs.append(there.rate)
    what = f"Read: GET {RESULTS_A_PAGE} results, {CONNECTIONS} connections"
    return [Line("reads-32", what, median(ours), "requests/s", median(theirs), BAR)]


def _read(stage: Stage, side: Side, count: int) -> Outcome:
    plan = Plan(side.port, side.reads, count, CONNECTIONS)
    return checked(stage.load.submit(drive, plan).result(), 200)
