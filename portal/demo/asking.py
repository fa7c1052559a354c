"""Asking the portal's services as somebody of the demo."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from contracts.common import Caller, Role
from kernel.bus.requests import Unavailable
from kernel.envelope import Answer, Command, Query

A = TypeVar("A", bound=Answer)
OPERATOR = Caller(subject="operator", role=Role.SERVICE)
NOTIFIER = Caller(subject="notifier", role=Role.SERVICE)
ANYONE = Caller(subject="anonymous", role=Role.ANONYMOUS)  # sent without a token
SUPPORT = Caller(subject="demo-support", role=Role.SUPPORT)
HEARING_TRIES, HEARING_PAUSE_SECONDS = 100, 0.1


class Send(Protocol):
    """Asks a service as somebody; raises Refused, or an error when it does not answer.

    A caller of role `service` is signed with its own key, `ANYONE` not at all, and everybody else
    with identity's. Secrets in a command must go out in the clear (not as `**********`).

    `key` is the idempotency key of a command; a query has none.
    """

    async def __call__(
        self, message: Command | Query, answer: type[A], caller: Caller, key: str = ""
    ) -> A:
        """The answer."""


async def once_heard(ask: Callable[[], Awaitable[A]]) -> A:
    """Ask again while the service has not heard the practice's profile yet: 10 s at most."""
    for _ in range(HEARING_TRIES):
        try:
            return await ask()
        except Unavailable:  # its "not set up yet" is a 503
            await asyncio.sleep(HEARING_PAUSE_SECONDS)
    return await ask()
