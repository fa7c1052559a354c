"""interop hands over: a version of an order, which may have no result yet (S12)."""

from __future__ import annotations

from contracts.common import Done, Role
from contracts.labs import PostOrder
from kernel.decider import Refused
from services.labs.api.base import API, SENDER, LabsCall, survivor
from services.labs.decider.order import ORDER, post
from services.labs.events.order import OrderPosted


@API.command(PostOrder, roles={Role.SERVICE})
async def post_order(command: PostOrder, call: LabsCall) -> Done:
    """Take in a version of an order; the newest counts."""
    if call.caller.subject != SENDER:
        raise Refused("forbidden", "Only interop hands over orders.", 403)
    turn = call.turn
    patient = await survivor(turn, command.patient)
    state: OrderPosted | None = await turn.load(ORDER, command.order)
    if state is not None and await survivor(turn, state.patient) != patient:
        raise Refused("patient-differs", "This order is on record for another patient.")
    turn.append(ORDER, command.order, post(state, _posted(command, patient)))
    return Done(id=command.order)


def _posted(command: PostOrder, patient: str) -> OrderPosted:
    """The command as it is kept."""
    return OrderPosted(
        order=command.order,
        patient=patient,
        sender=command.sender,
        numbers=tuple(filter(None, command.numbers)),
        orderer_ids=command.orderer.ids,
        orderer_name=command.orderer.name,
        codes=command.codes,
        ordered=command.ordered,
        stated=command.stated,
        cancelled=command.cancelled,
    )
