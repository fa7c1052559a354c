"""`python -m bench [--smoke] [--only ID]`: measures, prints the table, writes `var/bench.json`."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from bench import commands, footprint, freshness, intake, reads, rebuild
from bench.stage import FULL, SMOKE, Size, stage
from bench.table import Line, save, show

OUT = Path("var/bench.json")
NOTES = """\
Commands: labs MarkSeen by signed-in patients at the gateway's port. Each is about another released
result under another Idempotency-Key and appends an event. Baseline: bench/baselines/crud.py, the
same work in one app with one commit a request. Load: bench/load.py, a process of its own, the same
for both. Medians of interleaved rounds on one machine: compare ratios, not absolute numbers.
Freshness: verifications over HTTP, evenly spaced, under half of the commands/s just measured; from
their 201 to the patient's GET that shows it, and to the moment at which the demo's SMTP server
kept the e-mail. Intake: HL7 messages that are new each, over MLLP and from a file, to the moment at
which their outcome is durable, beside `hl7.parse` of the same messages and nothing else, in turn.
Memory and starts: `python -m portal run` with the demo, all processes."""
GROUPS = ("footprint", "rebuild", "intake", "commands", "reads", "freshness")


def main() -> None:
    """Measure what is asked for. Only a full run says by its exit code whether all bars hold."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--smoke", action="store_true", help="short runs; ratios are not judged")
    parser.add_argument("--only", choices=GROUPS, action="append", help="this group (may repeat)")
    given = parser.parse_args()
    wanted = set(given.only or GROUPS)
    lines: list[Line] = []
    if "footprint" in wanted:
        lines += footprint.measure(given.smoke)
    if "rebuild" in wanted:
        lines += rebuild.measure(given.smoke)
    if "intake" in wanted:
        lines += intake.measure(given.smoke)
    if wanted & {"commands", "reads", "freshness"}:
        lines += asyncio.run(_over_http(SMOKE if given.smoke else FULL, wanted))
    print(show(lines))
    print(NOTES)
    save(lines, OUT)
    if given.smoke:
        print("A smoke run: too short to judge by.")
    elif any(line.holds is False for line in lines):
        sys.exit(1)


async def _over_http(size: Size, wanted: set[str]) -> list[Line]:
    lines: list[Line] = []
    with tempfile.TemporaryDirectory(prefix="bench-stage-") as folder:
        async with stage(Path(folder), size) as both:
            if wanted & {"commands", "freshness"}:
                lines += await asyncio.to_thread(commands.measure, both)
            rates = [line.value for line in lines if line.id == "commands-32"]
            if "reads" in wanted:
                lines += await asyncio.to_thread(reads.measure, both)
            if "freshness" in wanted:
                lines += await freshness.measure(both, rates[0])
    return lines


if __name__ == "__main__":
    main()
