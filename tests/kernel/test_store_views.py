"""Views are folds of the log, in any version, as often as one likes (DESIGN §3.3, §3.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from kernel import refold
from kernel.projection import View
from kernel.refold import MARKS, fold_again
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


async def test_a_fold_that_was_cut_short_starts_again(
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
    monkeypatch.undo()
    async with opened(place, views=(newer,)) as log:
        assert [row["bed"] for row in await rows_of(log, table)] == ["b0", "b2", "b4"]


async def test_two_views_are_folded_in_one_pass(place: Place) -> None:
    async with opened(place) as log:
        await fill(log)
    second, table = demo.occupied(version=7)
    second.name = "another"
    views: tuple[View, ...] = (demo.OCCUPIED, second)
    async with opened(place, views=views) as log:
        assert await rows_of(log, table) == await rows_of(log)
