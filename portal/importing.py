"""`python -m portal import PATH...`: files of other systems into the running portal.

The same file again is the same message (its SHA-256 is its key): an import that was cut off is
finished by running it again, and nothing is taken twice.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from contracts.interop import MessageAnswer, TakePart
from kernel.bus.requests import Unavailable
from kernel.decider import Refused
from portal.operator import Operator
from portal.places import running

PART_BYTES = 120_000
FHIR_ENDINGS = (".json", ".json.gz")
HL7_ENDINGS = (".hl7", ".hl7.gz", ".txt", ".er7", ".dat")

Format = Literal["hl7v2", "fhir"]


async def take_paths(data: Path, paths: list[Path]) -> None:
    """Take every file, with progress, and print what became of them. Exit code 1 if one failed."""
    files = list(_files(paths))
    operator = await Operator.reach(running(data))
    totals: Counter[str] = Counter()
    notes: list[str] = []
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns) as progress:
        task = progress.add_task("Importing", total=len(files))
        for path in files:
            progress.update(task, description=path.name[:40])
            await _take(operator, path, totals, notes)
            progress.advance(task)
    await operator.close()
    print(_summary(len(files), totals, notes))
    if totals["not taken"]:
        raise SystemExit(1)


async def _take(operator: Operator, path: Path, totals: Counter[str], notes: list[str]) -> None:
    try:
        answer = await _send(operator, path)
    except (Refused, Unavailable, OSError) as error:
        totals["not taken"] += 1
        notes.append(f"{path.name}: not taken, {error}")
        return
    totals[f"{answer.kind} {answer.outcome}"] += 1
    for what, count in answer.counts.items():
        totals[f"  {what}"] += count
    if answer.outcome not in ("applied", None):
        notes.append(f"{path.name}: {answer.outcome}, {answer.reason}")


async def _send(operator: Operator, path: Path) -> MessageAnswer:
    content = await asyncio.to_thread(_content, path)
    digest = hashlib.sha256(content).hexdigest()
    total = max(1, -(-len(content) // PART_BYTES))
    for index in range(total):
        part = content[index * PART_BYTES : (index + 1) * PART_BYTES]
        command = TakePart(
            format=_format(path, content),
            name=path.name[:200],
            sha256=digest,
            index=index,
            total=total,
            part=base64.b64encode(part).decode(),
        )
        answer = await operator.ask(command, MessageAnswer)
    while answer.outcome is None:  # a long bundle: asking again with any part tells how it stands
        answer = await operator.ask(command, MessageAnswer)
    return answer


def _content(path: Path) -> bytes:
    content = path.read_bytes()
    return gzip.decompress(content) if path.suffix == ".gz" else content


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    """The files named, and those inside the folders named, directories of providers first."""
    for path in paths:
        if not path.exists():
            raise SystemExit(f"There is no {path}.")
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        found = [p for p in inside if p.is_file() and (not path.is_dir() or _known(p))]
        yield from sorted(found, key=lambda p: ("Information" not in p.name, p))


def _known(path: Path) -> bool:
    return path.name.lower().endswith(FHIR_ENDINGS + HL7_ENDINGS)


def _format(path: Path, content: bytes) -> Format:
    looks_like_json = content.lstrip()[:1] in (b"{", b"[")
    return "fhir" if path.name.lower().endswith(FHIR_ENDINGS) or looks_like_json else "hl7v2"


def _summary(files: int, totals: Counter[str], notes: list[str]) -> str:
    lines = [f"{files} files."]
    lines += [f"  {count:6d}  {what}" for what, count in sorted(totals.items())]
    lines += ["What was not applied, and why:"] if notes else []
    return "\n".join(lines + [f"  {note}" for note in notes])
