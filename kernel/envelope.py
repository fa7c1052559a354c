"""What travels between services: the bases of every contract, and the envelope of a published event.

An *event* is a fact already committed in its service's log. A *command* asks one service to
decide. A *query* asks one service to read. All three are pydantic models in `contracts/`; the
transport adds headers (who, trace, idempotency key) and never looks inside.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from kernel.phi import HIDDEN, phi_fields

BUCKETS = 64


class Contract(BaseModel):
    """Base of everything in `contracts/`: frozen, and silent about patient data when printed."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def __repr_args__(self) -> Any:
        hidden = phi_fields(type(self))
        for name, value in super().__repr_args__():
            yield name, HIDDEN if name in hidden else value


class PublishedEvent(Contract):
    """A fact that other services may hear. Unknown fields are ignored: old readers, new writers.

    `service` and `topic` place it: events of one topic are ordered and chained by position.
    `about` names the field with the id of whom it is about: a patient, or an account (None: nobody).
    """

    model_config = ConfigDict(extra="ignore")

    service: ClassVar[str]
    topic: ClassVar[str]
    about: ClassVar[str | None] = None


class Command(Contract):
    """A request to decide something, answered only when the outcome is durable."""

    service: ClassVar[str]


class Query(Contract):
    """A request to read; changes nothing."""

    service: ClassVar[str]


class Answer(Contract):
    """What a command or a query gives back."""

    model_config = ConfigDict(extra="ignore")


class Envelope(Contract):
    """A published event on the bus.

    `position` is the source log's own position and `previous` the position of the event before
    it in the same topic, so that a reader sees a hole. `data` is None for an event whose patient
    key was destroyed (a tombstone). `at` is UTC with microseconds.
    """

    model_config = ConfigDict(extra="ignore")

    id: str
    name: str
    source: str
    incarnation: str
    topic: str
    position: int
    previous: int
    at: datetime
    patient: str | None = None
    trace: str | None = None
    data: dict[str, Any] | None


class PublishedSince(Query):
    """Every service answers this one about its own log: the events of a topic after a position."""

    service: ClassVar[str] = "*"
    topic: str
    after: int
    limit: int = 500


class PublishedPage(Answer):
    """The next events of a topic, oldest first, and the incarnation they belong to.

    `head` is the last position of the topic, so that an idle reader knows that it has them all.
    """

    incarnation: str
    head: int
    events: list[Envelope]


def bucket(patient: str | None) -> str:
    """Two digits that spread patients over subjects without naming them ("00" without one)."""
    if patient is None:
        return "00"
    digest = hashlib.blake2b(patient.encode(), digest_size=2).digest()
    return f"{int.from_bytes(digest) % BUCKETS:02d}"


def event_subject(source: str, topic: str, name: str, patient: str | None) -> str:
    """`evt.<service>.<topic>.<EventName>.<bucket>`."""
    return f"evt.{source}.{topic}.{name}.{bucket(patient)}"
