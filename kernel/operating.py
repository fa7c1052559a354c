"""The answers that every service gives to other services and to operators (`operations.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa

from kernel.api import Call, Endpoint
from kernel.clock import from_micros, micros
from kernel.decider import Refused
from kernel.envelope import PublishedPage, PublishedSince
from kernel.event_log import AT, OF_TOPIC
from kernel.events import PARKED_WORK, ParkedWorkSettled
from kernel.operations import (
    GetHealth,
    GetParked,
    HealthAnswer,
    ParkedAnswer,
    ParkedRow,
    ReactionHealth,
    RetryParked,
    SkipParked,
)
from kernel.store.port import Ask, Op
from kernel.store.schema import PARKED, TIMER
from kernel.turn import Turn

if TYPE_CHECKING:
    from kernel.service import Service

MOST = 500
OPERATORS = frozenset({"sre", "service"})
_PARKED = Ask(sa.select(PARKED).order_by(PARKED.c.position).limit(200))
_ONE = (
    PARKED.c.reaction == sa.bindparam("which"),
    PARKED.c.position == sa.bindparam("exactly"),
)
_THAT = Ask(sa.select(PARKED.c.position).where(*_ONE).limit(1))
_AGAIN = Op(
    sa.update(PARKED).where(*_ONE).values(state="waiting", attempts=0, due=sa.bindparam("moment"))
)
_SKIP = Op(sa.delete(PARKED).where(*_ONE))
_NO_REMINDER = Op(
    sa.delete(TIMER).where(
        TIMER.c.reaction == sa.bindparam("which"),
        TIMER.c.position == sa.bindparam("exactly"),
        TIMER.c.due <= sa.bindparam("moment"),
    )
)


def built_in(service: Service[Any]) -> tuple[Endpoint, ...]:
    """The endpoints that the kernel adds to each service."""

    async def published_since(query: PublishedSince, call: Call[Any, Any]) -> PublishedPage:
        log = service.log
        count = min(query.limit, MOST)
        rows = await log.db.scan(OF_TOPIC, which=query.topic, above=query.after, count=count)
        head = log.topics.get(query.topic, 0)
        events = await log.envelopes(rows)
        return PublishedPage(incarnation=log.incarnation, head=head, events=events)

    async def health(query: GetHealth, call: Call[Any, Any]) -> HealthAnswer:
        return _health(service)

    async def parked(query: GetParked, call: Call[Any, Any]) -> ParkedAnswer:
        return await _parked(service)

    async def retry(command: RetryParked, call: Call[Any, Any]) -> HealthAnswer:
        await _settle(service, command, "retried", call.turn)
        call.turn.write(
            _AGAIN(which=command.reaction, exactly=command.position, moment=micros(service.now()))
        )
        return _health(service)

    async def skip(command: SkipParked, call: Call[Any, Any]) -> HealthAnswer:
        await _settle(service, command, "skipped", call.turn)
        one: dict[str, Any] = {"which": command.reaction, "exactly": command.position}
        call.turn.write(_SKIP(**one), _NO_REMINDER(**one, moment=micros(service.now())))
        return _health(service)

    services = frozenset({"service"})
    return (
        Endpoint(PublishedSince, published_since, "query", services, 200),
        Endpoint(GetHealth, health, "query", OPERATORS, 200),
        Endpoint(GetParked, parked, "query", OPERATORS, 200),
        Endpoint(RetryParked, retry, "command", OPERATORS, 200),
        Endpoint(SkipParked, skip, "command", OPERATORS, 200),
    )


def _health(service: Service[Any]) -> HealthAnswer:
    head = service.log.head
    last = max(service.log.topics.values(), default=0)
    sent = max(service.relay.sent, 0) if service.relay else 0
    return HealthAnswer(
        service=service.name,
        stage=service.stage,
        folded=service.folded,
        head=head,
        outbox=max(0, last - sent),
        repaired=service.inbox.repaired,
        reactions=tuple(
            ReactionHealth(name=r.name, lag=head - r.position, waiting=r.held)
            for r in service.reactors
        ),
    )


async def _parked(service: Service[Any]) -> ParkedAnswer:
    items = []
    for row in await service.db.fetch(_PARKED):
        events = await service.db.fetch(AT, exactly=row["position"])
        items.append(
            ParkedRow(
                reaction=row["reaction"],
                position=row["position"],
                event=events[0]["name"],
                state=row["state"],
                attempts=row["attempts"],
                due=from_micros(row["due"]),
                error=row["error"],
            )
        )
    return ParkedAnswer(items=tuple(items))


async def _settle(
    service: Service[Any],
    command: RetryParked | SkipParked,
    how: Literal["retried", "skipped"],
    turn: Turn,
) -> None:
    """Keep who did what and why; Refused when nothing is parked there."""
    which, position = command.reaction, command.position
    if not await service.db.fetch(_THAT, which=which, exactly=position):
        raise Refused("not-found", "There is no such parked work.", 404)
    stream = f"{which}-{position}"
    await turn.load(PARKED_WORK, stream)
    done = ParkedWorkSettled(which, position, how, command.reason)
    turn.append(PARKED_WORK, stream, [done])
