"""Subscribing with FastStream: a batch of one topic is logged in one unit, then acknowledged.

Every option is spelled out, because the defaults lose messages or retry in a hot loop
(`docs/decisions/0005-faststream-for-events.md`).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import nats.errors
from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker, NatsRouter, PullSub
from faststream.nats.annotations import NatsMessage
from nats.js.api import AckPolicy as ServerAck
from nats.js.api import ConsumerConfig, DeliverPolicy
from opentelemetry import trace
from opentelemetry.trace import SpanKind
from pydantic import ValidationError

from kernel.bus.connect import inbox_prefix
from kernel.bus.requests import Unavailable
from kernel.envelope import Envelope, PublishedEvent
from kernel.inbox import Inbox
from kernel.telemetry import restored, tracer

BATCH = 100
FILL_SECONDS = 0.05
ACK_SECONDS = 30
RETRY_SECONDS = 1
LINKS = 8
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic of one source, taken whole by one consumer."""

    consumer: str
    source: str
    name: str

    @property
    def stream(self) -> str:
        return f"EVT_{self.source.upper()}"

    @property
    def durable(self) -> str:
        return f"{self.consumer}-{self.source}-{self.name}"

    @property
    def subject(self) -> str:
        return f"evt.{self.source}.{self.name}.>"

    def config(self) -> ConsumerConfig:
        """The server's side. One unacknowledged batch at a time keeps the order."""
        return ConsumerConfig(
            durable_name=self.durable,
            filter_subject=self.subject,
            ack_policy=ServerAck.EXPLICIT,
            deliver_policy=DeliverPolicy.ALL,
            ack_wait=ACK_SECONDS,
            max_ack_pending=BATCH,
            max_deliver=-1,
        )


class Hears:
    """What one service hears: whole topics, each logged through its inbox."""

    def __init__(self, consumer: str, *contracts: type[PublishedEvent]) -> None:
        self.consumer = consumer
        self.contracts = contracts

    @property
    def topics(self) -> tuple[Topic, ...]:
        """The topics that the contracts belong to, each once."""
        pairs = dict.fromkeys((c.service, c.topic) for c in self.contracts)
        return tuple(Topic(self.consumer, service, topic) for service, topic in pairs)

    def router(self, inbox: Inbox) -> NatsRouter:
        """One FastStream subscriber per topic. Make it after the provisioner made the consumers."""
        router = NatsRouter()
        for topic in self.topics:
            _subscriber(router, topic, inbox)
        return router


def _subscriber(router: NatsRouter, topic: Topic, inbox: Inbox) -> None:
    @router.subscriber(
        topic.subject,
        stream=JStream(topic.stream, declare=False),
        durable=topic.durable,
        pull_sub=PullSub(batch_size=BATCH, timeout=FILL_SECONDS, batch=True),
        ack_policy=AckPolicy.MANUAL,
        config=topic.config(),
        inbox_prefix=inbox_prefix(f"{topic.consumer}-events").encode() + b".",
        title=topic.durable,
        description=f"Logs what {topic.source} publishes on {topic.name}",
    )
    async def hear(body: list[Any], message: NatsMessage) -> None:
        raw: Sequence[Any] = message.raw_message  # type: ignore[assignment]  # a batch has a list
        try:
            await _take(topic, inbox, body)
        except Unavailable as error:
            # The source does not answer: these come again, later, not at once.
            log.warning("%s: %s, again in %s s", topic.durable, error, RETRY_SECONDS)
            for each in raw:
                await each.nak(delay=RETRY_SECONDS)
            return
        for each in raw:
            await each.ack()


async def _take(topic: Topic, inbox: Inbox, body: Sequence[Any]) -> None:
    try:
        envelopes = [Envelope.model_validate(each) for each in body]
    except ValidationError:
        # Damaged on the bus. The source still has it: a message that we cannot read is a hole.
        await inbox.catch_up(topic.source, topic.name)
        return
    links = [_link(envelope) for envelope in envelopes[:LINKS] if envelope.trace]
    with tracer(__name__).start_as_current_span(
        f"process {topic.durable}", kind=SpanKind.CONSUMER, links=links
    ):
        await inbox.take(topic.source, topic.name, envelopes)


def _link(envelope: Envelope) -> trace.Link:
    return trace.Link(trace.get_current_span(restored(envelope.trace)).get_span_context())


def mend(listener: NatsBroker) -> None:
    """Let a batch that is not full come through (nats-py 2.16 with FastStream 0.7.8).

    When its time is up between two questions, `fetch` raises a bare TimeoutError where FastStream
    expects nats-py's own; what was fetched before is then lost until it is delivered again.
    """
    for subscriber in listener.subscribers:
        subscription: Any = getattr(subscriber, "subscription", None)
        if subscription is not None:
            subscription.fetch = _own_timeout(subscription.fetch)


def _own_timeout(
    fetch: Callable[..., Awaitable[list[Any]]],
) -> Callable[..., Awaitable[list[Any]]]:
    async def fetching(*args: Any, **kwargs: Any) -> list[Any]:
        try:
            return await fetch(*args, **kwargs)
        except TimeoutError as error:
            raise nats.errors.TimeoutError from error

    return fetching


def broker(url: str, options: dict[str, Any]) -> NatsBroker:
    """A FastStream broker on a connection like all others."""
    return NatsBroker(url, logger=None, **options)
