"""The kernel around the reactions of notifier, in memory: own streams, a profile, and identity."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from typing import Any, cast

from contracts.identity import MayNotify, MayNotifyAccount, MayNotifyAnswer
from kernel.policy import React
from kernel.projection import Record
from services.notifier.delivery import Deps, NotConfigured
from services.notifier.events import EmailDue, Outcome
from services.notifier.policies import POLICIES
from services.notifier.smtp import Deferred, Mailer
from services.notifier.views import PROFILE_IN_FORCE, SETTLED
from tests.unit.notifier.smtp_server import PostOffice, post_office
from tests.unit.notifier.test_letters import LEAVE, NOW, PROFILE, TRACE

Question = MayNotify | MayNotifyAccount


def record(event: Any, id: str = "e7") -> Record:
    """An event as the log knows it."""
    return Record(
        position=7,
        id=id,
        stream="heard:labs:result",
        version=1,
        name="x",
        event=event,
        at=NOW,
        actor="labs",
        trace=TRACE,
        origin="labs",
        owner="p1",
    )


@dataclass
class Log:
    """`leave` is what identity answers; `leaves` what it answers for one account of several."""

    mailer: Mailer
    leave: MayNotifyAnswer = LEAVE
    leaves: dict[str, MayNotifyAnswer] = field(default_factory=dict)
    stale: bool = False
    configured: bool = True
    now: datetime = NOW + timedelta(seconds=1)
    streams: dict[str, list[Any]] = field(default_factory=dict)
    asked: list[Question] = field(default_factory=list)

    @property
    def deps(self) -> Deps:
        """The mailer."""
        return Deps(self.mailer)

    async def read(self, ask: Any, **params: Any) -> list[dict[str, str]]:
        """The two questions that the reactions ask."""
        if ask is SETTLED:
            events = self.streams.get(params["stream"], ())
            return [{"state": "x"}] if any(isinstance(e, Outcome) for e in events) else []
        assert ask is PROFILE_IN_FORCE
        return [{"body": PROFILE.model_dump_json()}] if self.configured else []

    async def request(self, message: Question, answer: type[Any]) -> MayNotifyAnswer:
        """identity."""
        self.asked.append(message)
        return self.leaves.get(message.account or "", self.leave)

    async def execute(self, handler: Callable[[Any], Awaitable[Any]]) -> None:
        """A unit in the log."""
        await handler(self)

    async def load(self, decider: Any, id: str) -> Any:
        """The state of a stream."""
        return reduce(decider.evolve, self.streams.get(decider.stream(id), ()), decider.initial)

    def append(self, decider: Any, id: str, events: Iterable[Any]) -> None:
        """More events of a stream."""
        self.streams.setdefault(decider.stream(id), []).extend(events)

    @property
    def outcomes(self) -> list[Outcome]:
        """What became of each e-mail."""
        return [e for e in self._events if isinstance(e, Outcome)]

    @property
    def due(self) -> list[EmailDue]:
        """Who else was found."""
        return [e for e in self._events if isinstance(e, EmailDue)]

    @property
    def _events(self) -> list[Any]:
        return [event for events in self.streams.values() for event in events]


@asynccontextmanager
async def given(office: PostOffice, **facts: Any) -> AsyncIterator[Log]:
    """A log, with a mail server to send to."""
    async with post_office(office) as mailer:
        yield Log(mailer, **facts)


async def hear(log: Log, event: Any) -> None:
    """Run every reaction to an event, and then to what they found due. Each goes on by itself, as in
    the kernel; the first failure is raised when all had their turn.
    """
    failures = await _react(log, event)
    for found in log.due:
        failures += await _react(log, found)
    if failures:
        raise failures[0]


async def _react(log: Log, event: Any) -> list[Exception]:
    failures: list[Exception] = []
    for reaction in POLICIES.reactions:
        if type(event) in reaction.kinds:
            try:
                await reaction.handler(event, record(event), cast(React[Deps], log))
            except (Deferred, NotConfigured) as failure:
                failures.append(failure)
    return failures
