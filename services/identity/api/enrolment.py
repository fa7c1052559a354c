"""What the e-mailed link leads to: terms, HIPAA notice, code, password (R51, R56, decision m)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pydantic import SecretStr

from contracts.common import Caller, Done, Nothing, Role
from contracts.identity import (
    AcceptDocument,
    CompleteEnrolment,
    InvitationAnswer,
    OpenInvitation,
    RegistrationForm,
    RenewInvitation,
    SessionAnswer,
)
from kernel.api import Call
from kernel.decider import Refused
from kernel.turn import Turn
from services.identity import addresses
from services.identity.api.base import API
from services.identity.api.invitations import invitation_of
from services.identity.api.sessions import begin
from services.identity.decider import account as accounts
from services.identity.decider import invitation as decider
from services.identity.decider import patient as patients
from services.identity.decider.registration import REGISTRATION
from services.identity.deps import Deps
from services.identity.events.account import AccountOpened
from services.identity.events.registration import SupportItemOpened
from services.identity.inviting import invite
from services.identity.practice import profile_now, today
from services.identity.views.invitations import INVITATION_BY_ID

_CANNOT = "This enrolment cannot be finished online. Please call us."


@dataclass(frozen=True, slots=True)
class Try:
    """What somebody typed on the last page, with the password hashed already."""

    invitation: str
    code_fits: bool
    born: date
    password: str


@API.query(OpenInvitation, roles=None)
async def open_invitation(query: OpenInvitation, call: Call[Deps, Caller]) -> InvitationAnswer:
    """What the link is good for. Looking consumes nothing: mail scanners look too (R51)."""
    invitation = call.deps.secrets.invitation(query.link.get_secret_value())
    rows = await call.read(INVITATION_BY_ID, invitation=invitation) if invitation else []
    if not rows:
        return InvitationAnswer(state="unknown")
    state = invitation_of(rows[0])
    match decider.standing(state, call.now):
        case "open":
            profile = await profile_now(call.read)
            current = decider.current(profile.terms, today(profile, call.now))
            return InvitationAnswer(
                state="open",
                terms_accepted=state.terms == current.terms,
                hipaa_accepted=state.hipaa == current.hipaa,
            )
        case "expired":
            return InvitationAnswer(state="expired")
        case "completed":
            return InvitationAnswer(state="used")
    return InvitationAnswer(state="void")  # withdrawn or burned: the page says to call


@API.command(AcceptDocument, roles=None)
async def accept_document(command: AcceptDocument, call: Call[Deps, Caller]) -> Done:
    """One document, in the version in effect today."""
    id = _locate(call, command.link)
    profile = await profile_now(call.turn.read)
    current = decider.current(profile.terms, today(profile, call.now))
    state = await call.turn.load(decider.INVITATION, id)
    events = decider.accept(state, command.document, command.version, current, call.now)
    call.turn.append(decider.INVITATION, id, events)
    return Done(id=id)


@API.command(RenewInvitation, roles=None)
async def renew_invitation(command: RenewInvitation, call: Call[Deps, Caller]) -> Nothing:
    """The expired page's button: a new one to the same address, and to no other (R56)."""
    id = _locate(call, command.link)
    state: decider.Invitation = await call.turn.load(decider.INVITATION, id)
    decider.check_renewable(state, call.now)
    try:
        await invite(call.turn, state.patient, state.email, "renewed")
    except Refused as refused:  # its sentence is for staff: a link may have got about
        raise Refused("unavailable", _CANNOT) from refused
    return Nothing()


@API.action(CompleteEnrolment, roles=None)
async def complete_enrolment(command: CompleteEnrolment, call: Call[Deps, Caller]) -> SessionAnswer:
    """Code, birth date and password: the account is open, and its first session with it."""
    id = _locate(call, command.link)
    password = command.password.get_secret_value()
    rows = await call.read(INVITATION_BY_ID, invitation=id)
    await call.deps.passwords.check(password, [row["email"] for row in rows])
    typed = Try(
        invitation=id,
        code_fits=call.deps.secrets.is_code(id, command.code.get_secret_value()),
        born=command.born,
        password=await call.deps.passwords.hash(password),
    )

    async def decide(turn: Turn) -> Caller | Refused:
        return await enrol(turn, typed)

    outcome = await call.execute(decide)
    if isinstance(outcome, Refused):
        raise outcome
    return await begin(call, outcome)


async def enrol(turn: Turn, typed: Try) -> Caller | Refused:
    """Account, connection and used invitation in one unit, or one more wrong try.

    A wrong try is an outcome and not an exception: it must be kept (five burn the invitation).
    """
    profile = await profile_now(turn.read)
    day = today(profile, turn.now)
    state: decider.Invitation = await turn.load(decider.INVITATION, typed.invitation)
    decider.check_ready(state, decider.current(profile.terms, day), turn.now)
    person: patients.Patient = await turn.load(patients.PATIENT, state.patient)
    if not (typed.code_fits and person.demographics.born == typed.born):
        return await _wrong(turn, state, person)
    try:
        patients.check_invitable(person, day)
    except Refused as refused:  # its sentence is for staff
        raise Refused("unavailable", _CANNOT) from refused
    return await _open_account(turn, state, person, typed.password)


async def _open_account(
    turn: Turn, state: decider.Invitation, person: patients.Patient, password: str
) -> Caller:
    account, mailbox = turn.new_id(), addresses.key(state.email)
    reserved = accounts.reserve(await turn.load(accounts.EMAIL, mailbox), account)
    await turn.load(accounts.ACCOUNT, account)
    said = person.demographics.name
    name = f"{said.given} {said.family}".strip()
    opened = AccountOpened(account, person.patient, state.email, name, password)
    turn.append(accounts.EMAIL, mailbox, reserved)
    turn.append(accounts.ACCOUNT, account, [opened])
    turn.append(decider.INVITATION, state.invitation, decider.complete(state, account))
    turn.append(patients.PATIENT, person.patient, patients.connect(person, account))
    return Caller(subject=account, role=Role.PATIENT, patient=person.patient, name=name)


async def _wrong(turn: Turn, state: decider.Invitation, person: patients.Patient) -> Refused:
    """Count the try; the fifth burns the invitation and asks support to look (decision m)."""
    turn.append(decider.INVITATION, state.invitation, decider.wrong_try(state))
    left = decider.TRIES - state.tries - 1
    if left > 0:
        again = "once more" if left == 1 else f"{left} more times"
        sentence = f"The code or the date of birth is not right. You can try {again}."
        return Refused("wrong-code", sentence, 422, {"code": sentence})
    item = turn.new_id()
    await turn.load(REGISTRATION, item)
    form = _form(person, state.email)
    opened = SupportItemOpened(item, form, "invitation burned", (person.patient,), turn.now)
    turn.append(REGISTRATION, item, [opened])
    return Refused("burned", "Too many wrong tries. Please call us for a new invitation.")


def _form(person: patients.Patient, email: str) -> RegistrationForm:
    """What support needs to call the patient back."""
    said = person.demographics
    return RegistrationForm(
        family=said.name.family,
        given=said.name.given,
        born=said.born,
        zip=said.address.zip,
        line=said.address.line,
        email=email,
        phone=said.phones[0] if said.phones else "",
    )


def _locate(call: Call[Deps, Caller], link: SecretStr) -> str:
    invitation = call.deps.secrets.invitation(link.get_secret_value())
    if invitation is None:
        raise Refused("unknown", "This link is not one of ours.", 404)
    return invitation
