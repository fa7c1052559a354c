"""The labs service on a real SQLite log, without a bus: commands, queries, reactions as in life."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from contracts.common import Caller, Role
from contracts.identity import PatientRecorded
from contracts.labs import Coding, Orderer, PostedObservation, PostReport
from contracts.practice import (
    Affiliation,
    Hours,
    Phone,
    PracticeConfigured,
    Profile,
    Provider,
    ProviderListed,
)
from kernel.api import Call, serve
from kernel.bus.requests import Reply
from kernel.clock import TestClock
from kernel.codec import heard_name
from kernel.envelope import Answer, Command, Envelope, PublishedEvent, Query
from kernel.ids import new_id
from kernel.projection import Record
from kernel.refold import fold_missing
from kernel.service import Service
from kernel.settings import Settings
from kernel.turn import Turn, Unit
from services.labs.service import build
from tests.unit.labs.making import DRAWN, NOW

A = TypeVar("A", bound=Answer)

INTEROP = Caller(subject="interop", role=Role.SERVICE)
LEE = Caller(subject="u-lee", role=Role.PROVIDER, provider="dr-lee")
KIM = Caller(subject="u-kim", role=Role.PROVIDER, provider="dr-kim")
KIM_FOR_LEE = KIM.model_copy(update={"covers": ("dr-lee",)})
ADMIN = Caller(subject="u-admin", role=Role.POLICY)
ANA = Caller(subject="u-ana", role=Role.PATIENT, patient="p1")
BEN = Caller(subject="u-ben", role=Role.PATIENT, patient="p2")

SODIUM = Coding(system="loinc", code="2951-2", text="Sodium")
METABOLIC = Coding(system="loinc", code="24323-8", text="Comprehensive metabolic panel")
HIV = Coding(system="loinc", code="7918-6", text="HIV 1+2 Ab")


def provider(id: str, npi: str, name: str, **more: Any) -> Provider:
    """A directory entry that works here since 2020."""
    since = Affiliation(since=date(2020, 1, 1))
    return Provider(id=id, npi=npi, name=name, **{"affiliations": (since,), **more})


def profile(**more: Any) -> Profile:
    """A practice in Los Angeles."""
    return Profile(
        name="Bay Practice",
        zone="America/Los_Angeles",
        support_email="help@example.org",
        portal_url="http://localhost",
        phones=(Phone(purpose="help", number="1"),),
        support_hours=(Hours.model_validate({"weekday": 0, "opens": "08:30", "closes": "17:30"}),),
        terms=(),
        **more,
    )


def value(key: str, code: Coding, text: str = "140", **more: Any) -> PostedObservation:
    """One posted value."""
    number = float(text) if text.replace(".", "", 1).isdigit() else None
    base: dict[str, Any] = {"unit": "mmol/L", "range_text": "135-145", "status": "final"}
    return PostedObservation(key=key, codes=(code,), value=text, number=number, **{**base, **more})


def report(id: str = "r1", *values: PostedObservation, **more: Any) -> PostReport:
    """A metabolic panel of patient p1, ordered by dr-lee."""
    base: dict[str, Any] = {
        "patient": "p1",
        "sender": "lab",
        "orderer": Orderer(ids=("1234567893",), name="Lee"),
        "acquired": DRAWN,
        "reported": DRAWN,
        "codes": (METABOLIC,),
        "status": "final",
    }
    observations = values or (value("na", SODIUM),)
    return PostReport(report=id, observations=observations, **{**base, **more})


class House:
    """A running labs service, and what the outside does to it."""

    def __init__(self, service: Service[Any], clock: TestClock) -> None:
        self.service, self.clock = service, clock
        self.hints: list[str] = []
        self.published: list[PublishedEvent] = []
        self._heard = 0
        service.committer.after_commit.append(self._watch)

    async def ask(self, message: Command | Query, caller: Caller) -> Reply:
        """A request as it comes in from the bus."""
        self._key = getattr(self, "_key", 0) + 1
        call: Call[Any, Any] = Call(self.service, caller, f"k{self._key}", self.clock.now())
        endpoint = self.service.api.endpoints[type(message).__name__]
        return await serve(endpoint, message.model_dump_json().encode(), call)

    async def get(self, message: Command | Query, caller: Caller, answer: type[A]) -> A:
        """The answer, which must be a success and valid by its contract."""
        reply = await self.ask(message, caller)
        assert reply.status < 300, reply.body
        return answer.model_validate_json(reply.body)

    async def hear(self, event: PublishedEvent) -> None:
        """Another service published this."""
        self._heard += 1
        about = getattr(event, event.about) if event.about else None
        envelope = Envelope(
            id=new_id(self.clock),
            name=type(event).__name__,
            source=event.service,
            incarnation="i",
            topic=event.topic,
            position=self._heard,
            previous=self._heard - 1,
            at=self.clock.now(),
            patient=about,
            data=event.model_dump(mode="json"),
        )
        assert heard_name(type(event))

        async def log(turn: Turn) -> None:
            turn.hear(f"heard-{event.service}-{self._heard}", envelope, event)

        await self.service.submit(Unit(log, actor=event.service))

    async def settle(self) -> None:
        """Until every reaction has worked off the log."""
        for _ in range(400):
            await asyncio.sleep(0.005)
            if not self._busy():
                return
        raise AssertionError("reactions did not settle")

    def _busy(self) -> bool:
        head = self.service.log.head
        return any(reactor.position < head for reactor in self.service.reactors)

    def _watch(self, records: Any) -> None:
        for record in records:
            self._see(record)

    def _see(self, record: Record) -> None:
        if self.service.live:
            self.hints += self.service.live(record.event, record)
        if record.origin is None and (told := self.service.publisher.publish(record.event)):
            self.published.append(told)


@contextlib.asynccontextmanager
async def living(data: Path, now: datetime = NOW) -> AsyncIterator[House]:
    """A labs service with two providers, two adult patients and a profile."""
    clock = TestClock(now)
    settings = Settings(service="labs", data=data)
    settings.__dict__["clock"] = clock
    (data / "keys").mkdir(exist_ok=True)
    service = build(settings)
    await service.open()
    assert await service.take_over()
    await fold_missing(service.log, service.views)
    house = House(service, clock)
    service.committer.after_commit += [reactor.wake for reactor in service.reactors]
    jobs = [service.committer.run(), *(reactor.run() for reactor in service.reactors)]
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        await house.hear(PracticeConfigured(profile=profile()))
        await house.hear(ProviderListed(provider=provider("dr-lee", "1234567893", "Ann Lee MD")))
        await house.hear(ProviderListed(provider=provider("dr-kim", "1245319599", "Bo Kim DO")))
        await house.hear(PatientRecorded(patient="p1", born=date(1980, 2, 3)))
        await house.hear(PatientRecorded(patient="p2", born=date(1990, 2, 3)))
        yield house
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await service.db.close()
        await service.key_db.close()
