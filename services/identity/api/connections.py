"""A person's connections: seeing them, agreeing to the documents, leaving (R32-R35, R42, R54)."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.common import Caller, Done, Role
from contracts.identity import (
    AcceptAgreement,
    Connection,
    ConnectionsAnswer,
    Disenrol,
    GetConnections,
)
from kernel.api import Call
from kernel.clock import from_micros, micros
from kernel.projection import Row
from services.identity import access
from services.identity.ages import ADULT, TWELVE, turns
from services.identity.api.base import API
from services.identity.api.grants import Connected, Day, connections_of, holder_of, the_day
from services.identity.decider import connection as decider
from services.identity.decider.patient import PATIENT
from services.identity.deps import Deps
from services.identity.leaving import leave
from services.identity.views.accounts import ACCOUNT_BY_ID
from services.identity.views.links import ADDRESSES_WAITING


@API.query(GetConnections, roles={Role.PATIENT})
async def get_connections(query: GetConnections, call: Call[Deps, Caller]) -> ConnectionsAnswer:
    """Everybody whose record this account is connected to, and what is going to happen."""
    day = await the_day(call.read, call.now)
    found = await connections_of(call.read, call.caller.subject, day)
    subject = call.caller.subject
    account = (await call.read(ACCOUNT_BY_ID, account=subject))[0]
    rows = await call.read(ADDRESSES_WAITING, account=subject, now=micros(call.now))
    waits = {row["patient"]: row["email"] for row in rows}
    return ConnectionsAnswer(
        connections=tuple(_connection(each, account, len(found), waits, day) for each in found),
        terms=day.documents.terms,
        hipaa=day.documents.hipaa,
    )


@API.command(AcceptAgreement, roles={Role.PATIENT})
async def accept_agreement(command: AcceptAgreement, call: Call[Deps, Caller]) -> Done:
    """For one person's record, in the version in effect today (R32)."""
    read = call.turn.read
    day = await the_day(read, call.now)
    found = await connections_of(read, call.caller.subject, day)
    held = next((each.relation for each in found if each.patient == command.patient), None)
    await call.turn.load(PATIENT, command.patient)
    events = decider.agree(
        held,
        command.patient,
        call.caller.subject,
        command.document,
        command.version,
        day.documents,
        call.now,
    )
    call.turn.append(PATIENT, command.patient, events)
    return Done(id=command.patient)


@API.command(Disenrol, roles={Role.PATIENT})
async def disenrol(command: Disenrol, call: Call[Deps, Caller]) -> Done:
    """The red X (R33): the connection, the sessions and all mail end with this one unit."""
    await leave(call.turn, call.caller.subject, command.patient)
    return Done(id=command.patient)


def _connection(
    found: Connected, account: Row, connections: int, waits: Mapping[str, str], day: Day
) -> Connection:
    holder = holder_of(account, connections)
    mail, address = access.mail_of(found.relation, found.person, holder, day.today)
    born = found.person.born
    twelve = turns(born, TWELVE) if born else None
    grown = turns(born, ADULT) if born else None
    return Connection(
        patient=found.patient,
        name=found.name,
        basis=found.relation.basis,
        state=found.state,
        since=from_micros(found.row["since"]),
        until=found.relation.until,
        turns_12=twelve if twelve and twelve > day.today else None,
        turns_18=grown if grown and grown > day.today else None,
        mail=mail,
        mail_to=address,
        mail_waits=waits.get(found.patient, ""),
        terms=found.relation.terms,
        hipaa=found.relation.hipaa,
    )
