"""Another policy comes into force: when it does, and that everything stored is judged under it (S6).

One mechanism for whatever makes it another: new files, an approved set on its day, a rollback.
`begin` notes in the log which policy is in force; of that event comes the pass over all reports.
New reports are judged by the policy of the day from its first moment on, in any case.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from kernel.policy import React
from kernel.service import Service
from kernel.store.port import Row
from kernel.turn import Turn
from services.labs.decider.policy import BOOK, POLICY, begin
from services.labs.events.policy import PolicyApproved, PolicyBegan, PolicyRolledBack
from services.labs.judging import (
    DEFAULT_ZONE,
    Deps,
    day_at,
    judge_report_again,
    policy_on,
    policy_today,
    today,
)
from services.labs.release.age import midnight
from services.labs.release.changes import next_start
from services.labs.views.reports import EVERY
from services.labs.views.results import GATE

ACTOR = "release-policy"
Changed = PolicyApproved | PolicyRolledBack | PolicyBegan


async def begin_today(turn: Turn, deps: Deps) -> None:
    """Note which policy is in force, when it is another than before."""
    day = await today(turn)
    label = (await policy_on(turn, deps, day)).version
    turn.append(POLICY, BOOK, begin(await turn.load(POLICY, BOOK), label, day, turn.now))


async def begin_at_start(service: Service[Any]) -> None:
    """At start: the files may be others than when it stopped, or a date may have passed."""
    await service.ready.wait()

    async def start(turn: Turn) -> None:
        await begin_today(turn, service.deps)

    await service.execute(start, ACTOR)


async def begin_in_time(event: Changed, react: React[Deps]) -> None:
    """Now, and once more at the midnight that this event leads to, by the practice's clock of then."""

    async def start(turn: Turn) -> None:
        await begin_today(turn, react.deps)

    await react.execute(start)
    gate = (await react.read(GATE, patient=""))[0]
    day = day_at(react.now, gate)
    coming = _leads_to(event, react.deps, day)
    if coming is not None and coming > day:
        react.remind(midnight(coming, gate["zone"] or DEFAULT_ZONE))


def _leads_to(event: Changed, deps: Deps, day: date) -> date | None:
    """The day on which the policy changes by this: its own, or the next one of the files."""
    match event:
        case PolicyApproved():
            return event.effective
        case PolicyBegan():
            return next_start(deps.rules, day)
    return None


async def judge_everything(react: React[Deps]) -> None:
    """Every report that another policy ruled on is judged again, a page per unit of work (R30)."""
    after = ""
    while page := await react.read(EVERY, after=after):

        async def judge_page(turn: Turn, rows: Sequence[Row] = page) -> None:
            label = (await policy_today(turn, react.deps)).version
            for row in rows:
                if row["policy"] != label:
                    await judge_report_again(turn, react.deps, row["report"])

        await react.execute(judge_page)
        after = page[-1]["report"]
