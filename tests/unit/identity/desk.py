"""A whole identity service without a bus: real log, views and committer, a clock that is moved.

`desk.ask(...)` goes through the service's own endpoints; `desk.settle()` lets the reactions work.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from contracts.common import Address, Caller, HumanName, Role
from contracts.identity import (
    Demographics,
    Identifier,
    MayNotify,
    MayNotifyAnswer,
    PatientAnswer,
    RecordPatient,
    RequestRegistration,
)
from contracts.notifier import EmailFailed, EmailSent
from contracts.practice import Hours, PracticeConfigured, Profile, Terms
from kernel.api import Call, serve
from kernel.bus.requests import Reply
from kernel.clock import TestClock, micros
from kernel.codec import Codec
from kernel.committer import Committer
from kernel.envelope import Envelope
from kernel.event_log import EventLog
from kernel.keys import METADATA as KEY_TABLES
from kernel.keys import KeyRing
from kernel.lease import Lease
from kernel.policy import React
from kernel.refold import fold_missing
from kernel.store.port import open_database
from kernel.turn import Turn, Unit
from services.identity.account_secrets import AccountSecrets
from services.identity.api import API
from services.identity.bucket import Gone, Stale
from services.identity.challenges import Challenges
from services.identity.deps import Deps
from services.identity.events import CODEC
from services.identity.invitation_secrets import InvitationSecrets
from services.identity.link_secrets import LinkSecrets
from services.identity.passwords import Passwords
from services.identity.policies import POLICIES
from services.identity.publisher import PUBLISHER
from services.identity.sessions import Sessions
from services.identity.subscribers import HEARS
from services.identity.views import VIEWS

NOON = datetime(2026, 3, 4, 20, 0, tzinfo=UTC)  # a Wednesday, noon in Los Angeles
PASSWORD = "violet harbour tractor nine"
SUPPORT = Caller(subject="ann", role=Role.SUPPORT, name="Ann of Support")
COLLEAGUE = Caller(subject="bob", role=Role.SUPPORT, name="Bob of Support")
CLINIC = Caller(subject="cleo", role=Role.CLINIC, name="Cleo of the clinic")
INTEROP = Caller(subject="interop", role=Role.SERVICE)
NOTIFIER = Caller(subject="notifier", role=Role.SERVICE)
OPERATOR = Caller(subject="operator", role=Role.SERVICE)

ANYONE = Caller(subject="anonymous", role=Role.ANONYMOUS)


def profile(**changes: Any) -> Profile:
    """A practice in Los Angeles, open 8:30 to 17:30 from Monday to Friday."""
    open_ = [Hours(weekday=d, opens=time(8, 30), closes=time(17, 30)) for d in range(5)]
    values: dict[str, Any] = {
        "name": "Harbor Family Practice",
        "zone": "America/Los_Angeles",
        "support_email": "support@practice.example",
        "portal_url": "https://portal.example/",
        "phones": (),
        "support_hours": tuple(open_),
        "terms": (terms("terms", "t1"), terms("hipaa", "h1")),
    }
    return Profile(**(values | changes))


def terms(document: str, version: str, effective: date = date(2020, 1, 1)) -> Terms:
    """One version of one document."""
    return Terms(document=document, version=version, title=document, text="", effective=effective)


def demographics(**changes: Any) -> Demographics:
    """Maria Garcia-López, born 1980."""
    values: dict[str, Any] = {
        "name": HumanName(family="Garcia-López", given="María"),
        "born": date(1980, 5, 17),
        "sex": "female",
        "address": Address(line="12 North Main Street", city="Napa", state="CA", zip="94558-1234"),
        "phones": ("+1 (707) 555-0117",),
        "ssn_last4": "4411",
    }
    return Demographics(**(values | changes))


def form(**changes: Any) -> RequestRegistration:
    """What Maria writes into the form."""
    values: dict[str, Any] = {
        "family": "garcia lopez",
        "given": "Maria",
        "born": date(1980, 5, 17),
        "zip": "94558",
        "email": "maria@example.com",
        "phone": "707 555 0117",
    }
    return RequestRegistration(**(values | changes))


@dataclass
class MemoryBucket:
    """The bucket's promises, in memory. `calls` counts what was asked of it."""

    values: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    revision: int = 0
    calls: list[str] = field(default_factory=list)

    async def get(self, key: str) -> tuple[bytes, int]:
        self.calls.append("get")
        if key not in self.values:
            raise Gone(key)
        return self.values[key]

    async def create(self, key: str, value: bytes) -> None:
        self.calls.append("create")
        if key in self.values:
            raise Stale
        self._set(key, value)

    async def update(self, key: str, value: bytes, revision: int) -> None:
        self.calls.append("update")
        if self.values.get(key, (b"", 0))[1] != revision:
            raise Stale
        self._set(key, value)

    async def delete(self, key: str) -> None:
        self.calls.append("delete")
        self.values.pop(key, None)

    async def keys(self, pattern: str) -> list[str]:
        start = pattern.removesuffix("*")
        return [key for key in self.values if key.startswith(start)]

    def _set(self, key: str, value: bytes) -> None:
        self.revision += 1
        self.values[key] = (value, self.revision)


class Desk:
    """The service, and the people and services that call it."""

    def __init__(self, log: EventLog, clock: TestClock) -> None:
        self.log, self.clock = log, clock
        self.bucket = MemoryBucket()
        self._numbers = 0
        self._heard = 0
        self._reacted = 0
        self.reminders: list[tuple[datetime, Any, Any]] = []
        self.committer = Committer(log, VIEWS, clock)
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self.deps = Deps(
            sessions=Sessions(self.bucket, self._random),
            passwords=Passwords(cheap),
            secrets=InvitationSecrets(b"s" * 32),
            links=LinkSecrets(b"s" * 32),
            account_secrets=AccountSecrets(b"s" * 32),
            challenges=Challenges(self.bucket, self._random),
            random=self._random,
            second_factor_required=False,
            sign=lambda claims, seconds: json.dumps({**claims, "life": seconds}),
        )

    # -- what calls and reactions use -----------------------------------------------------------

    def now(self) -> datetime:
        return self.clock.now()

    async def submit(self, unit: Unit) -> Any:
        return await self.committer.submit(unit)

    async def fetch(self, ask: Any, **params: Any) -> Sequence[Any]:
        return await self.log.db.fetch(ask, **params)

    async def request(self, message: Any, answer: Any, key: str = "") -> Any:
        raise AssertionError("identity asks nobody")

    # -- what tests use -------------------------------------------------------------------------

    async def reply(self, message: Any, caller: Caller = ANYONE) -> Reply:
        """Status and bytes, as a caller gets them."""
        data = message.model_dump(mode="json")
        for name, value in message:
            if hasattr(value, "get_secret_value"):
                data[name] = value.get_secret_value()
        call: Call[Any, Any] = Call(self, caller, "", self.now())
        return await serve(API.endpoints[type(message).__name__], json.dumps(data).encode(), call)

    async def ask(self, message: Any, caller: Caller = ANYONE) -> Any:
        """The answer as JSON; a refusal is its problem details."""
        return json.loads((await self.reply(message, caller)).body)

    async def refused(self, message: Any, caller: Caller = ANYONE) -> str:
        """The code of a refusal."""
        answer = await self.reply(message, caller)
        assert answer.status >= 400, answer.body
        return str(json.loads(answer.body)["code"])

    async def settle(self) -> None:
        """Let every reaction see every event that it has not seen."""
        while records := await self.log.after(self._reacted, 500):
            for record in records:
                self._reacted = record.position
                for reaction in POLICIES.reactions:
                    if type(record.event) in reaction.kinds:
                        react: React[Any] = React(self, reaction, record, False)
                        await reaction.handler(record.event, record, react)
                        self.reminders += [(at, reaction, record) for at in react.reminders]

    async def remind(self) -> None:
        """Run the reactions whose reminder has come, as the kernel's clock would."""
        for reminder in [r for r in self.reminders if r[0] <= self.now()]:
            self.reminders.remove(reminder)
            at, reaction, record = reminder
            react: React[Any] = React(self, reaction, record, True, micros(at))
            await reaction.handler(record.event, record, react)

    def forget_reactions(self) -> None:
        """As if every reaction's checkpoint was lost."""
        self._reacted = 0

    async def events(self) -> list[Any]:
        """Everything in the log, oldest first."""
        return [record.event for record in await self.log.records(await self._rows())]

    async def names(self) -> list[str]:
        """The names of the events in the log."""
        return [type(event).__name__ for event in await self.events()]

    async def hear(self, event: Any) -> None:
        """A published event of another service arrives."""
        self._heard += 1
        envelope = Envelope(
            id=f"heard-{self._heard}", name=type(event).__name__, source=event.service,
            incarnation="i", topic=event.topic, position=self._heard, previous=0,
            at=self.now(), data=event.model_dump(mode="json"),
        )  # fmt: skip

        async def log(turn: Turn) -> None:
            turn.hear(f"heard-{event.service}-{event.topic}", envelope, event)

        await self.submit(Unit(log, actor="inbox"))

    async def configure(self, **changes: Any) -> None:
        """The practice sets its profile."""
        await self.hear(PracticeConfigured(profile=profile(**changes)))

    async def record(self, number: str = "MRN-1", **changes: Any) -> str:
        """interop records a patient; gives the id."""
        command = RecordPatient(
            identifiers=(Identifier(authority="HOSP", value=number),),
            demographics=demographics(**changes),
            source="adt",
            at=self.now(),
        )
        answer = await self.ask(command, INTEROP)
        return PatientAnswer.model_validate(answer).patient

    async def may_notify(self, kind: str, patient: str, reference: str) -> MayNotifyAnswer:
        """What the notifier is told before an e-mail."""
        query = MayNotify(kind=kind, patient=patient, reference=reference)
        return MayNotifyAnswer.model_validate(await self.ask(query, NOTIFIER))

    async def sent(self, patient: str, invitation: str, at: datetime | None = None) -> None:
        """The notifier says that the invitation's e-mail went out."""
        await self.hear(
            EmailSent(
                patient=patient, kind="invitation", reference=invitation, sent=at or self.now()
            )
        )
        await self.settle()

    async def bounced(self, patient: str, invitation: str) -> None:
        """The notifier says that the invitation's e-mail was refused."""
        await self.hear(
            EmailFailed(patient=patient, kind="invitation", reference=invitation, reason="SMTP 550")
        )
        await self.settle()

    async def _rows(self) -> Sequence[Any]:
        from kernel.event_log import AFTER

        return await self.log.db.scan(AFTER, above=0, count=10_000)

    def _random(self, size: int) -> bytes:
        self._numbers += 1
        return self._numbers.to_bytes(size)


@asynccontextmanager
async def open_desk(folder: Path, at: datetime = NOON) -> AsyncIterator[Desk]:
    """A desk over fresh databases in a folder, with the practice configured."""
    clock = TestClock(at)
    codec = Codec(CODEC.events)
    codec.hear(HEARS.contracts)
    db = open_database(f"sqlite:///{folder}/identity.db")
    keys = open_database(f"sqlite:///{folder}/identity.keys.db")
    await db.open(migrate=True)
    await keys.open(migrate=False)
    await keys.create(KEY_TABLES)
    log = EventLog(db, codec, PUBLISHER, KeyRing(keys, b"k" * 32))
    desk = Desk(log, clock)
    lease = Lease(db, clock, "test", timedelta(hours=1))
    assert await lease.take("incarnation")
    desk.committer.term = lease.term
    await log.reload()
    await fold_missing(log, VIEWS)
    running = asyncio.create_task(desk.committer.run())
    await desk.configure()
    try:
        yield desk
    finally:
        running.cancel()
        desk.deps.passwords.close()
        await db.close()
        await keys.close()
