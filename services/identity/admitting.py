"""The moment of enrolment: an account is opened or joined, and connected to the chart (R35, R51, R54).

For the patient themself, or for the parent or caregiver whom staff have verified.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from kernel.decider import Refused
from kernel.turn import Turn
from services.identity import addresses
from services.identity.access import Documents
from services.identity.decider import account as accounts
from services.identity.decider import connection
from services.identity.decider import patient as patients
from services.identity.decider.invitation import Invitation
from services.identity.events.account import AccountOpened, OwnRecordJoined, ProxyAccountOpened
from services.identity.inviting import check_address
from services.identity.linking import check_link, check_new_address
from services.identity.views.connections import OF_PATIENT

CANNOT: Final = "This enrolment cannot be finished online. Please call us."


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Everything has been typed rightly. `joins` is the account that the address has, or empty."""

    invitation: Invitation
    person: patients.Patient
    agreed: Documents
    password: str
    joins: str


async def admit(turn: Turn, enrolment: Enrolment, today: date) -> str:
    """Open or join the account, and connect it; gives the account. The rules are asked once more:
    days have gone by since the invitation.
    """
    try:
        if enrolment.invitation.relation:
            return await _proxy(turn, enrolment, today)
        return await _own(turn, enrolment, today)
    except Refused as refused:
        if refused.code == "address-in-use":
            raise
        raise Refused("unavailable", CANNOT) from refused  # its sentence is for staff


async def _own(turn: Turn, enrolment: Enrolment, today: date) -> str:
    person, email = enrolment.person, enrolment.invitation.email
    patients.check_invitable(person, today)
    holder = await check_address(turn, person, email)
    account = await _account(turn, enrolment, holder.account)
    if enrolment.joins:
        turn.append(accounts.ACCOUNT, account, [OwnRecordJoined(account, person.patient)])
    else:
        said = person.demographics.name
        name = f"{said.given} {said.family}".strip()
        opened = AccountOpened(account, person.patient, email, name, enrolment.password)
        turn.append(accounts.ACCOUNT, account, [opened])
    agreed = enrolment.agreed
    connected = patients.connect(person, account, agreed.terms, agreed.hipaa)
    turn.append(patients.PATIENT, person.patient, connected)
    return account


async def _proxy(turn: Turn, enrolment: Enrolment, today: date) -> str:
    person, invitation = enrolment.person, enrolment.invitation
    born = patients.check_alive(person)
    relation = connection.waiting(person.relations, invitation.relation)
    mailbox: accounts.Mailbox = await turn.load(accounts.EMAIL, addresses.key(invitation.email))
    await check_link(turn, relation.basis, born, today, relation.contact, mailbox.account)
    account = await _account(turn, enrolment, mailbox.account)
    if not enrolment.joins:
        rows = await turn.read(OF_PATIENT, patient=person.patient)
        name = next(row["name"] for row in rows if row["relation"] == relation.relation)
        opened = ProxyAccountOpened(account, invitation.email, name, enrolment.password)
        turn.append(accounts.ACCOUNT, account, [opened])
    connected = connection.connect(
        person.relations, person.patient, relation.relation, account, enrolment.agreed
    )
    turn.append(patients.PATIENT, person.patient, connected)
    return account


async def _account(turn: Turn, enrolment: Enrolment, holder: str) -> str:
    """The account that the address has, whose password fits; or a new one, which takes the address.

    Of two enrolments that race for one address the second finds it taken (R44).
    """
    if enrolment.joins:
        if holder != enrolment.joins:
            raise Refused("moved", "The address is another account's meanwhile.")
        await turn.load(accounts.ACCOUNT, holder)
        return holder
    await check_new_address(turn, enrolment.person.patient, enrolment.invitation.email)
    account, mailbox = turn.new_id(), addresses.key(enrolment.invitation.email)
    reserved = accounts.reserve(await turn.load(accounts.EMAIL, mailbox), account)
    turn.append(accounts.EMAIL, mailbox, reserved)
    await turn.load(accounts.ACCOUNT, account)
    return account
