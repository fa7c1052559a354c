"""What the e-mailed link leads to: terms, HIPAA notice, code, password (R51, R56, decision m)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pydantic import SecretStr

from contracts.common import Caller, Done, Nothing
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
from kernel.projection import Row
from kernel.turn import Turn
from services.identity import addresses
from services.identity.admitting import CANNOT, Enrolment, admit
from services.identity.api.base import API
from services.identity.api.exchange import granted
from services.identity.api.invitations import invitation_of
from services.identity.api.sessions import begin
from services.identity.decider import invitation as decider
from services.identity.decider import patient as patients
from services.identity.decider.registration import REGISTRATION
from services.identity.deps import Deps
from services.identity.events.registration import SupportItemOpened
from services.identity.inviting import invite
from services.identity.practice import profile_now, today
from services.identity.views.accounts import ACCOUNT_BY_ADDRESS, ACCOUNT_BY_ID
from services.identity.views.connections import PERSON
from services.identity.views.invitations import INVITATION_BY_ID

_WRONG_CODE = "The code or the date of birth is not right."
_WRONG_PASSWORD = "This address signs in already: use the password that it has."  # noqa: S105


@dataclass(frozen=True, slots=True)
class Try:
    """What somebody typed on the last page, with the password hashed already.

    `joins` is the account that signs in with this address already; its password must fit then.
    """

    invitation: str
    code_fits: bool
    born: date
    password: str
    joins: str
    password_fits: bool


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
                for_another=bool(state.relation),
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
        await invite(call.turn, state.patient, state.email, "renewed", state.relation)
    except Refused as refused:  # its sentence is for staff: a link may have got about
        raise Refused("unavailable", CANNOT) from refused
    return Nothing()


@API.action(CompleteEnrolment, roles=None)
async def complete_enrolment(command: CompleteEnrolment, call: Call[Deps, Caller]) -> SessionAnswer:
    """Code, birth date and password: the account is open, and its first session with it."""
    id = _locate(call, command.link)
    typed = await _typed(call, id, command)

    async def decide(turn: Turn) -> str | Refused:
        return await enrol(turn, typed)

    outcome = await call.execute(decide)
    if isinstance(outcome, Refused):
        raise outcome
    caller, _ = await granted(call, (await call.read(ACCOUNT_BY_ID, account=outcome))[0])
    return await begin(call, caller, command.device, command.label)


async def _typed(call: Call[Deps, Caller], id: str, command: CompleteEnrolment) -> Try:
    """With a strong new password, or the one of the account that the address has (R35)."""
    password, passwords = command.password.get_secret_value(), call.deps.passwords
    rows = await call.read(INVITATION_BY_ID, invitation=id)
    known: list[Row] = []
    about: list[str] = []
    for row in rows:
        known += await call.read(ACCOUNT_BY_ADDRESS, address=addresses.key(row["email"]))
        people = await call.read(PERSON, patient=row["patient"])
        about += [row["email"], *(f"{p['given']} {p['family']}" for p in people)]
    if known:
        fits, kept = await passwords.fits(known[0]["password"], password), ""
    else:
        await passwords.check(password, about)
        fits, kept = True, await passwords.hash(password)
    return Try(
        invitation=id,
        code_fits=call.deps.secrets.is_code(id, command.code.get_secret_value()),
        born=command.born,
        password=kept,
        joins=known[0]["account"] if known else "",
        password_fits=fits,
    )


async def enrol(turn: Turn, typed: Try) -> str | Refused:
    """Account, connection and used invitation in one unit, or one more wrong try; gives the account.

    A wrong try is an outcome and not an exception: it must be kept (five burn the invitation).
    """
    profile = await profile_now(turn.read)
    day = today(profile, turn.now)
    state: decider.Invitation = await turn.load(decider.INVITATION, typed.invitation)
    agreed = decider.current(profile.terms, day)
    decider.check_ready(state, agreed, turn.now)
    person: patients.Patient = await turn.load(patients.PATIENT, state.patient)
    if not (typed.code_fits and person.demographics.born == typed.born):
        return await _wrong(turn, state, person, Refused("wrong-code", _WRONG_CODE, 422))
    if not typed.password_fits:
        return await _wrong(turn, state, person, Refused("wrong-password", _WRONG_PASSWORD, 422))
    enrolment = Enrolment(state, person, agreed, typed.password, typed.joins)
    account = await admit(turn, enrolment, day)
    turn.append(decider.INVITATION, state.invitation, decider.complete(state, account))
    return account


async def _wrong(
    turn: Turn, state: decider.Invitation, person: patients.Patient, why: Refused
) -> Refused:
    """Count the try; the fifth burns the invitation and asks support to look (decision m)."""
    turn.append(decider.INVITATION, state.invitation, decider.wrong_try(state))
    left = decider.TRIES - state.tries - 1
    if left > 0:
        again = "once more" if left == 1 else f"{left} more times"
        sentence = f"{why.detail} You can try {again}."
        field = "code" if why.code == "wrong-code" else "password"
        return Refused(why.code, sentence, why.status, {field: sentence})
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
