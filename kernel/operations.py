"""What every service answers beside its own contracts: to other services, and to operators."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from kernel.envelope import Answer, Command, Contract, Query

ANY = "*"
Stage = Literal["starting", "standing by", "folding", "working"]


class GetHealth(Query):
    """Operators: how this service is doing (S17)."""

    service: ClassVar[str] = ANY


class ReactionHealth(Contract):
    """One reaction: how far behind the log it is, and how much waits for another try."""

    name: str
    lag: int
    waiting: int


class HealthAnswer(Answer):
    """`outbox` counts the events not yet on the bus, `repaired` those fetched from a source.

    Until `stage` is `working` the service is not ready; `folded` says how many of how many events
    are in its views.
    """

    service: str
    stage: Stage
    folded: tuple[int, int]
    head: int
    outbox: int
    repaired: int
    reactions: tuple[ReactionHealth, ...]


class GetParked(Query):
    """Operators: work that failed and waits for a person or its next try."""

    service: ClassVar[str] = ANY


class ParkedRow(Contract):
    """One event of one reaction. `error` is the kind of error, never its text."""

    reaction: str
    position: int
    event: str
    state: Literal["waiting", "parked"]
    attempts: int
    due: datetime
    error: str


class ParkedAnswer(Answer):
    """Oldest first, at most 200."""

    items: tuple[ParkedRow, ...]


class RetryParked(Command):
    """Operators: try it again now."""

    service: ClassVar[str] = ANY
    reaction: str
    position: int
    reason: str = Field(min_length=3, max_length=200)


class SkipParked(Command):
    """Operators: give it up, for a reason that is kept in the log."""

    service: ClassVar[str] = ANY
    reaction: str
    position: int
    reason: str = Field(min_length=3, max_length=200)
