"""Before each e-mail the notifier asks whether and where to: no answer, no mail (fail closed)."""

from __future__ import annotations

from contracts.common import Caller, Role
from contracts.identity import Demographics, MayNotify, MayNotifyAnswer
from kernel.api import Call
from kernel.projection import Row
from services.identity.api.base import API, only
from services.identity.api.invitations import invitation_of
from services.identity.decider import invitation as decider
from services.identity.deps import Deps
from services.identity.views.accounts import ACCOUNT_OF_PATIENT
from services.identity.views.invitations import INVITATION_BY_ID
from services.identity.views.people import PATIENT_BY_ID


@API.query(MayNotify, roles={Role.SERVICE})
async def may_notify(query: MayNotify, call: Call[Deps, Caller]) -> MayNotifyAnswer:
    """The address, or why there is none. Only an invitation's mail gets link and code."""
    only(call.caller, "notifier")
    rows = await call.read(PATIENT_BY_ID, patient=query.patient)
    if not rows:
        return _no("no such patient")
    said = Demographics.model_validate_json(rows[0]["body"])
    if said.deceased:
        return _no("deceased")
    match query.kind:
        case "invitation":
            return await _invitation(query, said, call)
        case "address-notice":
            return await _address_notice(query, call)
        case "new-result":
            return await _enrolled(query, said, call)
    return _no("no such kind of e-mail")


async def _invitation(
    query: MayNotify, said: Demographics, call: Call[Deps, Caller]
) -> MayNotifyAnswer:
    state = await _open_invitation(query, call)
    if state is None:
        return _no("the invitation is not open")
    secrets = call.deps.secrets
    return MayNotifyAnswer(
        address=state.email,
        given=said.name.given,
        link=secrets.link(state.invitation),
        code=secrets.code(state.invitation),
    )


async def _address_notice(query: MayNotify, call: Call[Deps, Caller]) -> MayNotifyAnswer:
    """Without detail, and without a name: whoever reads that mailbox may be somebody else."""
    state = await _invitation_of(query, call)
    if state is None or not state.notice:
        return _no("the record holds no other address")
    return MayNotifyAnswer(address=state.notice)


async def _enrolled(
    query: MayNotify, said: Demographics, call: Call[Deps, Caller]
) -> MayNotifyAnswer:
    accounts = await call.read(ACCOUNT_OF_PATIENT, patient=query.patient)
    if not accounts:
        return _no("not enrolled")
    return MayNotifyAnswer(address=accounts[0]["email"], given=said.name.given)


async def _open_invitation(query: MayNotify, call: Call[Deps, Caller]) -> decider.Invitation | None:
    state = await _invitation_of(query, call)
    return state if state and decider.standing(state, call.now) == "open" else None


async def _invitation_of(query: MayNotify, call: Call[Deps, Caller]) -> decider.Invitation | None:
    rows: list[Row] = list(await call.read(INVITATION_BY_ID, invitation=query.reference))
    if not rows or rows[0]["patient"] != query.patient:
        return None
    return invitation_of(rows[0])


def _no(reason: str) -> MayNotifyAnswer:
    return MayNotifyAnswer(address=None, reason=reason)
