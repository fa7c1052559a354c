"""HL7 into the running portal, over MLLP and from a file, beside what `hl7` needs for mere parsing."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import hl7

from bench.feeds import distinct, templates
from bench.portal import ROOT, Portal, portal
from bench.table import Line
from contracts.interop import GetSummary, SummaryAnswer
from portal.feeding import Feeder, Report
from portal.importing import take_file
from portal.operator import Operator
from services.interop.hl7v2.normalise import messages

BAR = 0.6
GROWTH_BAR = 1.2
FEW, MANY = 8, 32
"""Connections: a small practice's, and as many as the listener serves. The bar is on the latter."""

VT, END = b"\x0b", b"\x1c\r"
LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Size:
    """Messages a round, rounds, messages of the large file, and from where on memory must not grow."""

    messages: int
    rounds: int
    large: int
    settled_in: int


FULL = Size(messages=1_100, rounds=5, large=10_000, settled_in=1_000)
SMOKE = Size(messages=110, rounds=1, large=440, settled_in=110)


def measure(smoke: bool) -> list[Line]:
    """Rounds of all three in turn on distinct messages; then one large file, watched."""
    size = SMOKE if smoke else FULL
    source, _ = templates()
    with tempfile.TemporaryDirectory(prefix="bench-intake-") as folder:
        work = Path(folder)
        with portal(work / "portal") as running:
            ways = _ways(running, work)
            rates: dict[str, list[float]] = {name: [] for name in ways}
            for number in range(size.rounds + 1):
                for name, run in ways.items():
                    sent = list(distinct(size.messages, f"{name}{number}x"))
                    rate = len(sent) / run(sent)
                    if number:
                        rates[name].append(rate)
        early, late = growth(work, size)
    parse, few, many, file = (median(rates[name]) for name in ways)
    what = f"{size.messages} of {source}"
    return [
        Line("intake-parse", f"hl7.parse alone, {what}", parse, "messages/s"),
        Line(f"intake-mllp-{FEW}", f"HL7 by MLLP, {FEW} connections, to the ACK", few,
             "messages/s", parse),
        Line(f"intake-mllp-{MANY}", f"HL7 by MLLP, {MANY} connections, to the ACK", many,
             "messages/s", parse, BAR),
        Line("intake-file", "HL7 from a file, to the outcome", file, "messages/s", parse, BAR),
        Line("intake-memory", f"interop's memory after {size.large} messages of one file, to that"
             f" after {size.settled_in}", late, "MB", early, GROWTH_BAR, at_most=True),
    ]  # fmt: skip


def _ways(running: Portal, work: Path) -> dict[str, Callable[[Sequence[bytes]], float]]:
    """Each takes messages and says how many seconds that took."""
    return {
        "parse": parsed,
        "few": lambda sent: asyncio.run(over_mllp(running.places.mllp, sent, FEW)),
        "many": lambda sent: asyncio.run(over_mllp(running.places.mllp, sent, MANY)),
        "file": lambda sent: asyncio.run(from_file(running, work / "feed.hl7", sent)),
    }


def parsed(sent: Sequence[bytes]) -> float:
    """The bare library, in this process, on text that it can read: it takes no mark, no LF."""
    texts = [messages(raw)[0] for raw in sent]
    started = time.perf_counter()
    for text in texts:
        hl7.parse(text)
    return time.perf_counter() - started


async def over_mllp(port: int, sent: Sequence[bytes], connections: int) -> float:
    """All over so many connections, each with one message at a time on its way."""
    said: Counter[bytes] = Counter()
    waiting = iter(sent)

    async def converse() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for raw in waiting:
            writer.write(VT + raw + END)
            answer = await reader.readuntil(END)
            said[answer.split(b"\rMSA|")[1][:2]] += 1
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(converse() for _ in range(connections)))
    seconds = time.perf_counter() - started
    if said[b"AA"] < 0.9 * len(sent):
        raise SystemExit(f"most messages should be taken: {dict(said)}")
    return seconds


async def from_file(running: Portal, path: Path, sent: Sequence[bytes]) -> float:
    """What the command line's import does once it has started."""
    await asyncio.to_thread(path.write_bytes, b"\r".join(sent))
    operator, report = await Operator.reach(running.places), Report()
    started = time.perf_counter()
    async for _ in take_file(Feeder(operator.ask, report, path.name), path):
        pass
    seconds = time.perf_counter() - started
    await operator.close()
    if report.outcomes.total() != len(sent) or report.failed:
        raise SystemExit(f"not every message was taken: {report.summary(1)}")
    return seconds


@contextmanager
def importing(running: Portal, path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m portal import` of a file, as a user starts it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "portal", "import", str(path)], cwd=ROOT,
        env={**os.environ, "PORTAL_DATA": str(running.data)}, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def growth(work: Path, size: Size) -> tuple[float, float]:
    """Peak memory (MB) of interop in a fresh portal while it takes one large file: after so many of
    its messages, and at its end.
    """
    path = work / "large.hl7"
    with path.open("wb") as file:
        for raw in distinct(size.large, "g"):
            file.write(raw + b"\r")
    with portal(work / "fresh") as running:
        process = json.loads((running.data / "pids.json").read_text())["interop"]
        early = 0.0
        with importing(running, path) as feeding:
            while feeding.poll() is None:
                if not early and asyncio.run(taken(running)) >= size.settled_in:
                    early = peak(process)
                time.sleep(LOOK_SECONDS)
        return early or peak(process), peak(process)


async def taken(running: Portal) -> int:
    """How many messages interop has settled."""
    operator = await Operator.reach(running.places)
    answer = await operator.ask(GetSummary(), SummaryAnswer)
    await operator.close()
    return sum(row.count for row in answer.rows)


def peak(process: int) -> float:
    """The most memory that a process has had so far, in MB."""
    said = Path(f"/proc/{process}/status").read_text()
    return int(said.split("VmHWM:")[1].split()[0]) / 1024
