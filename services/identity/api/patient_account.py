"""A patient's account as support and the front desk see it (S14): identity and access, no results."""

from __future__ import annotations

from contracts.common import Caller, Role
from contracts.identity import (
    Demographics,
    GetPatientAccount,
    MailState,
    PatientAccountAnswer,
    RelationRow,
)
from kernel.api import Call
from kernel.clock import from_micros
from kernel.decider import Refused
from kernel.projection import Row
from kernel.turn import Turn
from services.identity import access
from services.identity.ages import age
from services.identity.api.base import API
from services.identity.api.grants import (
    Day,
    holder_of,
    moment,
    person_of,
    relation_of,
    the_day,
)
from services.identity.api.patients import cards
from services.identity.decider.access import LOOKS, look
from services.identity.deps import Deps
from services.identity.practice import Read
from services.identity.views.accounts import ACCOUNT_BY_ID
from services.identity.views.connections import OF_ACCOUNT, OF_PATIENT
from services.identity.views.people import PATIENT_BY_ID
from services.identity.views.security import PASSKEYS_OF, TOTP_OF


@API.action(GetPatientAccount, roles={Role.SUPPORT, Role.CLINIC})
async def get_patient_account(
    query: GetPatientAccount, call: Call[Deps, Caller]
) -> PatientAccountAnswer:
    """The page, once it is kept that it was opened."""
    rows = await call.read(PATIENT_BY_ID, patient=query.patient)
    if not rows:
        raise Refused("not-found", "There is no such patient.", 404)
    await _keep_look(call, query.patient)
    day = await the_day(call.read, call.now)
    said = Demographics.model_validate_json(rows[0]["body"])
    relations = await call.read(OF_PATIENT, patient=query.patient)
    own = [row for row in relations if row["basis"] == "self"]
    live = next((row for row in own if row["ended"] is None), None)
    left = [row["ended"] for row in own if row["ended"] is not None]
    return PatientAccountAnswer(
        card=(await cards(call.read, (query.patient,)))[0],
        phones=said.phones,
        age=age(said.born, day.today) if said.born else None,
        deceased=said.deceased,
        merged_into=rows[0]["merged"] or None,
        enrolled=from_micros(live["since"]) if live else None,
        left=moment(max(left, default=None)) if not live else None,
        relations=tuple([await _row(call, row, day) for row in reversed(relations)]),
    )


async def _keep_look(call: Call[Deps, Caller], patient: str) -> None:
    subject = call.caller.subject

    async def keep(turn: Turn) -> None:
        state = await turn.load(LOOKS, patient)
        turn.append(LOOKS, patient, look(state, patient, subject, "account", "support", turn.now))

    await call.execute(keep)


async def _row(call: Call[Deps, Caller], row: Row, day: Day) -> RelationRow:
    relation, person = relation_of(row), person_of(row)
    account = await _one(call.read, row["account"])
    state = access.state_of(relation, person, day.today, day.documents)
    mail: MailState = "off"
    if account is not None and not relation.ended:
        siblings = await call.read(OF_ACCOUNT, account=relation.account)
        mail, _ = access.mail_of(relation, person, holder_of(account, len(siblings)), day.today)
    unchecked = access.lacks_second_check(relation, person, day.today) and not relation.ended
    return RelationRow(
        relation=None if relation.basis == "self" else relation.relation,
        account=row["account"],
        name=row["name"] or (account["name"] if account else ""),
        email=account["email"] if account else row["email"],
        basis=relation.basis,
        evidence=row["evidence"],
        state="ended" if relation.ended else state if row["account"] else "invited",
        since=from_micros(row["since"]),
        valid_from=relation.valid_from,
        until=relation.until,
        verified_by=await _name(call.read, row["verified_by"]),
        confirmed_by=await _name(call.read, row["confirmed_by"]),
        may_confirm=unchecked and row["verified_by"] != call.caller.subject,
        ended=moment(row["ended"]),
        ended_why=row["ended_why"],
        mail=mail,
        second_factor=await _has_factor(call.read, row["account"]),
        terms=relation.terms,
        hipaa=relation.hipaa,
    )


async def _one(read: Read, account: str | None) -> Row | None:
    rows = await read(ACCOUNT_BY_ID, account=account) if account else ()
    return rows[0] if rows else None


async def _has_factor(read: Read, account: str | None) -> bool:
    if not account:
        return False
    return bool(await read(TOTP_OF, account=account) or await read(PASSKEYS_OF, account=account))


async def _name(read: Read, account: str) -> str:
    found = await _one(read, account)
    return str(found["name"]) if found else account
