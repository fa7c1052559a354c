"""Folding a view anew from its log: in chunks, off the event loop's reads, with progress.

A view whose marker is missing (new, or a new version) is folded before its service says that it
is ready; the old version's tables serve the old process until it stops, and are dropped then.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager

import sqlalchemy as sa

from kernel.event_log import EventLog
from kernel.projection import Project, View, table_prefix, upsert
from kernel.store.port import Ask, Op, Put, Write
from kernel.store.schema import CHECKPOINT, EVENT

CHUNK = 5_000
log = logging.getLogger(__name__)

NEXT = Ask(  # without what was published: a fold needs the events only
    sa.select(*(c for c in EVENT.c if c.name not in ("topic", "previous", "published", "payload")))
    .where(EVENT.c.position > sa.bindparam("above"))
    .order_by(EVENT.c.position)
    .limit(CHUNK)
)
MARKS = Ask(sa.select(CHECKPOINT))
SET_MARK = upsert(CHECKPOINT)
DROP_MARK = Op(sa.delete(CHECKPOINT).where(CHECKPOINT.c.name == sa.bindparam("which")))

Progress = Callable[[str, int, int], None]


def say(name: str, done: int, of: int) -> None:
    """Progress as a log line."""
    log.info("folding %s: %d of %d events", name, done, of)


async def fold_missing(events: EventLog, views: Sequence[View], progress: Progress = say) -> int:
    """Fold the views that have no marker; gives the number of events read. Drops older versions."""
    marks = {row["name"]: row["position"] for row in await events.db.fetch(MARKS)}
    missing = [view for view in views if view.key not in marks]
    for view in missing:
        # A fold that was cut short starts again from nothing.
        await events.db.drop(view.prefix)
        await events.db.create(view.metadata)
    folded = await _fold(events, missing, progress) if missing else 0
    await _forget_old(events, views, marks)
    return folded


async def fold_again(events: EventLog, views: Sequence[View], progress: Progress = say) -> int:
    """Drop these views' rows and fold them from the start (`portal rebuild`)."""
    await events.db.commit([DROP_MARK(which=view.key) for view in views])
    return await fold_missing(events, views, progress)


async def _fold(events: EventLog, views: Sequence[View], progress: Progress) -> int:
    position, names = 0, ", ".join(view.name for view in views)
    projects: dict[type, list[Project]] = defaultdict(list)
    for view in views:
        for kind, project in view.projects.items():
            projects[kind].append(project)
    of_interest = events.codec.names_of(projects.keys())  # the rest need not even be decrypted
    rows = await events.db.scan(NEXT, above=position)
    async with AsyncExitStack() as stack:
        stack.enter_context(_collector_off())
        put: Put = events.db.commit
        if events.head > CHUNK:
            put = await stack.enter_async_context(events.db.bulk())
        while rows:
            position = rows[-1]["position"]
            following = asyncio.ensure_future(events.db.scan(NEXT, above=position))
            records = await events.records([row for row in rows if row["name"] in of_interest])
            writes: list[Write] = []
            for record in records:
                for project in projects.get(type(record.event), ()):
                    writes += project(record.event, record)
            await put(writes)
            progress(names, position, events.head)
            rows = await following
    await events.db.commit([SET_MARK(name=view.key, position=position) for view in views])
    return position


@contextmanager
def _collector_off() -> Iterator[None]:
    """Folding makes no cycles, and looking for them in all that it makes takes half of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def _forget_old(events: EventLog, views: Sequence[View], marks: dict[str, int]) -> None:
    current = {view.key for view in views}
    for name in marks:
        if name.startswith("view:") and name not in current:
            _, view, version = name.split(":")
            await events.db.commit([DROP_MARK(which=name)])
            await events.db.drop(table_prefix(view, int(version)))
