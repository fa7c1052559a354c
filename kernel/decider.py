"""Deciders: pure functions from (state, command) to events, and the refusal they may raise.

A service's `decider.py` holds the state of one kind of aggregate, `evolve`, and one plain
function per command: `verify(state, command, now) -> list[Event]`. No clock, no ids, no I/O.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

S = TypeVar("S")


class Refused(Exception):
    """A command that the rules do not allow. Its text is shown to people: no patient data in it.

    `code` is stable and machine-readable (`stale`, `not-found`); `status` the HTTP status it maps
    to (RFC 9457); `fields` maps a field's name to a plain sentence for beside that field.
    """

    def __init__(
        self, code: str, detail: str, status: int = 409, fields: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.status = status
        self.fields = fields or {}


@dataclass(frozen=True, slots=True)
class Decider(Generic[S]):
    """One kind of aggregate: where its streams are, where its state starts, how it moves.

    `evolve` must ignore event types that it does not know. A `finished` state hardly changes any
    more: it is not kept in memory.
    """

    prefix: str
    initial: S
    evolve: Callable[[S, Any], S]
    finished: Callable[[S], bool] = lambda state: False

    def stream(self, id: str) -> str:
        """The stream of the aggregate with this id."""
        return f"{self.prefix}-{id}"
