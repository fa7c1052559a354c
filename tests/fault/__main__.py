"""`python -m tests.fault`: faults under load, the verdict, and proof that the verdict can be bad."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.fault.actors import World, act
from tests.fault.checker import Figures, by_command, check
from tests.fault.clients import read_books
from tests.fault.drain import drained, on_the_bus
from tests.fault.emails import Sink
from tests.fault.faults import QUICK, Plan, inject, plan
from tests.fault.fuzz import fuzz
from tests.fault.mutants import MUTANTS
from tests.fault.running import Portal

FAULTS, SMOKE_FAULTS, MUTANT_FAULTS = 200, 10, 8
SMOKE_MUTANT = "tail"
SPOILED, SMOKE_SPOILED = (20_000, 1_000), (400, 40)
"""How many spoiled HL7 v2 messages and FHIR files."""
FUZZ_MUTANT, BLIND_SPOILED = "first-person", (300, 0)
ROUNDS = 3
"""How often a mutant may be tried before the harness counts as blind to it."""
WARM_SECONDS, DRAIN_SECONDS, MUTANT_DRAIN_SECONDS = 2.0, 180.0, 20.0
RESULT = Path("var/fault.json")


def say(sentence: str) -> None:
    """Progress for whoever watches."""
    print(sentence, flush=True)


async def run_once(seed: int, faults: Plan, mutant: str = "", keep: bool = False) -> Figures:
    """One portal, these faults under load, a drain, and the checker's figures."""
    folder = Path(tempfile.mkdtemp(prefix="portal-fault-"))
    (folder / "books").mkdir()
    sink = Sink()
    portal = Portal(folder, await sink.start(), mutant)
    try:
        await portal.start()
        world = World(portal, sink, seed, folder / "books")
        load = asyncio.create_task(act(world))
        await asyncio.sleep(WARM_SECONDS)
        injected = asyncio.create_task(inject(portal, faults, say))
        await asyncio.wait({load, injected}, return_when=asyncio.FIRST_COMPLETED)
        if load.done():
            injected.cancel()
            load.result()
        done = injected.result()
        world.stopping.set()
        await load
        left = await drained(portal.places, MUTANT_DRAIN_SECONDS if mutant else DRAIN_SECONDS)
        if left:
            say(f"  Not drained: {left}")
    finally:
        await portal.stop()
        sink.stop()
    bus = await on_the_bus(portal.data)
    figures = await check(Figures(seed, sum(done.values())), folder, sink.mails, bus)
    if not mutant:
        _tell(done, world.counts, by_command(read_books(folder / "books")), len(sink.mails))
    if keep or (figures.wrong() and not mutant):
        say(f"  What it left is in {folder}")
    else:
        shutil.rmtree(folder)
    return figures


def _tell(done: Counter[str], counts: Counter[str], acks: Counter[str], mails: int) -> None:
    say("  faults: " + ", ".join(f"{what} {n}" for what, n in sorted(done.items())))
    say("  acknowledged: " + ", ".join(f"{what} {n}" for what, n in sorted(acks.items())))
    say("  also: " + ", ".join(f"{what} {n}" for what, n in sorted(counts.items())))
    say(f"  e-mails accepted: {mails}")


async def normal(seed: int, count: int, keep: bool) -> bool:
    """The portal as it is; True when every figure that must be 0 is."""
    say(f"{count} faults with seed {seed} ...")
    started = time.monotonic()
    figures = await run_once(seed, plan(seed, count), keep=keep)
    say(f"{_kept(figures)}  ({time.monotonic() - started:.0f} s)")
    for name, examples in figures.examples.items():
        for example in examples:
            say(f"  {name}: {example}")
    return not figures.wrong()


def _kept(figures: Figures) -> str:
    """The figures as JSON, also in `var/fault.json`."""
    result = json.dumps({k: v for k, v in vars(figures).items() if k != "examples"})
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(result + "\n")
    return result


async def caught(name: str, seed: int, quick: bool) -> bool:
    """Whether the checker sees that this mutant is one, by the figure that its weakness is about."""
    _, figure = MUTANTS[name]
    faults = 0
    for attempt in range(seed, seed + ROUNDS):
        figures = await run_once(attempt, QUICK if quick else plan(attempt, MUTANT_FAULTS), name)
        faults += figures.faults
        if wrong := figures.wrong().get(figure):
            others = ", ".join(f"{k} {n}" for k, n in figures.wrong().items() if k != figure)
            say(f"mutant {name}: caught by {figure} {wrong} after {faults} faults"
                + (f" (also {others})" if others else ""))  # fmt: skip
            return True
    say(f"mutant {name}: NOT caught by {faults} faults")
    return False


async def spoiled(seed: int, sizes: tuple[int, int]) -> bool:
    """Spoiled messages from every sender; True when nothing that must be 0 is more."""
    started = time.monotonic()
    verdict = await fuzz(seed, *sizes)
    said = ", ".join(f"{what} {n}" for what, n in sorted(verdict.answers.items()))
    say(f"{verdict.sent} spoiled messages: {said}  ({time.monotonic() - started:.0f} s)")
    say(f"  wrong: {dict(verdict.wrong) or 'nothing'}")
    for what, example in verdict.examples.items():
        say(f"  {what}: {example}")
    return not verdict.wrong


async def seen_by_the_fuzzer(seed: int) -> bool:
    """Whether the fuzzer sees a portal that takes the first patient that a message names."""
    for attempt in range(seed, seed + ROUNDS):
        verdict = await fuzz(attempt, *BLIND_SPOILED, FUZZ_MUTANT)
        if wrong := verdict.wrong["wrong patient"]:
            say(f"mutant {FUZZ_MUTANT}: caught by wrong patient {wrong}")
            return True
    say(f"mutant {FUZZ_MUTANT}: NOT caught")
    return False


def main() -> int:
    """Exit code 1 when a promise is broken, or a mutant is not noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fault", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="about a minute")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--faults", type=int, default=None)
    parser.add_argument("--mutant", choices=[*MUTANTS, "all", "none"], default=None)
    parser.add_argument("--only", choices=["faults", "messages"], default=None)
    parser.add_argument("--keep", action="store_true", help="keep what the run left on disk")
    given = parser.parse_args()
    seed = random.SystemRandom().randrange(1_000_000) if given.seed is None else given.seed
    say(f"seed {seed}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the portal is stopped too
    good = True
    if given.only != "faults" and given.mutant is None:
        good = asyncio.run(spoiled(seed, SMOKE_SPOILED if given.smoke else SPOILED))
        good = (given.smoke or asyncio.run(seen_by_the_fuzzer(seed))) and good
    if given.only == "messages":
        return 0 if good else 1
    if given.mutant in (None, "none"):
        count = given.faults or (SMOKE_FAULTS if given.smoke else FAULTS)
        good = asyncio.run(normal(seed, count, given.keep)) and good
    chosen = given.mutant or (SMOKE_MUTANT if given.smoke else "all")
    names = {"all": list(MUTANTS), "none": []}.get(chosen, [chosen])
    seen = [asyncio.run(caught(name, seed, quick=given.smoke)) for name in names]
    if names:
        say(f"mutants caught: {sum(seen)} of {len(seen)}")
    return 0 if good and all(seen) else 1


if __name__ == "__main__":
    sys.exit(main())
