"""interop without a bus: real log, views and committer; identity and labs are stubs with a memory."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from contracts.catalog import SERVICES
from contracts.common import Caller, Done, Role
from contracts.identity import KnownPatient, PatientAnswer, RecordMerge, RecordPatient
from contracts.interop import TakePart
from contracts.labs import PostAnswer, PostReport
from contracts.practice import PracticeConfigured, Profile
from kernel.api import Call, serve
from kernel.bus.requests import Reply
from kernel.clock import TestClock
from kernel.codec import Codec
from kernel.committer import Committer
from kernel.envelope import Envelope
from kernel.event_log import AFTER, EventLog
from kernel.ids import new_id
from kernel.keys import METADATA as KEY_TABLES
from kernel.keys import KeyRing
from kernel.lease import Lease
from kernel.policy import React
from kernel.refold import fold_missing
from kernel.store.port import open_database
from kernel.turn import Turn, Unit
from services.interop.api import API
from services.interop.events import CODEC
from services.interop.intake import Intake
from services.interop.policies import POLICIES, Deps
from services.interop.publisher import PUBLISHER
from services.interop.views import VIEWS
from tests.unit.interop.samples import NOW, ZONE

SRE = Caller(subject="sam", role=Role.SRE)
OPERATOR = Caller(subject="operator", role=Role.SERVICE)
PROFILE = Profile(
    name="Here",
    zone="UTC",
    support_email="help@here.example",
    portal_url="http://here.example",
    phones=(),
    support_hours=(),
    terms=(),
)


class Desk:
    """The service and its two neighbours. `failures` are raised, one per request, None = answer."""

    def __init__(self, log: EventLog, clock: TestClock, served: frozenset[str]) -> None:
        self.log, self.clock = log, clock
        self.committer = Committer(log, VIEWS, clock)
        self.asked: list[tuple[str, Any]] = []
        self.failures: list[Exception | None] = []
        self.outcome: Any = "applied"
        self.deps = Deps()
        self.deps.intake = Intake(self, served)
        self.intake = self.deps.intake
        self.committer.after_commit.append(self.intake.translating.committed)

    def now(self) -> Any:
        return self.clock.now()

    async def submit(self, unit: Unit) -> Any:
        return await self.committer.submit(unit)

    async def execute(self, handler: Any, actor: str) -> Any:
        return await self.submit(Unit(handler, actor))

    async def fetch(self, ask: Any, **params: Any) -> Sequence[Any]:
        return await self.log.db.fetch(ask, **params)

    async def history(self, stream: str) -> Sequence[Any]:
        return await self.log.read_stream(stream, 0)

    async def request(self, message: Any, answer: Any, key: str = "") -> Any:
        self.asked.append((key, message))
        await asyncio.sleep(0)
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        if isinstance(message, RecordPatient | KnownPatient | RecordMerge):
            return PatientAnswer(patient="p1")
        if not isinstance(message, PostReport):
            return Done(id="d1")
        reasons = ("unknown-orderer",) if self.outcome == "held" else ()
        return PostAnswer(outcome=self.outcome, reasons=reasons)

    async def hear(self, zone: str) -> None:
        """The practice's profile comes, as of now in this zone."""
        told = PracticeConfigured(profile=PROFILE.model_copy(update={"zone": zone}))
        envelope = Envelope(
            id=new_id(self.clock),
            name="PracticeConfigured",
            source="practice",
            incarnation="life",
            topic=told.topic,
            position=self.log.head + 1,
            previous=0,
            at=self.now(),
            data=told.model_dump(mode="json"),
        )

        async def logged(turn: Turn) -> None:
            turn.hear("heard:practice:practice", envelope, told)

        await self.submit(Unit(logged, "service:practice"))

    async def reply(self, message: Any, caller: Caller = SRE) -> Reply:
        call: Call[Any, Any] = Call(self, caller, new_id(self.clock), self.now())
        body = json.dumps(message.model_dump(mode="json")).encode()
        return await serve(API.endpoints[type(message).__name__], body, call)

    async def ask(self, message: Any, caller: Caller = SRE) -> Any:
        return json.loads((await self.reply(message, caller)).body)

    async def file(self, raw: bytes, format: str = "fhir", size: int = 100_000) -> Any:
        """A file in parts, from the command line; the answer to the last one."""
        for part in parts(raw, format, size):
            answer = await self.ask(part, OPERATOR)
        return answer

    async def names(self) -> list[str]:
        own = [record for record in await self._records() if record.origin is None]
        return [type(record.event).__name__ for record in own]

    async def react(self) -> None:
        """Let the policy see every event."""
        for record in await self._records():
            for reaction in POLICIES.reactions:
                if type(record.event) in reaction.kinds:
                    await reaction.handler(
                        record.event, record, React(self, reaction, record, False)
                    )

    async def _records(self) -> Sequence[Any]:
        return await self.log.records(await self.log.db.scan(AFTER, above=0, count=10_000))


def parts(raw: bytes, format: str, size: int = 100_000) -> list[TakePart]:
    """A file in parts."""
    pieces = [raw[n : n + size] for n in range(0, len(raw), size)] or [b""]
    return [
        TakePart(
            format=format,
            name="file",
            sha256=hashlib.sha256(raw).hexdigest(),
            index=n,
            total=len(pieces),
            part=base64.b64encode(piece).decode(),
        )
        for n, piece in enumerate(pieces)
    ]


@asynccontextmanager
async def open_desk(
    folder: Path, heard: bool = True, also: frozenset[str] = frozenset()
) -> AsyncIterator[Desk]:
    """A desk over the databases of a folder; what an earlier desk there did is still in them.

    `heard`: the practice's profile has come. `also`: services of later issues that are there.
    """
    clock = TestClock(NOW)
    db = open_database(f"sqlite:///{folder}/interop.db")
    keys = open_database(f"sqlite:///{folder}/interop.keys.db")
    await db.open(migrate=True)
    await keys.open(migrate=False)
    await keys.create(KEY_TABLES)
    codec = Codec(CODEC.events)
    codec.hear((PracticeConfigured,))
    log = EventLog(db, codec, PUBLISHER, KeyRing(keys, b"k" * 32))
    desk = Desk(log, clock, frozenset(SERVICES) | also)
    lease = Lease(db, clock, "test", timedelta(hours=1))
    assert await lease.take(new_id(clock))
    desk.committer.term = lease.term
    await log.reload()
    await fold_missing(log, VIEWS)
    work = asyncio.create_task(desk.committer.run())
    if heard:
        await desk.hear(ZONE.key)
    try:
        yield desk
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        await lease.release()
        await db.close()
        await keys.close()
