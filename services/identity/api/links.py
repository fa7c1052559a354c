"""What e-mailed links do: choose a new password, sign in or get mail at another address (R42-R44).

Nothing here says who has an account: every address gets the same answer after the same work.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import SecretStr

from contracts.common import Caller, Done, Nothing, Role
from contracts.identity import (
    ChangeEmail,
    ConfirmAddress,
    LinkAnswer,
    OpenLink,
    RequestReset,
    ResetPassword,
    SetMailAddress,
)
from kernel.api import Call
from kernel.clock import micros
from kernel.decider import Refused
from kernel.projection import Row
from kernel.turn import Turn
from services.identity import addresses
from services.identity.api.base import API
from services.identity.api.security import PEOPLE, check_password
from services.identity.decider import account as accounts
from services.identity.decider import address_change, connection, reset
from services.identity.decider.patient import PATIENT, Patient
from services.identity.deps import Deps
from services.identity.events.account import EmailReleased
from services.identity.events.links import AddressChangeDone, EmailChanged, Side
from services.identity.linking import address_taken, check_contact, check_new_address
from services.identity.views.accounts import ACCOUNT_BY_ID
from services.identity.views.links import LINK_BY_REFERENCE

Purpose = Literal["password-reset", "address-old", "address-new", "patient-address"]
Standing = Literal["open", "expired", "used"]
RESETS: tuple[Purpose, ...] = ("password-reset",)
CHANGES: tuple[Purpose, ...] = ("address-old", "address-new", "patient-address")


@dataclass(frozen=True, slots=True)
class Link:
    """A link that is one of ours."""

    purpose: Purpose
    reference: str
    account: str
    row: Row


@API.command(RequestReset, roles=None, status=202)
async def request_reset(command: RequestReset, call: Call[Deps, Caller]) -> Nothing:
    """One event for every address: nobody can time or read whether somebody has it (R44)."""
    address = addresses.key(command.email)
    await call.turn.load(reset.REQUESTS, address)
    call.turn.append(reset.REQUESTS, address, reset.request(address, call.now))
    return Nothing()


@API.query(OpenLink, roles=None)
async def open_link(query: OpenLink, call: Call[Deps, Caller]) -> LinkAnswer:
    """What the link is good for. Looking consumes nothing: mail scanners look too."""
    link = await _find(call, query.link, RESETS + CHANGES)
    if link is None:
        return LinkAnswer(state="unknown")
    return LinkAnswer(state=standing(link.row, micros(call.now)), purpose=link.purpose)


@API.action(ResetPassword, roles=None)
async def reset_password(command: ResetPassword, call: Call[Deps, Caller]) -> Done:
    """A new password; every session ends and none begins, so a second factor is still asked for."""
    link = await _find(call, command.link, RESETS)
    if link is None:
        raise reset.unknown()
    _check_open(link.row, micros(call.now))
    row = (await call.read(ACCOUNT_BY_ID, account=link.account))[0]
    password = command.password.get_secret_value()
    await call.deps.passwords.check(password, [row["email"], row["name"]])
    hashed = await call.deps.passwords.hash(password)

    async def decide(turn: Turn) -> None:
        state: accounts.Account = await turn.load(accounts.ACCOUNT, link.account)
        events = reset.use(state.resets, link.account, link.reference, hashed, turn.now)
        turn.append(accounts.ACCOUNT, link.account, events)

    await call.execute(decide)
    return Done(id=link.reference)


@API.action(ChangeEmail, roles=PEOPLE)
async def change_email(command: ChangeEmail, call: Call[Deps, Caller]) -> Nothing:
    """Nothing changes until both addresses have confirmed."""
    await check_password(call, command.password)

    async def decide(turn: Turn) -> None:
        await _request(turn, call.caller.subject, command.email, "")

    await call.execute(decide)
    return Nothing()


@API.command(SetMailAddress, roles={Role.PATIENT})
async def set_mail_address(command: SetMailAddress, call: Call[Deps, Caller]) -> Nothing:
    """Nothing changes until the new address has confirmed (decision g).

    The own address is refused. All others are alike here: an address of somebody gets no letter, and
    whoever asks does not learn whose it is (R44).
    """
    turn, account = call.turn, call.caller.subject
    state: Patient = await turn.load(PATIENT, command.patient)
    if connection.held_by(state.relations, account) is None:
        raise Refused("not-found", "There is no such connection.", 404)
    holder: accounts.Account = await turn.load(accounts.ACCOUNT, account)
    if addresses.key(command.email) == addresses.key(holder.email):
        raise address_taken()
    await _request(turn, account, command.email, command.patient)
    return Nothing()


@API.action(ConfirmAddress, roles=None)
async def confirm_address(command: ConfirmAddress, call: Call[Deps, Caller]) -> LinkAnswer:
    """One side says yes: `open` while the other one is waited for, `used` once the change is made."""
    link = await _find(call, command.link, CHANGES)
    if link is None:
        raise reset.unknown()

    async def decide(turn: Turn) -> bool:
        return await _confirm(turn, link)

    done = await call.execute(decide)
    return LinkAnswer(state="used" if done else "open", purpose=link.purpose)


def standing(row: Row, now: int) -> Standing:
    """What a link of the view is good for. Good to the last moment of its time."""
    if row["ending"]:
        return "used"
    return "expired" if now > row["expires"] else "open"


async def _find(
    call: Call[Deps, Caller], link: SecretStr, purposes: tuple[Purpose, ...]
) -> Link | None:
    for purpose in purposes:
        reference = call.deps.links.id_of(purpose, link.get_secret_value())
        rows = await call.read(LINK_BY_REFERENCE, reference=reference) if reference else ()
        if reference and rows:
            return Link(purpose, reference, rows[0]["account"], rows[0])
    return None


def _check_open(row: Row, now: int) -> None:
    """Before the costly work; what counts is decided in the account's own turn."""
    match standing(row, now):
        case "expired":
            raise reset.expired()
        case "used":
            raise reset.no_longer_good()


async def _request(turn: Turn, account: str, email: str, patient: str) -> None:
    await turn.load(accounts.ACCOUNT, account)
    events = address_change.request(account, turn.new_id(), email, patient, turn.now)
    turn.append(accounts.ACCOUNT, account, events)


async def _confirm(turn: Turn, link: Link) -> bool:
    """Whether the change is made now, or was before."""
    state: accounts.Account = await turn.load(accounts.ACCOUNT, link.account)
    if state.closed:
        raise reset.no_longer_good()
    change = address_change.find(state.changes, link.reference, turn.now)
    side: Side = "old" if link.purpose == "address-old" else "new"
    events = address_change.confirm(change, link.account, side, turn.now)
    turn.append(accounts.ACCOUNT, link.account, events)
    made = any(isinstance(event, AddressChangeDone) for event in events)
    if made:
        await _take_effect(turn, state, change)
    return made or change.done


async def _take_effect(turn: Turn, holder: accounts.Account, change: address_change.Change) -> None:
    """The address may have become somebody's since it was asked for: then nothing of this happens."""
    if change.patient:
        await check_contact(turn, change.patient, change.email)
        await _send_mail_there(turn, holder.account, change)
        return
    old, new = addresses.key(holder.email), addresses.key(change.email)
    if new != old:
        await check_new_address(turn, holder.patient, change.email)
        mailbox: accounts.Mailbox = await turn.load(accounts.EMAIL, new)
        turn.append(accounts.EMAIL, new, accounts.reserve(mailbox, holder.account))
        await turn.load(accounts.EMAIL, old)
        turn.append(accounts.EMAIL, old, [EmailReleased(holder.account)])
    changed = EmailChanged(holder.account, change.email, turn.now)
    turn.append(accounts.ACCOUNT, holder.account, [changed])


async def _send_mail_there(turn: Turn, account: str, change: address_change.Change) -> None:
    state: Patient = await turn.load(PATIENT, change.patient)
    if connection.held_by(state.relations, account) is None:
        raise reset.no_longer_good()
    events = connection.set_mail_address(state.relations, change.patient, account, change.email)
    turn.append(PATIENT, change.patient, events)
