"""Patient data at rest: unreadable on disk, and gone when its key is (DESIGN §3.12)."""

from __future__ import annotations

import secrets
from pathlib import Path

import asyncpg
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap

from kernel.codec import Erased, Unknown
from kernel.event_log import TO_PUBLISH
from kernel.keys import KeyRing
from kernel.store.port import Ask, Op
from kernel.store.schema import EVENT
from tests.kernel import demo_services as demo
from tests.kernel.ward_log import SECRET, Flaky, Place, WardLog, opened

SECRET_DIET = "canary-of-a-patient"


async def on_disk(place: Place, text: str) -> bool:
    """Whether these bytes are anywhere in the log's files."""
    if place.log.startswith("postgresql"):
        connection = await asyncpg.connect(place.log)
        await connection.execute("CHECKPOINT")
        await connection.close()
    files = [path for path in place.files.rglob("*") if path.is_file()]
    assert files
    return any(text.encode() in _bytes(path) for path in files)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:  # the server has just removed it
        return b""


async def test_patient_data_cannot_be_found_on_the_disk(place: Place) -> None:
    bell, diet = secrets.token_hex(), secrets.token_hex()
    async with opened(place, views=()) as log:
        await log.ring(bell)
        await log.take("b1", "p1", diet)
        assert (await log.stored())[1].event == demo.Taken("b1", "p1", diet)
        assert await on_disk(place, bell)
        assert not await on_disk(place, diet)


async def test_an_event_whose_key_was_destroyed_is_erased(ward: WardLog) -> None:
    await ward.take("b1", "p1", SECRET_DIET)
    await ward.take("b2", "p2", "soft")
    await ward.keys.destroy("p1")
    assert [r.event for r in await ward.stored()] == [
        Erased("Taken"),
        demo.Taken("b2", "p2", "soft"),
    ]


async def test_a_destroyed_key_stays_destroyed_for_every_later_process(place: Place) -> None:
    async with opened(place) as log:
        await log.take("b1", "p1", SECRET_DIET)
        await log.keys.destroy("p1")
    async with opened(place) as log:
        assert [r.event for r in await log.stored()] == [Erased("Taken")]


async def test_an_erased_event_is_published_as_a_tombstone(ward: WardLog) -> None:
    await ward.take("b1", "p1", SECRET_DIET)
    rows = await ward.db.fetch(TO_PUBLISH, above=0)
    [told] = await ward.log.envelopes(rows)
    await ward.keys.destroy("p1")
    [tombstone] = await ward.log.envelopes(rows)
    assert told.data == {"bed": "b1", "patient": "p1", "diet": SECRET_DIET}
    assert tombstone == told.model_copy(update={"data": None})


async def test_a_view_folds_without_what_was_erased(place: Place) -> None:
    async with opened(place) as log:
        await log.take("b1", "p1", SECRET_DIET)
        await log.take("b2", "p2", "soft")
        await log.keys.destroy("p1")
    newer, table = demo.occupied(version=2)
    async with opened(place, views=(newer,)) as log:
        rows = await log.db.fetch(Ask(table.select().limit(10)))
        assert [row["bed"] for row in rows] == ["b2"]


async def test_a_stream_goes_on_after_an_erased_event(place: Place) -> None:
    async with opened(place) as log:
        await log.take("b1", "p1", SECRET_DIET)
        await log.keys.destroy("p1")
    async with opened(place) as log:
        await log.take("b1", "p2", "soft")
        assert [r.version for r in await log.stored()] == [1, 2]


async def test_a_sealed_payload_opens_only_in_its_own_row(ward: WardLog) -> None:
    await ward.take("b1", "p1", SECRET_DIET)
    await ward.take("b2", "p1", "soft")
    other = (await ward.db.fetch(Ask(EVENT.select().where(EVENT.c.position == 2))))[0]
    swap = Op(EVENT.update().where(EVENT.c.position == 1).values(data=other["data"]))
    await ward.db.commit([swap()])
    with pytest.raises(InvalidTag):
        await ward.stored()


async def test_the_keys_are_wrapped_by_the_services_own_secret(ward: WardLog) -> None:
    await ward.take("b1", "p1", SECRET_DIET)
    ring = KeyRing(ward.key_db, bytes(32))
    with pytest.raises(InvalidUnwrap):
        await ring.load(["p1"])
    assert ring.get("p1") is None


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_key_whose_saving_failed_does_not_stop_the_log(place: Place, moment: str) -> None:
    async with opened(place) as log:
        flaky = Flaky(log.key_db)
        log.keys._db = flaky
        flaky.fail = moment
        await log.take("b1", "p1", "soft")
        await log.take("b2", "p1", "soft")
    async with opened(place) as log:
        assert [r.event.bed for r in await log.stored()] == ["b1", "b2"]


async def test_a_key_is_durable_before_what_is_sealed_with_it(place: Place) -> None:
    async with opened(place) as log:
        log.db.fail = "before"
        await log.take("b1", "p1", "soft")
        again = KeyRing(log.key_db, SECRET)
        await again.load(["p1"])
        assert again.get("p1") is not None
        assert (await log.stored())[0].event.diet == "soft"


async def test_an_event_of_an_unknown_name_is_kept_and_skipped(place: Place) -> None:
    async with opened(place) as log:
        await log.take("b1", "p1", "soft")
        await log.ring("a")
    older = {name: kind for name, kind in demo.EVENTS.items() if name != "Taken"}
    newer, table = demo.occupied(version=2)
    async with opened(place, events=older, views=(newer,)) as log:
        assert [r.event for r in await log.stored()] == [Unknown("Taken"), demo.Rung("a", 1)]
        assert await log.db.fetch(Ask(table.select().limit(10))) == []
    async with opened(place) as log:
        assert (await log.stored())[0].event == demo.Taken("b1", "p1", "soft")


async def test_an_event_of_an_old_shape_is_read_in_the_new_one(place: Place) -> None:
    async with opened(place) as log:
        await log.ring("a")
        rename = Op(
            EVENT.update()
            .where(EVENT.c.position == 1)
            .values(name="Tolled", data=b'{"bell": "a", "times": 3, "by": "a rope"}')
        )
        await log.db.commit([rename()])

    def upcast(old: dict[str, object]) -> dict[str, object]:
        return {"bell": old["bell"], "n": old["times"]}

    async with opened(place, upcasts={"Tolled": ("Rung", upcast)}) as log:
        [record] = await log.stored()
        assert (record.name, record.event) == ("Tolled", demo.Rung("a", 3))
        await log.ring("a")
        assert (await log.stored())[1].event == demo.Rung("a", 4)


async def test_an_unknown_field_of_a_known_event_is_ignored(ward: WardLog) -> None:
    await ward.ring("a")
    data = b'{"bell": "a", "n": 1, "later": true}'
    await ward.db.commit([Op(EVENT.update().values(data=data))()])
    assert [r.event for r in await ward.stored()] == [demo.Rung("a", 1)]


def test_patient_data_prints_as_stars() -> None:
    assert repr(demo.Taken("b1", "p1", SECRET_DIET)) == "Taken(bed='b1', patient='p1', diet='***')"
    told = demo.BedTaken(bed="b1", patient="p1", diet=SECRET_DIET)
    command = demo.TakeBed(bed="b1", patient="p1", diet=SECRET_DIET)
    for shown in (repr(told), str(told), repr(command), f"{command}"):
        assert "diet=" in shown
        assert "***" in shown
        assert SECRET_DIET not in shown
