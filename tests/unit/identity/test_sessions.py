"""Sessions over a bucket in memory, with a clock that is moved (R45)."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, rule, run_state_machine_as_test

from kernel.decider import Refused
from services.identity.sessions import ABSOLUTE, CODE_TRIES, IDLE, Session, Sessions
from tests.unit.identity.desk import NOON, MemoryBucket

MARIA = "account-1"
SECOND = timedelta(seconds=1)


@dataclass
class Door:
    """Sessions, their bucket and the time."""

    bucket: MemoryBucket = field(default_factory=MemoryBucket)
    now: datetime = NOON
    counter: int = 0

    def __post_init__(self) -> None:
        self.sessions = Sessions(self.bucket, self.random)

    def random(self, size: int) -> bytes:
        self.counter += 1
        return self.counter.to_bytes(size)

    async def open(self) -> str:
        return await self.sessions.open(MARIA, self.now)

    async def enters(self, cookie: str, active: bool = True) -> bool:
        try:
            await self.sessions.read(cookie, self.now, active)
        except Refused as refused:
            return (refused.code, refused.status) != ("signed-out", 401)
        return True


@pytest.fixture
def door() -> Door:
    """Nobody is signed in yet."""
    return Door()


@pytest.mark.rule("R45")
@pytest.mark.parametrize(("idle", "enters"), [(IDLE - SECOND, True), (IDLE, False)])
async def test_9_59_works_and_10_00_is_refused(door: Door, idle: timedelta, enters: bool) -> None:
    cookie = await door.open()
    door.now += idle
    assert await door.enters(cookie) == enters
    assert bool(door.bucket.values) == enters  # an ended session leaves nothing behind


@pytest.mark.rule("R45")
async def test_background_calls_do_not_move_the_limit(door: Door) -> None:
    cookie = await door.open()
    for _ in range(59):
        door.now += timedelta(seconds=10)
        assert await door.enters(cookie, active=False)
    door.now += timedelta(seconds=10)
    assert not await door.enters(cookie, active=False)


@pytest.mark.rule("R45")
async def test_what_the_user_does_moves_the_limit_up_to_twelve_hours(door: Door) -> None:
    cookie = await door.open()
    start = door.now
    while door.now - start < ABSOLUTE - timedelta(minutes=9):
        assert await door.enters(cookie)
        door.now += timedelta(minutes=9)
    assert await door.enters(cookie)
    door.now = start + ABSOLUTE - SECOND
    assert await door.enters(cookie)
    door.now = start + ABSOLUTE
    assert not await door.enters(cookie)


@pytest.mark.rule("R45")
async def test_a_busy_page_writes_at_most_once_a_second(door: Door) -> None:
    cookie = await door.open()
    door.bucket.calls.clear()
    for _ in range(50):
        door.now += timedelta(milliseconds=100)
        assert await door.enters(cookie)
    assert door.bucket.calls.count("update") == 5


@pytest.mark.rule("R45")
async def test_a_call_in_flight_cannot_bring_back_a_session_that_was_ended(door: Door) -> None:
    cookie = await door.open()
    door.now += timedelta(minutes=1)
    read = door.bucket.get

    async def get_then_sign_out(key: str) -> tuple[bytes, int]:
        found = await read(key)
        door.bucket.get = read  # type: ignore[method-assign]  # once
        await door.sessions.end(cookie)
        return found

    door.bucket.get = get_then_sign_out  # type: ignore[method-assign]  # between read and write
    assert not await door.enters(cookie)
    assert door.bucket.values == {}


@pytest.mark.rule("R45")
async def test_two_tabs_that_move_it_together_both_enter(door: Door) -> None:
    cookie = await door.open()
    door.now += timedelta(minutes=1)
    read = door.bucket.get

    async def get_then_other_tab(key: str) -> tuple[bytes, int]:
        found = await read(key)
        door.bucket.get = read  # type: ignore[method-assign]  # once
        assert await door.enters(cookie)
        return found

    door.bucket.get = get_then_other_tab  # type: ignore[method-assign]  # between read and write
    assert await door.enters(cookie)


async def test_signing_out_ends_it_and_again_is_no_error(door: Door) -> None:
    cookie = await door.open()
    for _ in range(2):
        await door.sessions.end(cookie)
    assert not await door.enters(cookie)
    assert door.bucket.values == {}


async def test_signing_out_everywhere_ends_all_of_one_account(door: Door) -> None:
    cookies = [await door.open() for _ in range(3)]
    stays = await door.sessions.open("account-11", door.now)
    await door.sessions.end_those("account-1", lambda id, session: True)
    assert [await door.enters(c) for c in [*cookies, stays]] == [False, False, False, True]


async def test_the_bucket_never_sees_the_cookie(door: Door) -> None:
    cookie = await door.open()
    assert len(cookie) == 43  # 256 bits
    assert all(cookie not in key for key in door.bucket.values)
    assert all(cookie.encode() not in value for value, _ in door.bucket.values.values())


async def test_a_session_of_another_version_costs_a_sign_in(door: Door) -> None:
    cookie = await door.open()
    for key, (_, revision) in list(door.bucket.values.items()):
        door.bucket.values[key] = (b'{"who": "an older form"}', revision)
    assert not await door.enters(cookie)
    assert await door.enters(await door.open())


async def test_a_session_of_before_there_were_devices_goes_on(door: Door) -> None:
    cookie = await door.open()
    for key, (value, revision) in list(door.bucket.values.items()):
        if value:
            old = {"account": MARIA, "created": "2026-03-04T20:00:00Z",
                   "touched": "2026-03-04T20:00:00Z"}  # fmt: skip
            door.bucket.values[key] = (json.dumps(old).encode(), revision)
    assert await door.enters(cookie)


@pytest.mark.rule("R45")
async def test_a_session_that_waits_is_never_read_moved_or_listed(door: Door) -> None:
    cookie = await door.sessions.wait(MARIA, door.now, "", "")
    before = dict(door.bucket.values)
    door.now += timedelta(minutes=1)
    with pytest.raises(Refused) as refusal:
        await door.sessions.read(cookie, door.now, True)
    assert (refusal.value.code, refusal.value.status) == ("second-factor", 401)
    assert door.bucket.values == before
    assert await door.sessions.of(MARIA, door.now) == {}


async def test_five_codes_are_five_however_many_come_at_once(door: Door) -> None:
    cookie = await door.sessions.wait(MARIA, door.now, "", "")
    read = door.bucket.get

    async def get_then_wait(key: str) -> tuple[bytes, int]:
        found = await read(key)
        await asyncio.sleep(0)  # everybody reads before anybody writes
        return found

    door.bucket.get = get_then_wait  # type: ignore[method-assign]  # a slow bus
    tries = [door.sessions.try_code(cookie, door.now) for _ in range(20)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(each, Session) for each in outcomes) == CODE_TRIES
    assert sum(isinstance(each, Refused) for each in outcomes) == 20 - CODE_TRIES


async def test_no_code_is_taken_for_a_session_that_is_open(door: Door) -> None:
    cookie = await door.open()
    with pytest.raises(Refused):
        await door.sessions.try_code(cookie, door.now)
    assert await door.enters(cookie)


async def test_losing_the_bucket_costs_a_sign_in(door: Door) -> None:
    cookie = await door.open()
    door.bucket.values.clear()
    assert not await door.enters(cookie)
    assert await door.enters(await door.open())


class SessionMachine(RuleBasedStateMachine):
    """Any order of opening, acting, polling, signing out and waiting, against a plain model."""

    cookies = Bundle("cookies")

    def __init__(self) -> None:
        super().__init__()
        self.door = Door()
        self.model: dict[str, tuple[datetime, datetime]] = {}

    def run(self, work: Any) -> Any:
        """Nothing here ever waits, so a coroutine runs to its end in one step."""
        try:
            work.send(None)
        except StopIteration as done:
            return done.value
        raise AssertionError("it waited")

    @rule(target=cookies)
    def sign_in(self) -> str:
        cookie: str = self.run(self.door.open())
        self.model[cookie] = (self.door.now, self.door.now)
        return cookie

    @rule(seconds=st.sampled_from([0.2, 1, 30, 599, 600, 3600]))
    def wait(self, seconds: float) -> None:
        self.door.now += timedelta(seconds=seconds)

    @rule(cookie=cookies, active=st.booleans())
    def call(self, cookie: str, active: bool) -> None:
        now, known = self.door.now, self.model.get(cookie)
        alive = known is not None and now - known[1] < IDLE and now - known[0] < ABSOLUTE
        assert self.run(self.door.enters(cookie, active)) == alive
        if not alive:
            self.model.pop(cookie, None)
        elif known and active and now - known[1] >= SECOND:
            self.model[cookie] = (known[0], now)

    @rule(cookie=cookies)
    def sign_out(self, cookie: str) -> None:
        self.run(self.door.sessions.end(cookie))
        self.model.pop(cookie, None)


@pytest.mark.rule("R45")
def test_sessions_follow_the_model_in_any_order() -> None:
    run_state_machine_as_test(
        SessionMachine, settings=settings(max_examples=60, stateful_step_count=40, deadline=None)
    )
