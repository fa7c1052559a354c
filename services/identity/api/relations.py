"""Parents and legal caregivers, from the staff's side: verify, check again, end (S3, R42-R44, R54)."""

from __future__ import annotations

from contracts.common import Caller, Done, Role
from contracts.identity import ConfirmRelation, EndRelation, VerifyRelation
from kernel.api import Call
from kernel.decider import Refused
from kernel.turn import Turn
from services.identity import addresses
from services.identity.access import Documents
from services.identity.api.base import API
from services.identity.api.grants import the_day
from services.identity.decider import account as accounts
from services.identity.decider import connection, item, registration
from services.identity.decider.patient import PATIENT, Patient, check_alive
from services.identity.deps import Deps
from services.identity.events.account import AccountNoticed
from services.identity.events.connection import RelationVerified
from services.identity.inviting import invite, void_live
from services.identity.linking import check_contact, check_link

_DESK = {Role.SUPPORT, Role.CLINIC}
_REPLACED = "a newer relation took its place"


@API.command(VerifyRelation, roles=_DESK)
async def verify_relation(command: VerifyRelation, call: Call[Deps, Caller]) -> Done:
    """Evidence was seen: the account is connected, or an invitation goes out. Gives the relation."""
    turn, day = call.turn, await the_day(call.turn.read, call.now)
    patient: Patient = await turn.load(PATIENT, command.patient)
    born = check_alive(patient)
    connection.check_evidence(
        command.basis, command.evidence, born, command.since, command.until, day.today
    )
    mailbox: accounts.Mailbox = await turn.load(accounts.EMAIL, addresses.key(command.email))
    contact = command.contact or ""
    await check_link(turn, command.basis, born, day.today, contact, mailbox.account)
    await _check_contact(turn, command, contact)
    await _make_room(turn, command, patient, mailbox.account)
    new = turn.new_id()
    turn.append(PATIENT, command.patient, [_verified(command, new, contact, call)])
    if mailbox.account:
        await _connect(turn, command.patient, new, mailbox.account)
    else:
        await invite(turn, command.patient, command.email, "relation", new)
    await _settle(turn, command, call.caller.subject)
    return Done(id=new)


@API.command(ConfirmRelation, roles=_DESK)
async def confirm_relation(command: ConfirmRelation, call: Call[Deps, Caller]) -> Done:
    """The second check, by somebody else than the first (S3)."""
    day = await the_day(call.turn.read, call.now)
    patient: Patient = await call.turn.load(PATIENT, command.patient)
    born = check_alive(patient)
    events = connection.confirm(
        patient.relations, command.patient, command.relation, born, call.caller.subject, call.now,
        day.today,
    )  # fmt: skip
    call.turn.append(PATIENT, command.patient, events)
    return Done(id=command.relation)


@API.command(EndRelation, roles=_DESK)
async def end_relation(command: EndRelation, call: Call[Deps, Caller]) -> Done:
    """Access is cut with this unit; an invitation that waits opens nothing any more (S3)."""
    turn = call.turn
    patient: Patient = await turn.load(PATIENT, command.patient)
    await _end(turn, patient, command.relation, call.caller.subject, command.reason)
    return Done(id=command.relation)


async def _settle(turn: Turn, command: VerifyRelation, by: str) -> None:
    """What was asked for is done: a request, or the form of somebody under 18 (R54)."""
    if command.item:
        asked = await turn.load(item.ITEM, command.item)
        done = item.done(asked, command.item, "relation", by, turn.now)
        turn.append(item.ITEM, command.item, done)
    if form := command.registration:
        state = await turn.load(registration.REGISTRATION, form)
        decided = registration.verify(state, form, command.patient, by, command.evidence)
        turn.append(registration.REGISTRATION, form, decided)


async def _make_room(turn: Turn, command: VerifyRelation, patient: Patient, account: str) -> None:
    """A newer relation takes the place of an older one of the same person; the same twice is refused."""
    held = connection.held_by(patient.relations, account) if account else None
    if held is None:
        return
    if held.basis in ("self", command.basis):
        raise connection.connected()
    await _end(turn, patient, held.relation, turn.actor, _REPLACED)


async def _end(turn: Turn, patient: Patient, relation: str, by: str, reason: str) -> None:
    who = patient.patient
    found = patient.relations.get(relation)
    turn.append(
        PATIENT, who, connection.end(patient.relations, who, relation, by, reason, turn.now)
    )
    await void_live(turn, who, relation, "revoked")
    if found and found.account and not found.ended and reason != _REPLACED:
        await _tell(turn, found.account, relation)


async def _connect(turn: Turn, patient: str, relation: str, account: str) -> None:
    """The documents come when they first look: an agreement is for one person (R32)."""
    state: Patient = await turn.load(PATIENT, patient)
    none = Documents("", "")
    events = connection.connect(state.relations, patient, relation, account, none)
    turn.append(PATIENT, patient, events)
    await _tell(turn, account, relation)


async def _tell(turn: Turn, account: str, relation: str) -> None:
    await turn.load(accounts.ACCOUNT, account)
    turn.append(accounts.ACCOUNT, account, [AccountNoticed(account, "relation-changed", relation)])


async def _check_contact(turn: Turn, command: VerifyRelation, contact: str) -> None:
    """The other address is nobody's, and not the same one over again (R44)."""
    if contact and addresses.key(contact) == addresses.key(command.email):
        said = "This is the address that they sign in with; use another one."
        raise Refused("address-in-use", said, 409, {"contact": said})
    if contact:
        await check_contact(turn, command.patient, contact)


def _verified(
    command: VerifyRelation, relation: str, contact: str, call: Call[Deps, Caller]
) -> RelationVerified:
    return RelationVerified(
        patient=command.patient,
        relation=relation,
        basis=command.basis,
        evidence=command.evidence,
        email=command.email,
        name=f"{command.given} {command.family}".strip(),
        valid_from=command.since,
        until=command.until,
        contact=contact,
        by=call.caller.subject,
        at=call.now,
    )
