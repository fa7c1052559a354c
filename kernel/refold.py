"""Folding a view anew from its log: in chunks, off the event loop's reads, with progress.

A view without its marker (new, or a new version) is folded before its service says that it is
ready. How far a fold has come is written with each chunk's rows, so a fold that was cut short goes
on. A process that stands by folds ahead while the old version serves; whoever becomes the writer
folds what is left, marks the view as kept by its writer, and drops older versions.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager

import sqlalchemy as sa

from kernel.event_log import EventLog
from kernel.projection import Project, View, table_prefix, upsert
from kernel.store.port import Ask, Op, Put, Write
from kernel.store.schema import CHECKPOINT, EVENT

CHUNK = 5_000
FOLDING = "folding:"
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


async def fold_ahead(events: EventLog, views: Sequence[View], progress: Progress = say) -> int:
    """Bring missing views near the head without being the writer; gives the events folded."""
    async with events.db.only_one():
        await events.reload()
        return await _fold(events, await _missing(events, views), progress)


async def fold_missing(events: EventLog, views: Sequence[View], progress: Progress = say) -> int:
    """As the writer: fold to the head what has no marker, and mark it. Drops older versions.

    Gives the number of events folded.
    """
    async with events.db.only_one():
        missing = await _missing(events, views)
        folded = await _fold(events, missing, progress)
        marked: list[Write] = [SET_MARK(name=v.key, position=events.head) for v in missing]
        await events.db.commit(marked + [DROP_MARK(which=FOLDING + v.key) for v in missing])
        await _forget_old(events, views)
        return folded


async def fold_again(events: EventLog, views: Sequence[View], progress: Progress = say) -> int:
    """Drop these views' rows and fold them from the start (`portal rebuild`)."""
    marks = [mark for view in views for mark in (view.key, FOLDING + view.key)]
    await events.db.commit([DROP_MARK(which=mark) for mark in marks])
    return await fold_missing(events, views, progress)


async def are_kept(events: EventLog, views: Sequence[View]) -> bool:
    """Does the writer keep all of these views, in these versions?"""
    marks = await _marks(events)
    return all(view.key in marks for view in views)


async def _marks(events: EventLog) -> Mapping[str, int]:
    return {row["name"]: row["position"] for row in await events.db.fetch(MARKS)}


async def _missing(events: EventLog, views: Sequence[View]) -> list[View]:
    marks = await _marks(events)
    return [view for view in views if view.key not in marks]


async def _fold(events: EventLog, views: Sequence[View], progress: Progress) -> int:
    """Fold each view from where its last fold was cut off; those from the same place together."""
    marks = await _marks(events)
    starts: dict[int, list[View]] = defaultdict(list)
    for view in views:
        start = marks.get(FOLDING + view.key)
        if start is None:
            await events.db.drop(view.prefix)
            await events.db.create(view.metadata)
            await events.db.commit([SET_MARK(name=FOLDING + view.key, position=0)])
        starts[start or 0].append(view)
    return sum([await _fold_from(start, events, vs, progress) for start, vs in starts.items()])


async def _fold_from(
    start: int, events: EventLog, views: Sequence[View], progress: Progress
) -> int:
    position, names = start, ", ".join(view.name for view in views)
    projects: dict[type, list[Project]] = defaultdict(list)
    for view in views:
        for kind, project in view.projects.items():
            projects[kind].append(project)
    of_interest = events.codec.names_of(projects.keys())  # the rest need not even be decrypted
    rows = await events.db.scan(NEXT, above=position)
    async with AsyncExitStack() as stack:
        stack.enter_context(_collector_off())
        put: Put = events.db.commit
        if events.head - start > CHUNK:
            put = await stack.enter_async_context(events.db.bulk())
        while rows:
            position = rows[-1]["position"]
            following = asyncio.ensure_future(events.db.scan(NEXT, above=position))
            records = await events.records([row for row in rows if row["name"] in of_interest])
            writes: list[Write] = []
            for record in records:
                for project in projects.get(type(record.event), ()):
                    writes += project(record.event, record)
            writes += [SET_MARK(name=FOLDING + view.key, position=position) for view in views]
            await put(writes)
            progress(names, position, events.head)
            rows = await following
    return position - start


@contextmanager
def _collector_off() -> Iterator[None]:
    """Folding makes no cycles, and looking for them in all that it makes takes half of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def _forget_old(events: EventLog, views: Sequence[View]) -> None:
    current = {view.key for view in views}
    for mark in await _marks(events):
        key = mark.removeprefix(FOLDING)
        if key.startswith("view:") and key not in current:
            _, view, version = key.split(":")
            await events.db.commit([DROP_MARK(which=mark)])
            await events.db.drop(table_prefix(view, int(version)))
