"""Decisions about several messages, gathered for a moment and made in one unit of work.

A commit costs about as much for eight messages as for one, and what was kept together is handed over
together: the services that take it save commits too.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from kernel.turn import Turn
from services.interop.decider.message import MESSAGE, Event, Message

MOMENT_SECONDS = 0.005
"""How long a decision waits for others, while there are messages that may bring one."""

Decide = Callable[[Message], Iterable[Event]]


class Executes(Protocol):
    """What this module uses of the service that it runs in."""

    async def execute(self, handler: Callable[[Any], Awaitable[Any]], actor: str) -> Any:
        """Decide something in the own log; durable when it returns."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One decision, and who waits for the state after it."""

    id: str
    decide: Decide
    done: asyncio.Future[Message]


class Gathering:
    """Makes decisions on messages. `busy` says how many are on their way: once each of them wants a
    decision, nothing more is waited for.
    """

    def __init__(self, host: Executes, busy: Callable[[], int]) -> None:
        self._host = host
        self._busy = busy
        self._wanted: list[_Wanted] = []
        self._full = asyncio.Event()
        self._making: set[asyncio.Task[None]] = set()

    async def decide(self, id: str, decide: Decide) -> Message:
        """One decision on one message, durable; the state after it. Raises Refused."""
        one = _Wanted(id, decide, asyncio.get_running_loop().create_future())
        self._wanted.append(one)
        if len(self._wanted) >= self._busy():
            self._full.set()
        if len(self._wanted) == 1:
            task = asyncio.create_task(self._make())
            self._making.add(task)
            task.add_done_callback(self._making.discard)
        return await one.done

    async def _make(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(MOMENT_SECONDS):
                await self._full.wait()
        self._full.clear()
        wanted, self._wanted = self._wanted, []

        async def run(turn: Turn) -> list[Message | Exception]:
            return [await _decided(turn, one) for one in wanted]

        try:
            made: list[Message | Exception] = await self._host.execute(run, "interop")
        except Exception as error:  # noqa: BLE001  # whatever it is, everybody who waits gets it
            made = [error] * len(wanted)
        for one, state in zip(wanted, made, strict=True):
            if one.done.done():
                continue  # who waited has gone
            if isinstance(state, Exception):
                one.done.set_exception(state)
            else:
                one.done.set_result(state)


async def _decided(turn: Turn, one: _Wanted) -> Message | Exception:
    """The state after it, or what is wrong with this one: a damaged stream fails nobody else's."""
    try:
        state: Message = await turn.load(MESSAGE, one.id)
        turn.append(MESSAGE, one.id, one.decide(state))
        state = await turn.load(MESSAGE, one.id)
    except Exception as error:  # noqa: BLE001  # whatever it is, it goes to the one who asked
        return error
    return state
