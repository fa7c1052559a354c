"""Before each e-mail the notifier asks whether and where to: no answer, no mail (fail closed)."""

from __future__ import annotations

from contracts.common import Caller, Role
from contracts.identity import Demographics, MayNotify, MayNotifyAnswer
from kernel.api import Call
from kernel.projection import Row
from services.identity import access
from services.identity.api.base import API, only
from services.identity.api.grants import Day, holder_of, person_of, relation_of, the_day
from services.identity.api.invitations import invitation_of
from services.identity.decider import invitation as decider
from services.identity.deps import Deps
from services.identity.practice import Read
from services.identity.views.accounts import ACCOUNT_BY_ID
from services.identity.views.connections import OF_ACCOUNT, OF_PATIENT
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
        case "new-result" | "question-answered":
            return await _connected(query, call)
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
        given="" if state.relation else said.name.given,  # a parent is not greeted as their child
        link=secrets.link(state.invitation),
        code=secrets.code(state.invitation),
    )


async def _address_notice(query: MayNotify, call: Call[Deps, Caller]) -> MayNotifyAnswer:
    """Without detail, and without a name: whoever reads that mailbox may be somebody else."""
    state = await _invitation_of(query, call)
    if state is None or not state.notice:
        return _no("the record holds no other address")
    return MayNotifyAnswer(address=state.notice)


async def _connected(query: MayNotify, call: Call[Deps, Caller]) -> MayNotifyAnswer:
    """Everybody connected who gets mail about this patient: the patient first (R34, R42-R44)."""
    day = await the_day(call.read, call.now)
    rows = await call.read(OF_PATIENT, patient=query.patient)
    found = [each for row in rows if (each := await _recipient(call.read, row, day))]
    found.sort(key=lambda each: each[0]["basis"] != "self")
    if query.account is not None:
        chosen = [each for each in found if each[0]["account"] == query.account]
        return _letter(*chosen[0]) if chosen else _no("not connected")
    if not found:
        return _no("nobody connected gets mail")
    others = tuple(row["account"] for row, _, _ in found[1:])
    return _letter(*found[0]).model_copy(update={"others": others})


async def _recipient(read: Read, row: Row, day: Day) -> tuple[Row, Row, str] | None:
    """Relation, account and address, where mail goes out."""
    if row["ended"] is not None or not row["account"]:
        return None
    account = (await read(ACCOUNT_BY_ID, account=row["account"]))[0]
    siblings = await read(OF_ACCOUNT, account=row["account"])
    holder = holder_of(account, len(siblings))
    state, address = access.mail_of(relation_of(row), person_of(row), holder, day.today)
    return (row, account, address) if state == "sent" else None


def _letter(relation: Row, account: Row, address: str) -> MayNotifyAnswer:
    own = relation["basis"] == "self"
    given = relation["given"] if own else str(account["name"]).partition(" ")[0]
    return MayNotifyAnswer(address=address, given=given)


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
