"""Signing in and out, and staff accounts (R45)."""

from __future__ import annotations

from contracts.common import Caller, Done, Nothing, Role
from contracts.identity import (
    OpenStaffAccount,
    SessionAnswer,
    SignIn,
    SignOut,
)
from kernel.api import Call
from kernel.decider import Refused
from kernel.turn import Turn
from services.identity import addresses
from services.identity.api.base import API, only
from services.identity.api.exchange import granted
from services.identity.decider import account as decider
from services.identity.deps import Deps
from services.identity.events.account import SignedIn, StaffAccountOpened
from services.identity.sessions import ABSOLUTE, IDLE
from services.identity.views.accounts import ACCOUNT_BY_ADDRESS


@API.action(SignIn, roles=None)
async def sign_in(command: SignIn, call: Call[Deps, Caller]) -> SessionAnswer:
    """One answer for a wrong password, an unknown address and too many tries, after the same work:
    one read, one argon2 check, one unit in the log.
    """
    key = addresses.key(command.email)
    rows = await call.read(ACCOUNT_BY_ADDRESS, address=key)
    known = rows[0] if rows else None
    right = await call.deps.passwords.fits(
        known["password"] if known else None, command.password.get_secret_value()
    )
    account = known["account"] if known else ""

    async def decide(turn: Turn) -> bool:
        state = await turn.load(decider.ATTEMPTS, key)
        events = decider.attempt(state, key, account, right, turn.now)
        turn.append(decider.ATTEMPTS, key, events)
        return any(isinstance(event, SignedIn) for event in events)

    entered = await call.execute(decide)
    if known is None or not entered:
        raise Refused(
            "sign-in-refused",
            "The e-mail address or the password is not right, or there were too many tries. "
            "Check both, or wait a few minutes.",
            401,
        )
    caller, _ = await granted(call, known)
    return await begin(call, caller)


@API.action(SignOut, roles=None)
async def sign_out(command: SignOut, call: Call[Deps, Caller]) -> Nothing:
    """End the session now; one that has ended already is no error."""
    await call.deps.sessions.end(command.cookie.get_secret_value())
    return Nothing()


async def _hashed(command: OpenStaffAccount, call: Call[Deps, Caller]) -> str:
    password = command.password.get_secret_value()
    await call.deps.passwords.check(password, [command.email, command.name])
    return await call.deps.passwords.hash(password)


@API.command(OpenStaffAccount, roles={Role.SERVICE}, prepare=_hashed)
async def open_staff_account(command: OpenStaffAccount, call: Call[Deps, Caller]) -> Done:
    """The operator adds one of the staff."""
    only(call.caller, "operator")
    turn = call.turn
    account, mailbox = turn.new_id(), addresses.key(command.email)
    reserved = decider.reserve(await turn.load(decider.EMAIL, mailbox), account)
    await turn.load(decider.ACCOUNT, account)
    opened = StaffAccountOpened(
        account, command.email, command.name, command.role, command.provider, call.prepared
    )
    turn.append(decider.EMAIL, mailbox, reserved)
    turn.append(decider.ACCOUNT, account, [opened])
    return Done(id=account)


async def begin(call: Call[Deps, Caller], caller: Caller) -> SessionAnswer:
    """A new session, always under a new cookie."""
    return SessionAnswer(
        cookie=await call.deps.sessions.open(caller.subject, call.now),
        caller=caller,
        idle_seconds=int(IDLE.total_seconds()),
        expires_in=int(ABSOLUTE.total_seconds()),
    )
