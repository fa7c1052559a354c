"""What was acknowledged survives kill -9, whenever it comes, and nothing is there twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from kernel.testing.waiting import until
from tests.kernel import demo_services as demo
from tests.kernel.ward_log import Place, opened

ROUNDS = 3
ROOT = Path(__file__).parents[2]


def lines(path: Path) -> list[str]:
    """Whole lines only: the last one may be cut."""
    return path.read_text().split("\n")[:-1] if path.exists() else []


async def append_until_killed(place: Place, acks: Path, name: str, after: int) -> None:
    """Let a process append, and kill it somewhere after `after` acknowledgements."""
    goal = len(lines(acks)) + after
    child = subprocess.Popen(  # noqa: ASYNC220  # starting it takes a moment, and nothing else runs
        [sys.executable, "-m", "tests.kernel.appender", place.log, place.keys, acks, name],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        await until(lambda: len(lines(acks)) >= goal or child.poll() is not None)
        assert child.poll() is None
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()


async def test_what_was_acknowledged_survives_kill_9_and_is_there_once(
    place: Place, tmp_path: Path
) -> None:
    acks = tmp_path / "acks"
    for n in range(ROUNDS):
        await append_until_killed(place, acks, f"round{n}", after=random.randint(1, 60))
    acknowledged = [(bell, int(n)) for bell, n in (line.split() for line in lines(acks))]
    async with opened(place) as log:
        records = await log.stored()
        rung = Counter((r.event.bell, r.event.n) for r in records if type(r.event) is demo.Rung)
        beds = Counter(r.event.bed for r in records if type(r.event) is demo.Taken)
        assert max(rung.values()) == max(beds.values()) == 1
        assert [one for one in acknowledged if one not in rung] == []
        assert [one for one in acknowledged if f"{one[0]}:{one[1]}" not in beds] == []
        assert [r.position for r in records] == list(range(1, len(records) + 1))
        assert log.log.head == len(records)
        assert dict(await log.beds()) == {
            r.event.bed: r.event.patient for r in records if type(r.event) is demo.Taken
        }
