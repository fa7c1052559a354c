"""One writer per service: a lease in the log's own row, with a fencing number (DESIGN §3.9)."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from kernel.clock import Clock, micros
from kernel.committer import Fenced
from kernel.event_log import STATE
from kernel.store.port import Conflict, Database, Op
from kernel.store.schema import LOG

_TAKE = Op(
    sa.update(LOG)
    .where(LOG.c.id == 1, LOG.c.fence == sa.bindparam("old"))
    .values(
        fence=sa.bindparam("new"),
        holder=sa.bindparam("who"),
        until=sa.bindparam("end"),
        incarnation=sa.bindparam("life"),
    )
)
_RENEW = Op(
    sa.update(LOG)
    .where(LOG.c.id == 1, LOG.c.fence == sa.bindparam("term"))
    .values(until=sa.bindparam("end"))
)


class Lease:
    """The right to write one log. `holder` is the process's own name."""

    def __init__(self, db: Database, clock: Clock, holder: str, life: timedelta) -> None:
        self._db = db
        self._clock = clock
        self._holder = holder
        self._life = life
        self.term = 0

    async def take(self, incarnation: str) -> bool:
        """Take it if it is free, has run out, or was ours. A log without an incarnation gets one."""
        state = (await self._db.fetch(STATE))[0]
        now = micros(self._clock.now())
        if state["until"] > now and state["holder"] != self._holder:
            return False
        term = state["fence"] + 1
        try:
            await self._db.commit(
                [
                    _TAKE.one(
                        old=state["fence"],
                        new=term,
                        who=self._holder,
                        end=self._end(),
                        life=state["incarnation"] or incarnation,
                    )
                ]
            )
        except Conflict:
            return False
        self.term = term
        return True

    async def renew(self) -> None:
        """Keep it a while longer. Raises Fenced when somebody else took it."""
        try:
            await self._db.commit([_RENEW.one(term=self.term, end=self._end())])
        except Conflict as conflict:
            raise Fenced("another writer holds this log") from conflict

    async def release(self) -> None:
        """Let the next one have it at once."""
        await self._db.commit([_RENEW(term=self.term, end=0)])

    def _end(self) -> int:
        return micros(self._clock.now() + self._life)
