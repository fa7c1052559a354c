"""Commands over HTTP: each marks another result as seen, under another idempotency key."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from bench.load import Outcome, Plan, checked, drive
from bench.stage import Side, Stage
from bench.table import Line

BARS = {1: 1.3, 32: 2.5, 128: 4.0}
WHAT = "Command: POST -> durable event -> 201"


def measure(stage: Stage) -> list[Line]:
    """For each number of connections, rounds on both sides in turn; the first one warms up."""
    ours: dict[int, list[Outcome]] = {c: [] for c in stage.size.posts}
    theirs: dict[int, list[Outcome]] = {c: [] for c in stage.size.posts}
    for connections, (our_count, their_count) in stage.size.posts.items():
        for number in range(stage.size.rounds + 1):
            here = post(stage, stage.ours, our_count, connections)
            there = post(stage, stage.theirs, their_count, connections)
            if number:
                ours[connections].append(here)
                theirs[connections].append(there)
    return [_line(c, ours[c], theirs[c]) for c in stage.size.posts]


def post(
    stage: Stage, side: Side, count: int, connections: int, rate: float | None = None
) -> Outcome:
    """Send so many commands to one side."""
    plan = Plan(side.port, side.take(count, connections), count, connections, rate)
    return checked(stage.load.submit(drive, plan).result(), 201)


def _line(connections: int, ours: Sequence[Outcome], theirs: Sequence[Outcome]) -> Line:
    if connections == 1:
        here, there = (median(o.wait(0.5) for o in side) for side in (ours, theirs))
        what = f"{WHAT}, p50 at 1 connection"
        return Line("commands-1", what, here, "ms", there, BARS[1], at_most=True)
    here, there = (median(o.rate for o in side) for side in (ours, theirs))
    what = f"{WHAT}, {connections} connections"
    return Line(f"commands-{connections}", what, here, "requests/s", there, BARS[connections])
