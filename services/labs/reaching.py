"""Before a provider sees a chart: may they, and the patient will be able to read that they did."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.common import Caller
from kernel.api import Call
from kernel.decider import Refused
from kernel.projection import Row
from kernel.turn import Turn
from services.labs.decider.chart import CHART, look, reach
from services.labs.events.chart import How
from services.labs.judging import Deps
from services.labs.views.reports import PANELS_OF


async def may_act(turn: Turn, caller: Caller, patient: str) -> None:
    """Refuses a decision about a patient whose chart this provider may not see."""
    _reached(caller, patient, await turn.glance(PANELS_OF, patient=patient))


async def looked(call: Call[Deps, Caller], patient: str) -> None:
    """Keep that this provider looks, before anything is shown. Refuses `break-glass`; and what
    cannot be kept is not shown (S14).
    """
    how = _reached(call.caller, patient, await call.read(PANELS_OF, patient=patient))

    async def keep(turn: Turn) -> None:
        state = await turn.load(CHART, patient)
        turn.append(CHART, patient, look(state, patient, call.caller, how, turn.now))

    await call.execute(keep)


async def explained(call: Call[Deps, Caller], patient: str) -> None:
    """Keep that one who keeps the policy asks what the gates said of a report of this patient."""

    async def keep(turn: Turn) -> None:
        state = await turn.load(CHART, patient)
        turn.append(CHART, patient, look(state, patient, call.caller, "policy", turn.now))

    await call.execute(keep)


def _reached(caller: Caller, patient: str, rows: Sequence[Row]) -> How:
    how = reach(caller, patient, {row["provider"] for row in rows})
    if how is None:
        raise Refused(
            "break-glass",
            "This patient is not on your panel. Open the record with a reason first.",
            403,
        )
    return how
