"""Freshness under load: a verification acknowledged -> in the patient's view, and mailed."""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from email import message_from_bytes
from functools import partial
from pathlib import Path

from bench.commands import post
from bench.load import Asker, quantile, request
from bench.stage import Stage
from bench.table import Line

BAR = 250.0
CONNECTIONS = 32
LONGEST_SECONDS = 30


async def measure(stage: Stage, measured_rate: float) -> list[Line]:
    """Commands at half the measured rate; meanwhile verifications, evenly spaced.

    On a machine so quick that the reports made ready do not last, both take less time.
    """
    rate = measured_rate / 2
    seconds = min(stage.size.fresh_seconds, stage.size.fresh_posts / rate)
    count = int(rate * seconds)
    loop = asyncio.get_running_loop()
    load = loop.run_in_executor(
        None, partial(post, stage, stage.ours, count, CONNECTIONS, rate=rate)
    )
    seen, mailed = await _verifications(stage, seconds / len(stage.waiting))
    await load
    about = f"under {rate:,.0f} commands/s"
    return [
        *_lines("view", f"Verified -> in the patient's results, {about}", seen),
        *_lines("mail", f"Verified -> e-mail accepted, {about}", mailed),
    ]  # fmt: skip


def _lines(id: str, what: str, waits: list[float]) -> list[Line]:
    return [
        Line(f"freshness-{id}-p50", f"{what}, p50", quantile(waits, 0.5), "ms"),
        Line(
            f"freshness-{id}", f"{what}, p99 of {len(waits)}", quantile(waits, 0.99), "ms",
            bar=BAR, at_most=True,
        ),
    ]  # fmt: skip


async def _verifications(stage: Stage, apart: float) -> tuple[list[float], list[float]]:
    """Verify a report every `apart` seconds; ms until it is seen, and until it is mailed."""
    loop = asyncio.get_running_loop()
    began, wall = loop.time(), time.time()
    cookies = {user.patient: user.cookie for user in stage.readers}
    acknowledged: dict[str, list[float]] = defaultdict(list)
    seen: list[float] = []

    async def one(number: int, report: str, patient: str) -> None:
        await asyncio.sleep(began + number * apart - loop.time())
        doctor, reader = await _connected(stage), await _connected(stage)
        body = json.dumps({"report": report, "revision": 1}).encode()
        headers = {"Cookie": f"sid={stage.doctor}", "Idempotency-Key": f"fresh-{report}"}
        status, _ = await doctor.ask(request("POST", "/api/v1/labs/verify-report", headers, body))
        assert status == 201, status
        at = loop.time()
        acknowledged[patient].append(wall + at - began)
        look = request("GET", "/api/v1/labs/results", {"Cookie": f"sid={cookies[patient]}"})
        while f'"{report}"'.encode() not in (await reader.ask(look))[1]:
            pass
        seen.append((loop.time() - at) * 1000)
        doctor.close()
        reader.close()

    await asyncio.gather(*(one(n, r, p) for n, (r, p) in enumerate(stage.waiting)))
    await stage.backstage.settled()
    mails = _mails(stage.portal.data / "mail", wall)
    mailed = []
    for user in stage.readers:
        sent, took = sorted(acknowledged[user.patient]), mails[user.email]
        assert len(sent) == len(took), f"{len(sent)} verified, {len(took)} mailed"
        mailed += [(m - v) * 1000 for v, m in zip(sent, took, strict=True)]
    return seen, mailed


async def _connected(stage: Stage) -> Asker:
    return await Asker().connect(stage.portal.places.gateway)


def _mails(folder: Path, since: float) -> dict[str, list[float]]:
    """When the demo's SMTP server accepted each address's mails: its files are named by that."""
    found: dict[str, list[float]] = defaultdict(list)
    for path in sorted(folder.glob("*.eml")):
        at = int(path.stem.partition("-")[0]) / 1e6
        if at > since:
            found[str(message_from_bytes(path.read_bytes())["To"])].append(at)
    return found
