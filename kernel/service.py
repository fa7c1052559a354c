"""A running service: its log, views, reactions, subscribers and endpoints, put together.

Everything that a service is made of is named in its own `service.py`; this file starts it in the
right order, and stops it without losing what was taken.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
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
from kernel.codec import Codec
from kernel.committer import Committer
from kernel.envelope import Answer, Command, PublishedPage, PublishedSince, Query
from kernel.event_log import EventLog
from kernel.events import OWN as OWN_EVENTS
from kernel.ids import new_id
from kernel.inbox import Inbox
from kernel.jobs import ending
from kernel.keys import METADATA as KEY_TABLES
from kernel.keys import KeyRing
from kernel.lease import Lease
from kernel.operating import built_in
from kernel.outbox import Relay
from kernel.policy import Policies
from kernel.projection import Record, View
from kernel.publishing import Publisher
from kernel.reactor import Reactor
from kernel.refold import fold_missing
from kernel.settings import Settings
from kernel.store.port import Ask, Row, open_database
from kernel.telemetry import HEADER
from kernel.tokens import BadToken
from kernel.turn import Turn, Unit

__all__ = ["Service", "Settings"]

D = TypeVar("D")
A = TypeVar("A", bound=Answer)
IDLE_CHECK_SECONDS = 5
TOKEN_SECONDS = 30
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

    def __post_init__(self) -> None:
        self.clock = self.settings.clock
        self.codec.hear(self.hears.contracts)
        self.codec.add(OWN_EVENTS)
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
        self._token = ("", 0.0)
        self._callers: dict[str, Any] = {}

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

    async def request(self, message: Command | Query, answer: type[A], key: str = "") -> A:
        """Ask another service, signed as this one. Raises Refused or Unavailable."""
        return await ask(self.nats, message, answer, self.own_token(), key)

    def own_token(self) -> str:
        """A token that says which service this is; kept for half its life."""
        token, until = self._token
        moment = self.clock.now().timestamp()
        if moment > until:
            claims = {"subject": self.name, "role": "service"}
            token = self.settings.sign(claims, TOKEN_SECONDS)
            self._token = (token, moment + TOKEN_SECONDS / 2)
        return token

    async def _published_since(self, source: str, topic: str, after: int) -> PublishedPage:
        query = PublishedSince(topic=topic, after=after)
        return await ask(self.nats, query, PublishedPage, self.own_token(), service=source)

    # -- life ------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Open the log and fold what must be folded. No bus is needed for this."""
        await self.db.open(migrate=True)
        await self.key_db.open(migrate=False)
        await self.key_db.create(KEY_TABLES)
        while not await self.lease.take(new_id(self.clock)):
            log.info("%s stands by: another process is the writer", self.name)
            await asyncio.sleep(self.settings.lease_seconds / 3)
        self.committer.term = self.lease.term
        await self.log.reload()
        await fold_missing(self.log, self.views)

    async def run(self) -> None:
        """Start everything, say ready, and work until cancelled or fenced."""
        await self.open()
        self.nats = await connect(self.settings.nats, self.name, self.settings.credential)
        js = self.nats.jetstream(timeout=5)
        wanted = self._wanted()
        provisioner = Provisioner(self.nats, wanted)
        keep = timedelta(days=self.settings.bus_days)
        self.relay = Relay(self.log, js, wanted.stream, self.clock, keep)
        self.committer.after_commit += [self._hint, self.relay.wake]
        self.committer.after_commit += [reactor.wake for reactor in self.reactors]
        endpoints = Endpoints(self.nats, self.name)
        listener = broker(self.settings.nats, self._connection_options())
        try:
            async with asyncio.TaskGroup() as group:
                for job in self._jobs(provisioner):
                    group.create_task(ending(job))
                await self._answer(endpoints)
                group.create_task(ending(self._listen(listener, provisioner)))
                self.ready.set()
                log.info("%s is ready", self.name)
                try:
                    await asyncio.Event().wait()  # until cancelled, or one of the jobs failed
                finally:
                    # The jobs still run: what was taken can be finished.
                    await self._take_no_more(endpoints, listener)
        finally:
            await self._leave()

    def _wanted(self) -> Wanted:
        publishes = bool(self.publisher.translations)
        return Wanted(self.name, publishes, self.hears.topics, self.settings.bus_days)

    def _connection_options(self) -> dict[str, Any]:
        return options(f"{self.name}-events", self.settings.credential)

    def _jobs(self, provisioner: Provisioner) -> list[Any]:
        jobs: list[Any] = [self.committer.run(), provisioner.run(), self._keep_lease()]
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

    async def _answer(self, endpoints: Endpoints) -> None:
        for endpoint in self.api.endpoints.values():
            await endpoints.add(subject_of(endpoint.message), self._served(endpoint))
        for endpoint in built_in(self):
            await endpoints.add(subject_of(endpoint.message, self.name), self._served(endpoint))

    def _served(self, endpoint: Endpoint) -> Callable[[dict[str, str], bytes], Awaitable[Reply]]:
        async def answering(headers: dict[str, str], body: bytes) -> Reply:
            try:
                caller = self._caller(headers.get(TOKEN, ""))
            except BadToken:
                return problem(401, "signed-out", "Please sign in.")
            if endpoint.roles is not None and not headers.get(TOKEN):
                return problem(401, "signed-out", "Please sign in.")
            key = headers.get("Idempotency-Key", "")
            trace = telemetry.current() or headers.get(HEADER)
            call: Call[Any, Any] = Call(self, caller, key, self.clock.now(), trace)
            return await serve(endpoint, body, call)

        return answering

    def _caller(self, token: str) -> Any:
        """Who the token says it is. Accounts come from identity; a service speaks for itself."""
        if not token:
            return self.caller(subject="anonymous", role="anonymous")
        claims = self.settings.verifier.claims(token)
        known = self._callers.get(token)
        if known is None:
            itself = claims["role"] == "service" and claims["subject"] == claims["iss"]
            if claims["iss"] != "identity" and not itself:
                raise BadToken("a service may speak only for itself")
            known = self.caller(**{k: v for k, v in claims.items() if k not in ("iss", "exp")})
            if len(self._callers) > 10_000:
                self._callers.clear()
            self._callers[token] = known
        return known

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
        await self.lease.release()
        await self.db.close()
        await self.key_db.close()
        telemetry.stop()
