"""Heard events: logged in the hearer's own log before anything else, holes found and filled.

A consumer takes a topic whole. Each envelope names the position before it in its topic, so the
inbox knows: older or equal, drop; fits, log; a hole, ask the source (DESIGN §3.7).
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError

from kernel.codec import Erased, Unknown
from kernel.committer import Committer
from kernel.envelope import Envelope, PublishedEvent, PublishedPage
from kernel.projection import upsert
from kernel.store.port import Ask
from kernel.store.schema import HEARD
from kernel.turn import Turn, Unit

log = logging.getLogger(__name__)

_LAST = Ask(
    sa.select(HEARD).where(
        HEARD.c.source == sa.bindparam("service"), HEARD.c.topic == sa.bindparam("which")
    )
)
_SET = upsert(HEARD)

Source = Callable[[str, str, int], Awaitable[PublishedPage]]
"""Asks a service for the events of a topic after a position."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The last position logged of a topic, and of which life of the source's log."""

    incarnation: str
    position: int


class Inbox:
    """Logs what one service hears of others."""

    def __init__(
        self, committer: Committer, contracts: Sequence[type[PublishedEvent]], ask: Source
    ) -> None:
        self._committer = committer
        self._contracts = {(c.service, c.__name__): c for c in contracts}
        self._ask = ask
        self._logging: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)
        self.repaired = 0

    async def take(self, source: str, topic: str, envelopes: Sequence[Envelope]) -> None:
        """Log a batch of one topic. When it returns, the batch may be acknowledged."""
        mark = await self.mark(source, topic)
        if self._fits(mark, envelopes):
            await self._log(source, topic, envelopes)
        else:
            await self.catch_up(source, topic)

    async def catch_up(self, source: str, topic: str) -> None:
        """Ask the source for everything after our mark: a hole, a new life, or an idle check."""
        while True:
            mark = await self.mark(source, topic)
            page = await self._ask(source, topic, mark.position)
            if page.events:
                self.repaired += len(page.events)
                await self._log(source, topic, page.events)
            if not page.events or page.events[-1].position >= page.head:
                return

    async def mark(self, source: str, topic: str) -> Mark:
        """How far this service has logged a topic."""
        rows = await self._committer.log.db.fetch(_LAST, service=source, which=topic)
        return Mark(rows[0]["incarnation"], rows[0]["position"]) if rows else Mark("", 0)

    def _fits(self, mark: Mark, envelopes: Sequence[Envelope]) -> bool:
        position = mark.position
        for envelope in envelopes:
            if envelope.position <= position:
                continue
            if envelope.previous != position or mark.incarnation not in ("", envelope.incarnation):
                return False
            position = envelope.position
        return True

    async def _log(self, source: str, topic: str, envelopes: Sequence[Envelope]) -> None:
        async def logged(turn: Turn) -> None:
            rows = await turn.glance(_LAST, service=source, which=topic)
            position = rows[0]["position"] if rows else 0
            for envelope in envelopes:
                if envelope.position > position:
                    position = envelope.position
                    turn.hear(f"heard:{source}:{topic}", envelope, self._event(envelope))
            if envelopes:
                life = envelopes[-1].incarnation
                turn.write(_SET(source=source, topic=topic, position=position, incarnation=life))

        # One at a time: the subscriber and the idle check may come with the same events at once,
        # and in one batch the second would not see the first one's mark, and set it back.
        async with self._logging[source, topic]:
            await self._committer.submit(Unit(logged, actor=f"service:{source}"))

    def _event(self, envelope: Envelope) -> Any:
        """The typed event; what this version does not know, or may not read, is kept as it came."""
        if envelope.data is None:
            return Erased(envelope.name)
        contract = self._contracts.get((envelope.source, envelope.name))
        if contract is None:
            return Unknown(envelope.name)
        try:
            return contract.model_validate(envelope.data, extra="ignore")
        except ValidationError:
            # One that breaks its contract is kept and skipped: it must not stop its topic.
            log.warning("%s of %s breaks its contract", envelope.name, envelope.source)
            return Unknown(envelope.name)
