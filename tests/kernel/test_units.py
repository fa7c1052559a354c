"""The kernel's small parts, each for itself: time, ids, envelopes, codec, statements, problems."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import nats.errors
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from kernel import clock
from kernel.api import fields_of, problem
from kernel.bus.subscribe import mend
from kernel.clock import SystemClock, TestClock, from_micros, micros
from kernel.codec import Codec, Erased, Unknown
from kernel.envelope import BUCKETS, bucket, event_subject
from kernel.ids import new_id
from kernel.jobs import ending
from kernel.phi import Phi, PhiRepr, phi_fields
from kernel.projection import delete, patch, upsert
from kernel.publishing import Publisher
from kernel.store.port import Ask, Op, open_database, runs
from kernel.store.postgres import PostgresDatabase
from kernel.store.sqlite import SqliteDatabase
from kernel.testing.waiting import until
from kernel.turn import command_id, digest_of
from tests.kernel import demo_services as demo

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
TABLE = sa.Table(
    "t",
    sa.MetaData(),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("a", sa.Text),
    sa.Column("b", sa.Integer),
)
ONLY_KEYS = sa.Table("k", sa.MetaData(), sa.Column("id", sa.Text, primary_key=True))


def words(text: str) -> str:
    """SQL on one line."""
    return " ".join(text.split())


# -- time -----------------------------------------------------------------------------------------


def test_a_test_clock_stands_still_until_it_is_moved() -> None:
    moved = TestClock(NOON)
    assert moved.now() == moved.now() == NOON
    moved.move(timedelta(days=60))
    assert moved.now() == NOON + timedelta(days=60)


def test_the_system_clock_is_in_utc() -> None:
    before = datetime.now(UTC)
    now = SystemClock().now()
    assert before <= now <= datetime.now(UTC)
    assert now.utcoffset() == timedelta()


def test_the_demos_clock_follows_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "REREAD_SECONDS", -1)
    file = tmp_path / "clock-offset"
    moved = SystemClock(file)
    assert moved.now() - datetime.now(UTC) < timedelta(days=1)
    file.write_text(str(60 * 86_400))
    assert moved.now() - datetime.now(UTC) > timedelta(days=59)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_survives_being_stored_to_the_microsecond(at: datetime) -> None:
    assert from_micros(micros(at)) == at


@given(st.tuples(*[st.datetimes(timezones=st.just(UTC))] * 2))
def test_stored_moments_are_in_the_order_of_time(pair: tuple[datetime, datetime]) -> None:
    first, second = pair
    assert (first < second) == (micros(first) < micros(second))


# -- ids ------------------------------------------------------------------------------------------


def test_later_ids_sort_after_earlier_ones() -> None:
    moving = TestClock(NOON)
    ids = []
    for _ in range(200):
        ids.append(new_id(moving))
        moving.move(timedelta(milliseconds=1))
    assert ids == sorted(ids)


def test_ids_of_one_moment_differ_and_say_nothing() -> None:
    ids = {new_id(TestClock(NOON)) for _ in range(1000)}
    assert len(ids) == 1000
    assert {len(id) for id in ids} == {26}
    assert all(id.isalnum() and id == id.lower() for id in ids)


# -- envelopes ------------------------------------------------------------------------------------


@given(st.text(min_size=1))
def test_a_bucket_is_two_digits_below_its_number(patient: str) -> None:
    assert len(bucket(patient)) == 2
    assert 0 <= int(bucket(patient)) < BUCKETS
    assert bucket(patient) == bucket(patient)


def test_patients_spread_over_all_buckets() -> None:
    counts = Counter(bucket(f"patient-{n}") for n in range(6_400))
    assert len(counts) == BUCKETS
    assert max(counts.values()) < 200


def test_what_is_about_nobody_has_bucket_zero() -> None:
    assert event_subject("ward", "bed", "BedFreed", None) == "evt.ward.bed.BedFreed.00"


# -- codec ----------------------------------------------------------------------------------------


def test_an_event_with_patient_data_must_name_its_owner() -> None:
    @dataclass(frozen=True)
    class Nobodys:
        text: Phi[str]

    Nobodys.__annotations__["text"] = Phi[str]
    with pytest.raises(TypeError, match="names no OWNER"):
        Codec({"Nobodys": Nobodys})


def test_an_event_that_names_a_patient_is_sealed_under_the_patients_key() -> None:
    @dataclass(frozen=True)
    class Seen:
        patient: str

    assert Codec({"Seen": Seen}).encode(Seen("p1")).owner == "p1"


def test_the_owner_comes_before_the_patient() -> None:
    @dataclass(frozen=True)
    class Shared:
        OWNER: ClassVar[str] = "sharer"
        patient: str
        sharer: str

    Shared.__annotations__["OWNER"] = ClassVar[str]
    assert Codec({"Shared": Shared}).encode(Shared("p1", "p2")).owner == "p2"


def test_an_event_about_nobody_has_no_owner() -> None:
    assert Codec(demo.EVENTS).encode(demo.Rung("a", 1)).owner is None


def test_what_was_encoded_decodes_to_the_same() -> None:
    codec = Codec(demo.EVENTS)
    for event in (demo.Taken("b", "p", "soft"), demo.Freed("b"), demo.Rung("a", 2)):
        encoded = codec.encode(event)
        assert codec.decode(encoded.name, encoded.data) == event


def test_a_heard_event_is_stored_under_its_services_name() -> None:
    codec = Codec(demo.EVENTS)
    codec.hear([demo.BedFreed])
    assert codec.decode("ward.BedFreed", b'{"bed": "b1"}') == demo.BedFreed(bed="b1")
    assert codec.decode("ward.BedFreed", b"null") == Erased("ward.BedFreed")
    assert codec.decode("ward.Burnt", b'{"bed": "b1"}') == Unknown("ward.Burnt")


def test_old_shapes_are_lifted_step_by_step() -> None:
    steps = {
        "Tolled": ("Chimed", lambda old: {"bell": old["b"], "times": old["t"]}),
        "Chimed": ("Rung", lambda old: {"bell": old["bell"], "n": old["times"]}),
    }
    codec = Codec(demo.EVENTS, steps)
    assert codec.decode("Tolled", b'{"b": "a", "t": 3}') == demo.Rung("a", 3)
    assert codec.names_of([demo.Rung]) == {"Tolled", "Chimed", "Rung"}


def test_every_marked_field_is_known() -> None:
    assert phi_fields(demo.Taken) == phi_fields(demo.BedTaken) == {"diet"}
    assert demo.BedTaken.model_json_schema()["properties"]["diet"]["x-phi"] is True
    assert issubclass(demo.Taken, PhiRepr)


def test_an_event_is_published_or_decided_to_be_private() -> None:
    publisher = Publisher("ward")
    publisher.private(demo.Rung)
    assert publisher.publish(demo.Rung("a", 1)) is None
    assert demo.WARD_PUBLISHER.publish(demo.Freed("b1")) == demo.BedFreed(bed="b1")


# -- statements -----------------------------------------------------------------------------------


def test_an_upsert_in_both_dialects() -> None:
    op = upsert(TABLE)
    lite, post = op.prepared("sqlite"), op.prepared("postgresql")
    assert words(lite.sql) == (
        "INSERT INTO t (id, a, b) VALUES (?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET a = excluded.a, b = excluded.b"
    )
    assert words(post.sql) == (
        "INSERT INTO t (id, a, b) VALUES ($1::VARCHAR, $2::VARCHAR, $3::INTEGER) "
        "ON CONFLICT (id) DO UPDATE SET a = excluded.a, b = excluded.b"
    ) or words(post.sql).startswith("INSERT INTO t (id, a, b) VALUES ($1")
    assert lite.values({"id": "x", "a": "y", "b": 1}) == ("x", "y", 1)
    assert post.values({"b": 1, "a": "y", "id": "x"}) == ("x", "y", 1)


def test_an_upsert_of_a_table_of_keys_only_keeps_the_row() -> None:
    for dialect in ("sqlite", "postgresql"):
        assert "ON CONFLICT (id) DO NOTHING" in words(upsert(ONLY_KEYS).prepared(dialect).sql)


def test_a_patch_sets_its_columns_where_the_key_is() -> None:
    op = patch(TABLE, "b")
    lite = op.prepared("sqlite")
    assert words(lite.sql) == "UPDATE t SET b=? WHERE t.id = ?"
    assert lite.values({"id": "x", "b": 2}) == (2, "x")
    post = op.prepared("postgresql")
    assert set(post.names) == {"id", "b"}
    assert len(post.values({"id": "x", "b": 2})) == 2


def test_a_delete_matches_its_columns() -> None:
    lite = delete(TABLE, "a", "b").prepared("sqlite")
    assert words(lite.sql) == "DELETE FROM t WHERE t.a = ? AND t.b = ?"
    assert lite.values({"b": 1, "a": "y"}) == ("y", 1)


def test_a_null_written_in_a_statement_needs_no_value() -> None:
    op = Op(sa.update(TABLE).where(TABLE.c.id == sa.bindparam("which")).values(a=None, b=7))
    for dialect in ("sqlite", "postgresql"):
        values = op.prepared(dialect).values({"which": "x"})
        assert sorted(values, key=str) == sorted((None, 7, "x"), key=str)


def test_a_choice_written_in_a_question_needs_no_value() -> None:
    ask = Ask(sa.select(TABLE).where(TABLE.c.a.in_(("y", "z"))))
    for dialect in ("sqlite", "postgresql"):
        assert ask.prepared(dialect).values({}) == ("y", "z")


def test_a_missing_value_is_an_error_and_not_a_null() -> None:
    with pytest.raises(KeyError):
        upsert(TABLE).prepared("sqlite").values({"id": "x", "a": "y"})


def test_a_limit_written_in_a_question_needs_no_value() -> None:
    ask = Ask(sa.select(TABLE).where(TABLE.c.a == sa.bindparam("a")).limit(5))
    assert ask.prepared("sqlite").values({"a": "y"})[0] == "y"
    assert 5 in ask.prepared("postgresql").values({"a": "y"})


def test_neighbouring_writes_of_one_statement_go_together() -> None:
    put, drop = upsert(TABLE), delete(TABLE, "id")
    writes = [put(id="1"), put(id="2"), drop(id="1"), drop.one(id="2"), drop(id="3"), put(id="4")]
    assert [(op, one, len(rows)) for op, one, rows in runs(writes)] == [
        (put, False, 2),
        (drop, False, 1),
        (drop, True, 1),  # alone: how many rows it changed is looked at
        (drop, False, 1),
        (put, False, 1),
    ]


def test_an_url_names_its_engine() -> None:
    assert isinstance(open_database("sqlite:///var/x.db"), SqliteDatabase)
    assert isinstance(open_database("postgresql://a@/b"), PostgresDatabase)


# -- commands and problems ------------------------------------------------------------------------


def test_a_commands_id_is_of_who_which_and_key() -> None:
    ids = {command_id(a, c, k) for a in ("x", "y") for c in ("x", "y") for k in ("x", "y")}
    assert len(ids) == 8
    assert digest_of(b"a") != digest_of(b"b")


def test_a_problem_is_rfc_9457() -> None:
    reply = problem(409, "taken", "This bed is taken.", {"bed": "Choose another."})
    assert reply.status == 409
    assert json.loads(reply.body) == {
        "type": "urn:myportal:problem:taken",
        "title": "Not possible now",
        "status": 409,
        "code": "taken",
        "detail": "This bed is taken.",
        "errors": {"bed": "Choose another."},
    }


@pytest.mark.parametrize(
    "body", ['{"bed": {"canary": 1}}', '{"canary": "canary"', '"canary"', '{"bed": ["canary"]}']
)
def test_a_validation_error_never_repeats_what_was_sent(body: str) -> None:
    with pytest.raises(ValueError, match="validation error") as wrong:
        demo.TakeBed.model_validate_json(body)
    fields = fields_of(wrong.value)  # type: ignore[arg-type]  # pydantic's error is a ValueError
    assert fields
    assert "canary" not in json.dumps(fields)
    assert "canary" not in str(wrong.value)


# -- jobs and waiting -----------------------------------------------------------------------------


async def test_a_job_that_swallows_its_cancellation_is_cancelled_again() -> None:
    swallowed: list[int] = []

    async def stubborn() -> None:
        while len(swallowed) < 3:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            swallowed.append(len(swallowed))
        await asyncio.Event().wait()

    task = asyncio.create_task(ending(stubborn()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert swallowed == [0, 1, 2]


async def test_a_job_that_fails_fails_as_itself() -> None:
    async def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await ending(broken())


async def test_a_fetch_that_is_too_late_says_so_in_the_clients_own_words() -> None:
    async def late() -> list[object]:
        raise TimeoutError

    subscription = SimpleNamespace(fetch=late)
    listener: Any = SimpleNamespace(subscribers=[SimpleNamespace(subscription=subscription)])
    mend(listener)
    with pytest.raises(nats.errors.TimeoutError):
        await subscription.fetch()


async def test_waiting_for_what_does_not_come_fails() -> None:
    with pytest.raises(AssertionError, match="did not become true"):
        await until(lambda: False, timeout=0.01)
