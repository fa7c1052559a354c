"""Signing in, in one step or two, and out; and staff accounts (R45, R63)."""

from __future__ import annotations

from pydantic import SecretStr

from contracts.common import Caller, Done, Nothing, Role
from contracts.identity import (
    ConfirmSecondFactor,
    OpenStaffAccount,
    SessionAnswer,
    SignIn,
    SignOut,
)
from kernel.api import Call
from kernel.decider import Refused
from kernel.projection import Row
from kernel.turn import Turn
from services.identity import addresses
from services.identity.api.base import API, only
from services.identity.api.exchange import granted, holder, must_have_factor, still
from services.identity.decider import account as accounts
from services.identity.decider.attempts import ATTEMPTS, attempt
from services.identity.decider.security import SECURITY, Security, prove, welcome
from services.identity.deps import Deps
from services.identity.events.account import SignedIn, SignInFailed, StaffAccountOpened
from services.identity.sessions import ABSOLUTE, CODE_TRIES, IDLE, PENDING, Session, id_of
from services.identity.views.accounts import ACCOUNT_BY_ADDRESS

_NOBODY = Caller(subject="anonymous", role=Role.ANONYMOUS)
_EMPTY = SecretStr("")


@API.action(SignIn, roles=None)
async def sign_in(command: SignIn, call: Call[Deps, Caller]) -> SessionAnswer:
    """One answer for a wrong password, an unknown address and too many tries, after the same work:
    one read, one argon2 check, one unit in the log.
    """
    key = addresses.key(command.email)
    rows = await call.read(ACCOUNT_BY_ADDRESS, address=key)
    known = rows[0] if rows else None
    fits = await call.deps.passwords.fits(
        known["password"] if known else None, command.password.get_secret_value()
    )

    async def decide(turn: Turn) -> bool:
        return await _first_step(call, turn, known, key, command.device.get_secret_value(), fits)

    entered = await call.execute(decide)
    if known is None or not entered:
        raise Refused(
            "sign-in-refused",
            "The e-mail address or the password is not right, or there were too many tries. "
            "Check both, or wait a few minutes.",
            401,
        )
    caller, _ = await granted(call, known)
    return await begin(call, caller, command.device, command.label)


async def _first_step(
    call: Call[Deps, Caller], turn: Turn, known: Row | None, key: str, device: str, fits: bool
) -> bool:
    """Whether the password opens the next door. Where nobody has the address its key stands in for
    the account, so that nobody's streams are read just as somebody's are.
    """
    account = known["account"] if known else key
    security: Security = await turn.load(SECURITY, account)
    state: accounts.Account = await turn.load(accounts.ACCOUNT, account)
    claimed = call.deps.account_secrets.device_of(device, account)
    place = claimed if claimed in security.devices else key
    tries = await turn.load(ATTEMPTS, place)
    right = fits and known is not None and still(known, state)
    waits = bool(security.totp) or (must_have_factor(call, state.role) and security.has_factor)
    events = attempt(tries, key, account, right, turn.now, waits)
    turn.append(ATTEMPTS, place, events)
    return bool(events) and not isinstance(events[0], SignInFailed)


@API.action(ConfirmSecondFactor, roles=None)
async def confirm_second_factor(
    command: ConfirmSecondFactor, call: Call[Deps, Caller]
) -> SessionAnswer:
    """The second step. Wrong codes count like wrong passwords, and five end the waiting session."""
    cookie = command.cookie.get_secret_value()
    session = await call.deps.sessions.try_code(cookie, call.now)
    row = await holder(call, cookie, session)
    typed = command.code.get_secret_value()

    async def decide(turn: Turn) -> bool:
        return await _second_step(call, turn, row, session, typed)

    if not await call.execute(decide):
        raise await _wrong_code(call, cookie, session)
    await call.deps.sessions.end(cookie)  # the session gets another cookie with its rights
    caller, _ = await granted(call, row, strong=True)
    return await _open(call, caller, session.device, session.label, strong=True)


async def _second_step(
    call: Call[Deps, Caller], turn: Turn, row: Row, session: Session, typed: str
) -> bool:
    """Whether the code opens the door; then it is used up, in the same unit."""
    account, key = session.account, row["address"]
    security: Security = await turn.load(SECURITY, account)
    place = session.device if session.device in security.devices else key
    tries = await turn.load(ATTEMPTS, place)
    hashed = call.deps.account_secrets.recovery(account, typed)
    used = prove(security, account, typed, hashed, turn.now)
    events = attempt(tries, key, account, bool(used), turn.now)
    turn.append(ATTEMPTS, place, events)
    entered = any(isinstance(event, SignedIn) for event in events)
    turn.append(SECURITY, account, used if entered else [])
    return entered


async def _wrong_code(call: Call[Deps, Caller], cookie: str, session: Session) -> Refused:
    if session.tries >= CODE_TRIES:
        await call.deps.sessions.end(cookie)
        return Refused("signed-out", "Too many wrong codes. Please sign in again.", 401)
    said = (
        "This code is not right, was used already, or there were too many tries. "
        "Wait for the next one, or use a recovery code."
    )
    return Refused("wrong-code", said, 422, {"code": said})


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
    reserved = accounts.reserve(await turn.load(accounts.EMAIL, mailbox), account)
    await turn.load(accounts.ACCOUNT, account)
    opened = StaffAccountOpened(
        account, command.email, command.name, command.role, command.provider, call.prepared
    )
    turn.append(accounts.EMAIL, mailbox, reserved)
    turn.append(accounts.ACCOUNT, account, [opened])
    return Done(id=account)


async def begin(
    call: Call[Deps, Caller],
    caller: Caller,
    device: SecretStr = _EMPTY,
    label: str = "",
    strong: bool = False,
) -> SessionAnswer:
    """A new session, always under a new cookie; after a password only (`strong` is false) one that
    waits, where the account has a second factor.
    """
    claimed = call.deps.account_secrets.device_of(device.get_secret_value(), caller.subject)
    return await _open(call, caller, claimed, label, strong)


async def _open(
    call: Call[Deps, Caller], caller: Caller, claimed: str, label: str, strong: bool
) -> SessionAnswer:
    account, sessions = caller.subject, call.deps.sessions

    async def decide(turn: Turn) -> tuple[str, bool]:
        """The device, remembered from now on; or the known one, and that the session waits."""
        state: Security = await turn.load(SECURITY, account)
        known = claimed if claimed in state.devices else ""
        if state.totp and not strong:
            return known, True
        if state.passkeys and caller.role is Role.ENROLLING:
            raise Refused("use-passkey", "Please sign in with your passkey.", 401)
        device = known or turn.new_id()
        turn.append(SECURITY, account, welcome(state, account, device, label, turn.now))
        return device, False

    device, waits = await call.execute(decide)
    if waits:
        return SessionAnswer(
            cookie=await sessions.wait(account, call.now, device, label),
            second_factor=("totp", "recovery"),
            caller=_NOBODY,
            idle_seconds=int(PENDING.total_seconds()),
            expires_in=int(PENDING.total_seconds()),
        )
    cookie = await sessions.open(account, call.now, device, strong)
    return SessionAnswer(
        cookie=cookie,
        device=call.deps.account_secrets.device(device, account),
        caller=caller.model_copy(update={"session": id_of(cookie)}),
        idle_seconds=int(IDLE.total_seconds()),
        expires_in=int(ABSOLUTE.total_seconds()),
    )
