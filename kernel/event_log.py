"""One service's event log: how events become rows and rows become events again.

Positions are gapless and in commit order (DESIGN §3.1): the writer counts them, and the one row
of `log` is moved from the old head to the new in the same transaction, under its fencing number.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from kernel.clock import from_micros, micros
from kernel.codec import TOMBSTONE, Codec, Erased, seal, unseal
from kernel.envelope import Envelope
from kernel.keys import KeyRing
from kernel.projection import Record
from kernel.publishing import Publisher
from kernel.store.port import Ask, Database, Op, Row, Write
from kernel.store.schema import EVENT, LOG

PAGE = 500
RECENT = 1_000
LARGE = 64 * 1024
"""Bytes above which an event is not among the newest ones that stay in memory."""


INSERT = Op(sa.insert(EVENT))
ADVANCE = Op(
    sa.update(LOG)
    .where(LOG.c.id == 1, LOG.c.head == sa.bindparam("old"), LOG.c.fence == sa.bindparam("term"))
    .values(head=sa.bindparam("new"))
)
STATE = Ask(sa.select(LOG))
STREAM = Ask(
    sa.select(EVENT)
    .where(EVENT.c.stream == sa.bindparam("of"), EVENT.c.version > sa.bindparam("above"))
    .order_by(EVENT.c.version)
    .limit(PAGE)
)
AFTER = Ask(
    sa.select(EVENT)
    .where(EVENT.c.position > sa.bindparam("above"))
    .order_by(EVENT.c.position)
    .limit(sa.bindparam("count", type_=sa.Integer))
)
AT = Ask(sa.select(EVENT).where(EVENT.c.position == sa.bindparam("exactly")))
TO_PUBLISH = Ask(
    sa.select(EVENT)
    .where(EVENT.c.position > sa.bindparam("above"), EVENT.c.topic.is_not(None))
    .order_by(EVENT.c.position)
    .limit(PAGE)
)
OF_TOPIC = Ask(
    sa.select(EVENT)
    .where(EVENT.c.topic == sa.bindparam("which"), EVENT.c.position > sa.bindparam("above"))
    .order_by(EVENT.c.position)
    .limit(sa.bindparam("count", type_=sa.Integer))
)
TOPIC_HEADS = Ask(
    sa.select(EVENT.c.topic, sa.func.max(EVENT.c.position).label("position"))
    .where(EVENT.c.topic.is_not(None))
    .group_by(EVENT.c.topic)
)
YOUNGER = Ask(
    sa.select(sa.func.min(EVENT.c.position).label("position")).where(
        EVENT.c.topic.is_not(None), EVENT.c.at >= sa.bindparam("since", type_=EVENT.c.at.type)
    )
)


@dataclass(frozen=True, slots=True)
class Draft:
    """An event decided but not yet placed in the log."""

    stream: str
    version: int
    event: Any
    id: str
    origin: str | None = None
    heard: Envelope | None = None
    trace: str | None = None


class EventLog:
    """Reads and writes event rows of one database."""

    def __init__(self, db: Database, codec: Codec, publisher: Publisher, keys: KeyRing) -> None:
        self.db = db
        self.codec = codec
        self.publisher = publisher
        self.keys = keys
        self.head = 0
        self.incarnation = ""
        self.topics: dict[str, int] = {}
        self._recent: deque[Record] = deque(maxlen=RECENT)
        self._large: set[int] = set()

    def committed(self, records: Sequence[Record]) -> None:
        """These events are durable now."""
        for record in records:
            if record.position in self._large:
                self._recent.clear()  # no gaps: the newest ones begin behind it
            else:
                self._recent.append(record)
        self._large.clear()

    async def reload(self) -> None:
        """Read the head and the topics' last positions from the store; forget the newest events."""
        self._recent.clear()  # after a commit of unknown outcome there would be a gap in them
        self._large.clear()
        state = (await self.db.fetch(STATE))[0]
        self.head, self.incarnation = state["head"], state["incarnation"]
        rows = await self.db.scan(TOPIC_HEADS)
        self.topics = {row["topic"]: row["position"] for row in rows}

    @property
    def published(self) -> int:
        """The last position that publishes anything."""
        return max(self.topics.values(), default=0)

    async def read_stream(self, stream: str, above: int) -> list[Record]:
        """The events of a stream above a version, in order."""
        records: list[Record] = []
        while True:
            rows = await self.db.fetch(STREAM, of=stream, above=above)
            records += await self.records(rows)
            if len(rows) < PAGE:
                return records
            above = rows[-1]["version"]

    async def after(self, position: int, count: int = PAGE) -> list[Record]:
        """The next events of the log, in order; the newest ones come from memory."""
        if position >= self.head:
            return []
        if self._recent and self._recent[0].position <= position + 1:
            return [r for r in self._recent if r.position > position][:count]
        return await self.records(await self.db.scan(AFTER, above=position, count=count))

    async def at(self, position: int) -> Record:
        """The event at a position."""
        return (await self.records(await self.db.fetch(AT, exactly=position)))[0]

    async def records(self, rows: Sequence[Row]) -> list[Record]:
        """Decode rows; an owner whose key is gone gives `Erased` events."""
        await self.keys.load({row["owner"] for row in rows if row["owner"] is not None})
        return [self._record(row) for row in rows]

    def _record(self, row: Row) -> Record:
        owner, name = row["owner"], row["name"]
        data = self._opened(row["id"], name, owner, row["data"])
        event = Erased(name) if data is None else self.codec.decode(name, data)
        return Record(
            row["position"],
            row["id"],
            row["stream"],
            row["version"],
            name,
            event,
            from_micros(row["at"]),
            row["actor"],
            row["trace"],
            row["origin"],
            owner,
        )

    def _opened(self, id: str, name: str, owner: str | None, data: bytes) -> bytes | None:
        if owner is None:
            return data
        cipher = self.keys.get(owner)
        return None if cipher is None else unseal(cipher, id, name, data)

    def _sealed(self, id: str, name: str, owner: str | None, data: bytes) -> bytes:
        if owner is None:
            return data
        cipher = self.keys.get(owner)
        if cipher is None:
            raise KeyError(f"the key of the owner of a new {name} is not loaded or was destroyed")
        return seal(cipher, id, name, data)

    def _kept(self, draft: Draft, name: str, owner: str | None, data: bytes) -> bytes:
        """What is stored. A heard event about somebody whose key we destroyed stays a tombstone:
        refusing it would stop the topic for everybody else.
        """
        if draft.heard is not None and owner is not None and self.keys.get(owner) is None:
            return TOMBSTONE
        return self._sealed(draft.id, name, owner, data)

    async def place(
        self, drafts: Iterable[Draft], actor: str, now: datetime, head: int, topics: dict[str, int]
    ) -> tuple[list[Record], list[Write]]:
        """Give drafts the positions after `head`; moves `topics` on. Touches nothing else."""
        records, writes = [], []
        for draft in drafts:
            head += 1
            record, row = await self._row(draft, head, actor, now, topics)
            records.append(record)
            writes.append(INSERT(**row))
        return records, writes

    async def _row(
        self, draft: Draft, position: int, actor: str, now: datetime, topics: dict[str, int]
    ) -> tuple[Record, dict[str, Any]]:
        row: dict[str, Any] = dict.fromkeys(("topic", "previous", "published", "payload"))
        if draft.heard is not None:
            name, owner = f"{draft.heard.source}.{draft.heard.name}", draft.heard.patient
            data = json.dumps(draft.heard.data).encode()
        else:
            name, owner, data = self.codec.encode(draft.event)
        if owner is not None and not self.keys.has(owner):
            await self.keys.load((owner,), create=True)
        if draft.heard is None:
            row |= self._publication(draft, position, owner, topics)
        # The date of a fact comes from the fact: a heard event keeps the moment of its source.
        at = now if draft.heard is None else draft.heard.at
        if len(data) > LARGE:
            self._large.add(position)
        record = Record(
            position,
            draft.id,
            draft.stream,
            draft.version,
            name,
            draft.event,
            at,
            actor,
            draft.trace,
            draft.origin,
            owner,
        )
        row |= {
            "position": position,
            "id": draft.id,
            "stream": draft.stream,
            "version": draft.version,
            "name": name,
            "data": self._kept(draft, name, owner, data),
            "owner": owner,
            "at": micros(at),
            "actor": actor,
            "trace": draft.trace,
            "origin": draft.origin,
        }
        return record, row

    def _publication(
        self, draft: Draft, position: int, owner: str | None, topics: dict[str, int]
    ) -> dict[str, Any]:
        told = self.publisher.publish(draft.event)
        if told is None:
            return {}
        name = type(told).__name__
        if owner != (getattr(told, told.about) if told.about else None):
            raise TypeError(f"{name} must be about the owner of the event that it is made from")
        previous = topics.get(told.topic, 0)
        topics[told.topic] = position
        data = told.model_dump_json().encode()
        return {
            "topic": told.topic,
            "previous": previous,
            "published": name,
            "payload": self._sealed(draft.id, name, owner, data),
        }

    async def envelopes(self, rows: Sequence[Row]) -> list[Envelope]:
        """What these rows publish; a tombstone (no data) where the patient's key is gone."""
        await self.keys.load({row["owner"] for row in rows if row["owner"] is not None})
        return [self._envelope(row) for row in rows]

    def _envelope(self, row: Row) -> Envelope:
        data = self._opened(row["id"], row["published"], row["owner"], row["payload"])
        return Envelope(
            id=row["id"],
            name=row["published"],
            source=self.publisher.service,
            incarnation=self.incarnation,
            topic=row["topic"],
            position=row["position"],
            previous=row["previous"],
            at=from_micros(row["at"]),
            patient=row["owner"],
            trace=row["trace"],
            data=None if data is None else json.loads(data),
        )
