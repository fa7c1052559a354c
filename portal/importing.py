"""`python -m portal import PATH...`: files of other systems into the running portal.

An HL7 file is split into its messages as it is read, so that a file of any size needs little memory.
A message that was taken before changes nothing: an import that was cut off is finished by running it
again.
"""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import IO, Literal

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from kernel.bus.requests import Unavailable
from kernel.decider import Refused
from portal.feeding import Feeder, Report
from portal.operator import Operator
from portal.places import running
from services.interop.fhir.json import MOST_BYTES
from services.interop.hl7v2.splitting import Splitter

CHUNK = 256 * 1024
FHIR_ENDINGS = (".json", ".json.gz", ".ndjson", ".ndjson.gz")
HL7_ENDINGS = (".hl7", ".hl7.gz", ".txt", ".er7", ".dat")

Format = Literal["hl7v2", "fhir"]


async def take_paths(data: Path, paths: list[Path]) -> None:
    """Take every file, with progress, and print what became of them. Exit code 1 if one failed."""
    files = list(_files(paths))
    operator = await Operator.reach(running(data))
    report = Report()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns) as progress:
        task = progress.add_task("Importing", total=sum(path.stat().st_size for path in files))
        done = 0
        for path in files:
            progress.update(task, description=path.name[:40])
            feeder = Feeder(operator.ask, report, path.name)
            try:
                async for read in take_file(feeder, path):
                    progress.update(task, completed=done + read)
            except (Refused, Unavailable, OSError, EOFError, zlib.error) as error:
                feeder.stop()
                report.not_taken(path.name, str(error))
            done += path.stat().st_size
            progress.update(task, completed=done)
    await operator.close()
    print(report.summary(len(files)))
    if report.failed:
        raise SystemExit(1)


async def take_file(feeder: Feeder, path: Path) -> AsyncIterator[int]:
    """Take one file; yields how many of its bytes have been read so far."""
    with path.open("rb") as raw:
        file: IO[bytes] | gzip.GzipFile = (
            gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw
        )
        first = await asyncio.to_thread(file.read, CHUNK)
        if _format(path, first) == "fhir":
            rest = await asyncio.to_thread(file.read, MOST_BYTES + 1 - len(first))
            if len(first) + len(rest) > MOST_BYTES:
                raise OSError("larger than 64 MB")
            await feeder.file(first + rest, "fhir")
            return
        splitter = Splitter()
        while first:
            for message in splitter.feed(first):
                await feeder.message(message)
            yield raw.tell()
            first = await asyncio.to_thread(file.read, CHUNK)
        for message in splitter.close():
            await feeder.message(message)
        await feeder.flush()
        feeder.checked(splitter)


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


def _format(path: Path, beginning: bytes) -> Format:
    looks_like_json = beginning.lstrip()[:1] in (b"{", b"[")
    return "fhir" if path.name.lower().endswith(FHIR_ENDINGS) or looks_like_json else "hl7v2"
