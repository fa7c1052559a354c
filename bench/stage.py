"""Both sides with the same data: the portal and the baseline, their patients, reports, sessions."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count, islice
from pathlib import Path

from sqlalchemy import create_engine, insert
from sqlalchemy.orm import Session

from bench.baselines.crud import Base, Login, Result, new_cookie
from bench.load import process, request
from bench.panels import NEWEST, PANELS
from bench.portal import Portal, baseline, portal
from bench.prepare import Backstage, User

DOCTOR = "chen@harborview.example"
RESULTS_A_PAGE = 24


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything. `posts` and `reads`: requests per cell, ours and the baseline's."""

    users: int
    rounds: int
    posts: dict[int, tuple[int, int]]
    reads: tuple[int, int]
    fresh_seconds: int
    fresh_posts: int
    verifies_a_second: int

    @property
    def alone(self) -> int:
        """Reports of one patient for one connection: a warm-up round more than is measured."""
        return max(self.posts[1]) * (self.rounds + 1)

    @property
    def shared(self) -> int:
        """Reports of all patients for the other cells, and for freshness."""
        most = sum(max(counts) for c, counts in self.posts.items() if c > 1)
        return most * (self.rounds + 1) + self.fresh_posts

    @property
    def verifies(self) -> int:
        """Verifications in the measurement of freshness."""
        return self.fresh_seconds * self.verifies_a_second


FULL = Size(
    users=32,
    rounds=5,
    posts={1: (300, 300), 32: (2_000, 600), 128: (2_000, 600)},
    reads=(4_000, 1_000),
    fresh_seconds=10,
    fresh_posts=20_000,
    verifies_a_second=25,
)
SMOKE = Size(
    users=8,
    rounds=1,
    posts={1: (30, 30), 32: (200, 100), 128: (200, 100)},
    reads=(300, 100),
    fresh_seconds=2,
    fresh_posts=500,
    verifies_a_second=10,
)


@dataclass(slots=True)
class Side:
    """One of the two: where it listens, and requests that are still to be sent."""

    port: int
    alone: Iterator[bytes]
    posts: Iterator[bytes]
    reads: list[bytes]

    def take(self, count: int, connections: int) -> list[bytes]:
        """The next so many commands, each about another report under another key; those for one
        connection are of one patient, all others of all patients in turn.
        """
        taken = list(islice(self.alone if connections == 1 else self.posts, count))
        assert len(taken) == count, "not enough reports were prepared"
        return taken


@dataclass(frozen=True, slots=True)
class Stage:
    """All that the benchmarks over HTTP need."""

    size: Size
    portal: Portal
    backstage: Backstage
    load: ProcessPoolExecutor
    ours: Side
    theirs: Side
    readers: list[User]
    waiting: list[tuple[str, str]]
    doctor: str


@asynccontextmanager
async def stage(folder: Path, size: Size) -> AsyncIterator[Stage]:
    """Start both, fill both, stop both."""
    with portal(folder / "portal") as running, process() as load:
        backstage = await Backstage.open(running)
        # Verified before there are accounts: nobody is mailed about these.
        writing = await backstage.record_patients("Writer", size.users)
        alone = await backstage.post("a", writing[:1], size.alone)
        unseen = await backstage.post("w", writing, size.shared)
        await backstage.verify([*alone, *unseen])
        reading = await backstage.record_patients("Reader", size.users)
        await backstage.verify(
            await backstage.post("r", reading, size.users * RESULTS_A_PAGE, PANELS)
        )
        await backstage.settled()
        writers = await backstage.enrol("writer", writing)
        readers = await backstage.enrol("reader", reading)
        waiting = await backstage.post("fresh", reading, size.verifies)
        await backstage.settled()
        cookies = {user.patient: user.cookie for user in writers}
        ours = Side(
            running.places.gateway,
            _posts("/api/v1/labs/mark-seen", [(r, cookies[p]) for r, p in alone]),
            _posts("/api/v1/labs/mark-seen", [(r, cookies[p]) for r, p in unseen]),
            [_read("/api/v1/labs/results", user.cookie) for user in readers],
        )
        with _filled_baseline(folder / "baseline.db", size) as theirs:
            doctor = await backstage.sign_in(DOCTOR)
            yield Stage(size, running, backstage, load, ours, theirs, readers, waiting, doctor)
        await backstage.close()


def _posts(path: str, reports: list[tuple[str, str]]) -> Iterator[bytes]:
    for (report, cookie), number in zip(reports, count()):  # one of them never ends
        headers = {"Cookie": f"sid={cookie}", "Idempotency-Key": f"bench-{report}-{number}"}
        yield request("POST", path, headers, json.dumps({"report": report}).encode())


def _read(path: str, cookie: str) -> bytes:
    return request("GET", path, {"Cookie": f"sid={cookie}"})


@contextmanager
def _filled_baseline(database: Path, size: Size) -> Iterator[Side]:
    """As many users, results and unseen reports as ours."""
    writers = [(f"writer-{n}", new_cookie()) for n in range(size.users)]
    readers = [(f"reader-{n}", new_cookie()) for n in range(size.users)]
    alone = [(f"bench:a:{n}", *writers[0]) for n in range(size.alone)]
    unseen = [(f"bench:w:{n}", *writers[n % size.users]) for n in range(size.shared)]
    shown = [(f"bench:r:{n}", *readers[n % size.users]) for n in range(size.users * RESULTS_A_PAGE)]
    engine = create_engine(f"sqlite:///{database}")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        ends = NEWEST.replace(tzinfo=None) + timedelta(days=365 * 50)
        session.execute(
            insert(Login),
            [{"cookie": c, "patient": p, "expires": ends} for p, c in (*writers, *readers)],
        )
        rows = [_result(r, p, n) for n, (r, p, _) in enumerate((*alone, *unseen, *shown))]
        session.execute(insert(Result), rows)
        session.commit()
    engine.dispose()
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    with baseline(database) as port:
        yield Side(
            port,
            _posts("/results/seen", [(r, c) for r, _, c in alone]),
            _posts("/results/seen", [(r, c) for r, _, c in unseen]),
            [_read("/results", cookie) for _, cookie in readers],
        )


def _result(report: str, patient: str, number: int) -> dict[str, object]:
    collected = NEWEST.replace(tzinfo=None) - timedelta(hours=number % 10_000)
    return {
        "report": report,
        "patient": patient,
        "name": PANELS[number % len(PANELS)].name,
        "collected": collected,
        "reported": collected + timedelta(hours=9),
        "verified": collected + timedelta(hours=20),
        "abnormal": False,
        "being_corrected": False,
        "seen": False,
    }
