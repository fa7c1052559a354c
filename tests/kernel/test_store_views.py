"""Views are folds of the log, in any version, as often as one likes (DESIGN §3.3, §3.5)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from kernel import refold
from kernel.projection import View
from kernel.refold import FOLDING, MARKS, are_kept, fold_again, fold_ahead, fold_missing
from kernel.store.port import Ask, Row
from kernel.store.schema import EVENT
from tests.kernel import demo_services as demo
from tests.kernel.ward_log import Place, WardLog, opened, prepared

TWO_AT_ONCE = Ask(
    sa.select(EVENT)
    .where(EVENT.c.position > sa.bindparam("above"))
    .order_by(EVENT.c.position)
    .limit(2)
)


def in_small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fold as if the log were long: two events at a time, written in bulk."""
    monkeypatch.setattr(refold, "NEXT", TWO_AT_ONCE)
    monkeypatch.setattr(refold, "CHUNK", 2)


async def fill(log: WardLog) -> None:
    """Five patients come, two go."""
    for n in range(5):
        await log.take(f"b{n}", f"p{n}", "soft")
    for bed in ("b1", "b3"):
        await log.submit(_freeing(bed))


def _freeing(bed: str) -> Any:
    async def decide(turn: Any) -> None:
        await turn.load(demo.BED, bed)
        turn.append(demo.BED, bed, [demo.Freed(bed)])

    return decide


async def rows_of(log: WardLog, table: Any = demo.BEDS) -> list[dict[str, Any]]:
    """A view's rows."""
    rows: Sequence[Row] = await log.db.fetch(Ask(table.select().order_by(table.c.bed).limit(99)))
    return [dict(row) for row in rows]


async def marks(log: WardLog) -> dict[str, int]:
    """The views that are marked as folded, and how far."""
    return {row["name"]: row["position"] for row in await log.db.fetch(MARKS)}


async def test_a_view_folded_again_has_the_rows_that_were_written_inline(ward: WardLog) -> None:
    await fill(ward)
    inline = await rows_of(ward)
    assert [row["bed"] for row in inline] == ["b0", "b2", "b4"]
    assert await fold_again(ward.log, ward.views) == 7
    assert await rows_of(ward) == inline


async def test_a_fold_in_small_chunks_is_the_same_fold(
    ward: WardLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(ward)
    inline = await rows_of(ward)
    in_small_chunks(monkeypatch)
    told: list[tuple[str, int, int]] = []
    await fold_again(ward.log, ward.views, lambda *progress: told.append(progress))
    assert await rows_of(ward) == inline
    assert told == [("occupied", n, 7) for n in (2, 4, 6, 7)]


async def test_a_new_version_is_folded_at_start_and_the_old_marker_dropped(place: Place) -> None:
    async with opened(place) as log:
        await fill(log)
        inline = await rows_of(log)
        assert "view:occupied:1" in await marks(log)
    newer, table = demo.occupied(version=2)
    async with opened(place, views=(newer,)) as log:
        assert await rows_of(log, table) == inline
        assert [name for name in await marks(log) if name.startswith("view:")] == [
            "view:occupied:2"
        ]
        await log.take("b9", "p9")
        assert len(await rows_of(log, table)) == 4
        await log.log.db.create(demo.occupied(version=1)[0].metadata)  # it was gone: no rows
        assert await log.beds() == []


async def test_going_back_to_the_old_version_folds_it_again(place: Place) -> None:
    async with opened(place) as log:
        await log.take("b0", "p0")
    newer, _ = demo.occupied(version=2)
    async with opened(place, views=(newer,)) as log:
        await log.take("b1", "p1")
    async with opened(place) as log:
        assert await log.beds() == [("b0", "p0"), ("b1", "p1")]


async def test_a_view_that_is_marked_is_not_folded_again(place: Place) -> None:
    async with opened(place) as log:
        await fill(log)
    async with opened(place) as log:
        assert await refold.fold_missing(log.log, log.views) == 0
        assert len(await rows_of(log)) == 3


async def test_a_fold_that_was_cut_short_goes_on_where_it_was(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(place) as log:
        await fill(log)
    in_small_chunks(monkeypatch)
    newer, table = demo.occupied(version=2)
    log = WardLog(place, views=(newer,))

    def cut(name: str, done: int, of: int) -> None:
        if done > 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(refold.fold_missing, "__defaults__", (cut,))
    with pytest.raises(KeyboardInterrupt):
        await prepared(log)
    assert len(await rows_of(log, table)) > 0
    assert newer.key not in await marks(log)
    await log.db.close()
    await log.key_db.close()
    told: list[int] = []
    monkeypatch.setattr(
        refold.fold_missing, "__defaults__", (lambda name, done, of: told.append(done),)
    )
    async with opened(place, views=(newer,)) as log:
        assert told == [6, 7]
        assert [row["bed"] for row in await rows_of(log, table)] == ["b0", "b2", "b4"]
        assert not [name for name in await marks(log) if name.startswith(FOLDING)]


async def test_two_views_are_folded_in_one_pass(place: Place) -> None:
    async with opened(place) as log:
        await fill(log)
    second, table = demo.occupied(version=7)
    second.name = "another"
    views: tuple[View, ...] = (demo.OCCUPIED, second)
    async with opened(place, views=views) as log:
        assert await rows_of(log, table) == await rows_of(log)


async def test_a_new_version_is_folded_ahead_while_the_old_one_serves(place: Place) -> None:
    newer, table = demo.occupied(version=2)
    async with opened(place) as old:
        await fill(old)
        ahead = WardLog(place, views=(newer,))
        await ahead.db.open(migrate=True)
        await ahead.key_db.open(migrate=False)
        assert await fold_ahead(ahead.log, ahead.views) == 7
        assert not await are_kept(ahead.log, ahead.views)
        await old.take("b9", "p9")  # the old version still writes, and its view still answers
        assert len(await old.beds()) == 4
        assert len(await rows_of(ahead, table)) == 3
        await ahead.log.reload()
        assert await fold_missing(ahead.log, ahead.views) == 1  # only what came meanwhile
        assert await are_kept(ahead.log, ahead.views)
        assert [row["bed"] for row in await rows_of(ahead, table)] == ["b0", "b2", "b4", "b9"]
        await ahead.db.close()
        await ahead.key_db.close()


@pytest.mark.postgres
async def test_two_processes_that_fold_ahead_at_once_fold_each_event_once(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(postgres_url, f"sqlite:///{tmp_path}/keys.db", tmp_path)
    async with opened(place) as old:
        await fill(old)
        in_small_chunks(monkeypatch)
        newer, table = demo.occupied(version=2)
        both = [WardLog(place, views=(newer,)) for _ in range(2)]
        for log in both:
            await log.db.open(migrate=True)
            await log.key_db.open(migrate=False)
        folded = await asyncio.gather(*(fold_ahead(log.log, log.views) for log in both))
        assert sorted(folded) == [0, 7]
        assert [row["bed"] for row in await rows_of(both[0], table)] == ["b0", "b2", "b4"]
        for log in both:
            await log.db.close()
            await log.key_db.close()
