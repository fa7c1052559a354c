"""A running service: its log, views, reactions, subscribers and endpoints, put together.

Everything that a service is made of is named in its own `service.py`; this file starts it in the
right order, and stops it without losing what was taken.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

import nats.errors
from faststream.nats import NatsBroker
from nats.aio.client import Client

from kernel import telemetry
from kernel.api import Api, Call, Endpoint, problem, serve
from kernel.bus.answering import Endpoints
from kernel.bus.connect import connect, options
from kernel.bus.provision import Provisioner, Wanted, until_ready
from kernel.bus.requests import TOKEN, Reply, ask, subject_of
from kernel.bus.subscribe import Hears, broker, mend
from kernel.callers import Callers, Itself
from kernel.codec import Codec
from kernel.committer import Committer, Fenced
from kernel.envelope import Answer, Command, PublishedPage, PublishedSince, Query
from kernel.event_log import EventLog
from kernel.ids import new_id
from kernel.inbox import Inbox
from kernel.jobs import ending
from kernel.keys import METADATA as KEY_TABLES
from kernel.keys import KeyRing
from kernel.lease import Lease
from kernel.operating import built_in
from kernel.operations import GetHealth, Stage
from kernel.outbox import Relay
from kernel.policy import Policies
from kernel.projection import Record, View
from kernel.publishing import Publisher
from kernel.reactor import Reactor
from kernel.refold import are_kept, fold_ahead, fold_missing
from kernel.settings import Settings
from kernel.store.port import Ask, Row, open_database
from kernel.telemetry import HEADER
from kernel.tokens import BadToken
from kernel.turn import Turn, Unit

__all__ = ["Service", "Settings"]

D = TypeVar("D")
A = TypeVar("A", bound=Answer)
IDLE_CHECK_SECONDS = 5
STOP_SECONDS = 5
log = logging.getLogger(__name__)

Live = Callable[[Any, Record], Iterable[str]]


@dataclass
class Service(Generic[D]):
    """One service. `build(settings)` in its `service.py` makes it; `run` lives until cancelled.

    `caller` is the model of a token's claims; `background` are coroutines of the service's own
    (a listener); `live` names the audiences that an event should make look again.
    """

    name: str
    settings: Settings
    codec: Codec
    publisher: Publisher
    hears: Hears
    views: Sequence[View]
    policies: Policies[Any]
    api: Api[Any, Any]
    deps: D
    caller: type[Any]
    background: Sequence[Callable[[Service[Any]], Awaitable[None]]] = ()
    live: Live | None = None
    nats: Client = field(init=False)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    stage: Stage = "starting"
    folded: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        self.clock = self.settings.clock
        self.codec.hear(self.hears.contracts)
        self.db = open_database(self.settings.database_url)
        self.key_db = open_database(self.settings.keys_url)
        self.keys = KeyRing(self.key_db, self.settings.secret)
        self.log = EventLog(self.db, self.codec, self.publisher, self.keys)
        self.committer = Committer(self.log, self.views, self.clock)
        self.inbox = Inbox(self.committer, self.hears.contracts, self._published_since)
        self.reactors = [Reactor(r, self, self.log) for r in self.policies.reactions]
        holder = (
            "embedded" if self.db.dialect == "sqlite" else f"{socket.gethostname()}:{os.getpid()}"
        )
        life = timedelta(seconds=self.settings.lease_seconds)
        self.lease = Lease(self.db, self.clock, holder, life)
        self.relay: Relay | None = None
        self._itself = Itself(self.settings)
        self._callers = Callers(self.settings.verifier, self.caller)

    # -- what handlers and reactions use ---------------------------------------------------------

    def now(self) -> datetime:
        """The service's clock."""
        return self.clock.now()

    async def submit(self, unit: Unit) -> Any:
        """Commit a unit of work."""
        return await self.committer.submit(unit)

    async def execute(self, handler: Callable[[Turn], Awaitable[Any]], actor: str) -> Any:
        """Decide something in the own log; returns when it is durable."""
        return await self.committer.submit(Unit(handler, actor, telemetry.current()))

    async def fetch(self, ask: Ask, **params: Any) -> Sequence[Row]:
        """Read a view."""
        return await self.db.fetch(ask, **params)

    async def history(self, stream: str) -> Sequence[Record]:
        """Every event of a stream of the own log, opened."""
        return await self.log.read_stream(stream, 0)

    async def request(self, message: Command | Query, answer: type[A], key: str = "") -> A:
        """Ask another service, signed as this one. Raises Refused or Unavailable."""
        return await ask(self.nats, message, answer, self._itself.token(), key)

    async def _published_since(self, source: str, topic: str, after: int) -> PublishedPage:
        query = PublishedSince(topic=topic, after=after)
        return await ask(self.nats, query, PublishedPage, self._itself.token(), service=source)

    # -- life ------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Open the databases. No bus is needed for this."""
        await self.db.open(migrate=True)
        await self.key_db.open(migrate=False)
        async with self.key_db.only_one():
            await self.key_db.create(KEY_TABLES)

    async def take_over(self) -> bool:
        """Become the writer of the log, if no other process is."""
        if not await self.lease.take(new_id(self.clock)):
            return False
        self.committer.term = self.lease.term
        await self.log.reload()
        return True

    async def close(self) -> None:
        """Leave the lease to the next one, and close the databases."""
        await self.lease.release()
        await self.db.close()
        await self.key_db.close()

    async def run(self) -> None:
        """Stand by until this process may write, start everything, and work until cancelled or fenced."""
        await self.open()
        self.nats = await connect(self.settings.nats, self.name, self.settings.credential)
        endpoints = Endpoints(self.nats, self.name)
        try:
            if not await self.take_over():
                await self._stand_by(endpoints)
            await self._work(endpoints)
        finally:
            await self._leave()

    async def _stand_by(self, endpoints: Endpoints) -> None:
        """Another process writes. Fold new versions of views ahead; answer queries from those that
        the writer keeps; take over when it has gone. Raises Fenced under a writer of another version.
        """
        log.info("%s stands by: another process is the writer", self.name)
        await fold_ahead(self.log, self.views, self._folded)
        while not await self.take_over():
            if await are_kept(self.log, self.views):
                await self._answer(endpoints, self._queries())
                self.stage = "standing by"
            elif self.stage == "standing by":
                raise Fenced("the writer has other versions of the views")
            await asyncio.sleep(self.settings.lease_seconds / 3)

    async def _work(self, endpoints: Endpoints) -> None:
        """The writer's life."""
        wanted = self._wanted()
        provisioner = Provisioner(self.nats, wanted)
        keep = timedelta(days=self.settings.bus_days)
        js = self.nats.jetstream(timeout=5)
        self.relay = Relay(self.log, js, wanted.stream, self.clock, keep)
        self.committer.after_commit += [self._hint, self.relay.wake]
        self.committer.after_commit += [reactor.wake for reactor in self.reactors]
        listener = broker(self.settings.nats, self._connection_options())
        async with asyncio.TaskGroup() as group:
            group.create_task(ending(self._keep_lease()))
            self.stage = "folding"
            await self._answer(endpoints, {GetHealth})
            await fold_missing(self.log, self.views, self._folded)
            for job in self._jobs(provisioner):
                group.create_task(ending(job))
            await self._answer(endpoints)
            group.create_task(ending(self._listen(listener, provisioner)))
            self.stage = "working"
            self.ready.set()
            log.info("%s is ready", self.name)
            try:
                await asyncio.Event().wait()  # until cancelled, or one of the jobs failed
            finally:
                # The jobs still run: what was taken can be finished.
                await self._take_no_more(endpoints, listener)

    def _folded(self, names: str, done: int, of: int) -> None:
        """Progress of a fold, for operators and the log."""
        self.folded = (done, of)
        log.info("%s folds %s: %d of %d events", self.name, names, done, of)

    def _wanted(self) -> Wanted:
        publishes = bool(self.publisher.translations)
        return Wanted(self.name, publishes, self.hears.topics, self.settings.bus_days)

    def _connection_options(self) -> dict[str, Any]:
        return options(f"{self.name}-events", self.settings.credential)

    def _jobs(self, provisioner: Provisioner) -> list[Any]:
        jobs: list[Any] = [self.committer.run(), provisioner.run()]
        if self.publisher.translations and self.relay is not None:
            jobs.append(self.relay.run())
        jobs += [reactor.run() for reactor in self.reactors]
        jobs += [self._ask_when_idle()] if self.hears.topics else []
        return jobs + [job(self) for job in self.background]

    async def _listen(self, listener: NatsBroker, provisioner: Provisioner) -> None:
        if not self.hears.topics:
            return
        await until_ready(provisioner, self.hears.topics, self.nats)
        listener.include_router(self.hears.router(self.inbox))
        await listener.start()
        mend(listener)

    async def _keep_lease(self) -> None:
        while True:
            await asyncio.sleep(self.settings.lease_seconds / 3)
            await self.lease.renew()

    async def _ask_when_idle(self) -> None:
        """Ask each source at the start and now and then: that finds what the bus lost silently."""
        while True:
            for topic in self.hears.topics:
                try:
                    await self.inbox.catch_up(topic.source, topic.name)
                except Exception as error:  # noqa: BLE001  # the next look may find it well
                    log.warning("%s: %s", topic.durable, telemetry.described(error))
            await asyncio.sleep(IDLE_CHECK_SECONDS)

    def _hint(self, records: Sequence[Record]) -> None:
        """Tell open pages to look again: content-free, and only a hint."""
        if self.live is None:
            return
        audiences = {a for record in records for a in self.live(record.event, record)}
        for audience in audiences:
            task = asyncio.ensure_future(self.nats.publish(f"live.{audience}"))
            task.add_done_callback(lambda done: done.exception())

    # -- answering -------------------------------------------------------------------------------

    async def _answer(
        self, endpoints: Endpoints, only: Collection[type[Command | Query]] | None = None
    ) -> None:
        """Answer from now on: everything, or these messages only."""
        for endpoint in (*self.api.endpoints.values(), *built_in(self)):
            if only is None or endpoint.message in only:
                subject = subject_of(endpoint.message, self.name)
                await endpoints.add(subject, self._served(endpoint))

    def _queries(self) -> list[type[Command | Query]]:
        """What a process that stands by can answer: reads of views, nothing about itself."""
        return [e.message for e in self.api.endpoints.values() if e.kind == "query"]

    def _served(self, endpoint: Endpoint) -> Callable[[dict[str, str], bytes], Awaitable[Reply]]:
        async def answering(headers: dict[str, str], body: bytes) -> Reply:
            try:
                caller = self._callers.of(headers.get(TOKEN, ""))
            except BadToken:
                return problem(401, "signed-out", "Please sign in.")
            if endpoint.roles is not None and not headers.get(TOKEN):
                return problem(401, "signed-out", "Please sign in.")
            key = headers.get("Idempotency-Key", "")
            trace = telemetry.current() or headers.get(HEADER)
            call: Call[Any, Any] = Call(self, caller, key, self.clock.now(), trace)
            return await serve(endpoint, body, call)

        return answering

    async def _take_no_more(self, endpoints: Endpoints, listener: NatsBroker) -> None:
        """Finish what was taken; no more comes in."""
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await endpoints.stop()
                if self.hears.topics:
                    await listener.stop()
        except (TimeoutError, nats.errors.Error) as error:
            log.warning("%s left work undone: %s", self.name, type(error).__name__)

    async def _leave(self) -> None:
        """Send what was said, leave the lease, close everything."""
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self.nats.drain()
        except (TimeoutError, nats.errors.Error) as error:
            log.warning("%s stopped without a full drain: %s", self.name, type(error).__name__)
        await self.close()
        telemetry.stop()
