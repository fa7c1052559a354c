"""The portal with one promise of its kernel broken on purpose: `python -m tests.fault.mutants <name>`.

Only the harness starts this. A harness that does not catch these would prove nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from kernel.committer import Committer
from kernel.envelope import Envelope
from kernel.event_log import Draft
from kernel.inbox import _SET, Inbox
from kernel.outbox import Relay
from kernel.store.port import Ask
from kernel.store.schema import EVENT
from kernel.turn import Turn, Unit
from services.interop.hl7v2.reader import Message, Segment

_KNOWN = Ask(sa.select(EVENT.c.id).where(EVENT.c.id == sa.bindparam("id")))


def no_idempotency_record() -> None:
    """What was answered is neither kept nor looked up: a repeated command is decided again."""
    decide = Committer._decide

    async def forgetful(self: Committer, unit: Unit) -> None:
        unit.key = None
        await decide(self, unit)

    _patch(Committer, "_decide", forgetful)


def no_position_check() -> None:
    """Whatever comes from the bus is logged as new: duplicates, and what comes after a hole."""

    async def logged(self: Inbox, source: str, topic: str, envelopes: Sequence[Envelope]) -> None:
        async def unit(turn: Turn) -> None:
            for each in envelopes:
                stream, id = f"heard:{source}:{topic}", each.id
                if await turn.read(_KNOWN, id=id):  # the log's own unique ids would refuse it
                    id = turn.new_id()
                    stream = f"{stream}:{id}"
                heard = each.model_copy(update={"id": id})
                event, trace = self._event(each), each.trace
                turn.drafts.append(
                    Draft(stream, each.position, event, id, origin=source, heard=heard, trace=trace)
                )
            if envelopes:
                last = max(each.position for each in envelopes)
                life = envelopes[-1].incarnation
                turn.write(_SET(source=source, topic=topic, position=last, incarnation=life))

        await self._committer.submit(Unit(unit, actor=f"service:{source}"))

    _patch(Inbox, "_fits", lambda self, mark, envelopes: True)
    _patch(Inbox, "_log", logged)


def no_tail_cursor() -> None:
    """The relay trusts a cursor of its own, in a file, instead of what the stream holds."""
    send, tail = Relay._send, Relay._tail

    async def remembering(self: Relay, envelopes: Sequence[Envelope], sequence: int) -> None:
        await send(self, envelopes, sequence)
        _cursor(self).write_text(str(envelopes[-1].position))

    async def remembered(self: Relay) -> tuple[int, int]:
        position, sequence = await tail(self)
        own = _cursor(self)
        return (int(own.read_text() or 0) if own.exists() else position), sequence

    _patch(Relay, "_send", remembering)
    _patch(Relay, "_tail", remembered)


def _cursor(relay: Relay) -> Path:
    database: Any = relay._events.db
    return Path(str(database.path)).with_suffix(".cursor")


def _patch(where: type, name: str, what: Callable[..., Any]) -> None:
    setattr(where, name, what)


def first_person_counts() -> None:
    """A message that names several people is about the first of them."""
    every = Message.all

    def first(self: Message, name: str) -> list[Segment]:
        return every(self, name)[:1] if name == "PID" else every(self, name)

    _patch(Message, "all", first)


MUTANTS: dict[str, tuple[Callable[[], None], str]] = {
    "idempotency": (no_idempotency_record, "twice"),
    "position": (no_position_check, "heard_mismatch"),
    "tail": (no_tail_cursor, "bus_mismatch"),
}
"""Each with the figure that must betray it."""

FUZZ_MUTANTS: dict[str, Callable[[], None]] = {"first-person": first_person_counts}
"""What only spoiled messages betray."""


if __name__ == "__main__":
    broken = {name: change for name, (change, _) in MUTANTS.items()} | FUZZ_MUTANTS
    broken[sys.argv[1]]()
    from portal.run import run

    run()
