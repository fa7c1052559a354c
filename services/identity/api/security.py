"""How the caller signs in: password, authenticator app, recovery codes, browsers (R45, R63).

Every change is told to the account by a letter, in the same unit.
"""

from __future__ import annotations

from typing import Final

from pydantic import SecretStr

from contracts.common import Caller, Done, Role
from contracts.identity import (
    BeginTotp,
    ChangePassword,
    ConfirmTotp,
    DeviceRow,
    EndDevice,
    GetSecurity,
    NewRecoveryCodes,
    PasskeyRow,
    RecoveryCodes,
    RemoveFactors,
    RemoveTotp,
    SecurityAnswer,
    SignOutEverywhere,
    TotpOffer,
)
from kernel.api import Call
from kernel.clock import from_micros, micros
from kernel.decider import Refused
from kernel.projection import Row
from kernel.turn import Turn
from services.identity import addresses, totp
from services.identity.api.base import API, only
from services.identity.api.exchange import must_have_factor, still
from services.identity.api.grants import moment
from services.identity.decider import security as decider
from services.identity.decider.account import ACCOUNT, EMAIL, Account, Mailbox
from services.identity.decider.attempts import ATTEMPTS, attempt
from services.identity.decider.security import SECURITY, Security
from services.identity.deps import Deps
from services.identity.events.account import (
    AccountNoticed,
    PasswordChanged,
    SessionsEnded,
    SignedIn,
)
from services.identity.events.security import TotpOffered
from services.identity.practice import profile_now
from services.identity.sessions import signed_out
from services.identity.views.accounts import ACCOUNT_BY_ID
from services.identity.views.links import ADDRESSES_WAITING
from services.identity.views.security import DEVICES_OF, PASSKEYS_OF, TOTP_OF

PEOPLE: Final = set(Role) - {Role.SERVICE, Role.ANONYMOUS, Role.ENROLLING}
SIGNED_IN: Final = PEOPLE | {Role.ENROLLING}


@API.query(GetSecurity, roles=SIGNED_IN)
async def get_security(query: GetSecurity, call: Call[Deps, Caller]) -> SecurityAnswer:
    """The page about it."""
    account = call.caller.subject
    row = await own_row(call)
    app = await call.read(TOTP_OF, account=account)
    passkeys = await call.read(PASSKEYS_OF, account=account)
    devices = await call.read(DEVICES_OF, account=account)
    waiting = await call.read(ADDRESSES_WAITING, account=account, now=micros(call.now))
    sessions = await call.deps.sessions.of(account, call.now)
    current = sessions.get(call.caller.session)
    active = {session.device for session in sessions.values()}
    return SecurityAnswer(
        email=row["email"],
        email_waits=next((each["email"] for each in waiting if not each["patient"]), ""),
        totp=bool(app),
        recovery_left=app[0]["left"] if app else 0,
        must_set_up=call.caller.role is Role.ENROLLING,
        passkeys=tuple(
            PasskeyRow(
                passkey=each["passkey"],
                name=each["name"],
                added=from_micros(each["added"]),
                used=moment(each["used"]),
            )
            for each in passkeys
        ),
        devices=tuple(
            DeviceRow(
                device=each["device"],
                label=each["label"],
                first=from_micros(each["first"]),
                last=from_micros(each["last"]),
                current=current is not None and each["device"] == current.device,
                active=each["device"] in active,
            )
            for each in devices
        ),
    )


@API.action(ChangePassword, roles=PEOPLE)
async def change_password(command: ChangePassword, call: Call[Deps, Caller]) -> Done:
    """Every other session ends with the old password. This one goes on: the log names it, so that
    nothing has to be made right in the bucket, and a crash leaves nothing open.
    """
    row = await check_password(call, command.current, "current")
    new, account = command.password.get_secret_value(), call.caller.subject
    await call.deps.passwords.check(new, [row["email"], row["name"]])
    hashed = await call.deps.passwords.hash(new)

    async def decide(turn: Turn) -> None:
        changed = PasswordChanged(account, hashed, turn.now)
        ended = SessionsEnded(account, turn.now, "password", call.caller.session)
        if not still(row, await turn.load(ACCOUNT, account)):
            raise signed_out()  # a reset came first, and its password stays
        turn.append(ACCOUNT, account, [changed, ended])
        await notice(turn, account)

    await call.execute(decide)
    return Done(id=account)


@API.action(BeginTotp, roles=SIGNED_IN)
async def begin_totp(command: BeginTotp, call: Call[Deps, Caller]) -> TotpOffer:
    """A secret for the app, kept until a code of it comes back."""
    account = call.caller.subject
    row, profile = await before_adding(call, command.password), await profile_now(call.read)
    secret = totp.new_secret(call.deps.random)

    async def decide(turn: Turn) -> None:
        check_may_set_up(call.caller, await turn.load(SECURITY, account))
        turn.append(SECURITY, account, [TotpOffered(account, secret, turn.now)])

    await call.execute(decide)
    return TotpOffer(secret=secret, uri=totp.uri(secret, row["email"], profile.name))


@API.action(ConfirmTotp, roles=SIGNED_IN)
async def confirm_totp(command: ConfirmTotp, call: Call[Deps, Caller]) -> RecoveryCodes:
    """A code of the offered secret came back."""
    account, code = call.caller.subject, command.code.get_secret_value()
    codes, hashed = _new_codes(call)

    async def decide(turn: Turn) -> None:
        state: Security = await turn.load(SECURITY, account)
        check_may_set_up(call.caller, state)
        events = decider.confirm_totp(state, account, code, hashed, turn.now)
        turn.append(SECURITY, account, events)
        await notice(turn, account)

    await call.execute(decide)
    await call.deps.sessions.strengthen(account, call.caller.session)
    return RecoveryCodes(codes=codes)


@API.action(NewRecoveryCodes, roles=PEOPLE)
async def new_recovery_codes(command: NewRecoveryCodes, call: Call[Deps, Caller]) -> RecoveryCodes:
    """Ten new ones; the old ones are void."""
    await check_password(call, command.password)
    account = call.caller.subject
    codes, hashed = _new_codes(call)

    async def decide(turn: Turn) -> None:
        state: Security = await turn.load(SECURITY, account)
        events = decider.new_recovery_codes(state, account, hashed, turn.now)
        turn.append(SECURITY, account, events)
        await notice(turn, account)

    await call.execute(decide)
    return RecoveryCodes(codes=codes)


@API.action(RemoveTotp, roles=PEOPLE)
async def remove_totp(command: RemoveTotp, call: Call[Deps, Caller]) -> Done:
    """No authenticator app any more."""
    await check_password(call, command.password)
    account, must = call.caller.subject, must_have_factor(call, call.caller.role)

    async def decide(turn: Turn) -> None:
        state: Security = await turn.load(SECURITY, account)
        turn.append(SECURITY, account, decider.remove_totp(state, account, must, turn.now))
        await notice(turn, account)

    await call.execute(decide)
    return Done(id=account)


@API.command(RemoveFactors, roles={Role.SUPPORT, Role.SERVICE})
async def remove_factors(command: RemoveFactors, call: Call[Deps, Caller]) -> Done:
    """Support for patients and proxies; nobody but the operator for one of the staff."""
    if call.caller.role is Role.SERVICE:
        only(call.caller, "operator")
    turn = call.turn
    mailbox: Mailbox = await turn.load(EMAIL, addresses.key(command.email))
    holder: Account = await turn.load(ACCOUNT, mailbox.account)
    if not mailbox.account or (call.caller.role is Role.SUPPORT and holder.role != Role.PATIENT):
        raise Refused("not-found", "No patient signs in with this address.", 404)
    state: Security = await turn.load(SECURITY, holder.account)
    by, evidence = call.caller.subject, command.evidence
    events = decider.remove_all(state, holder.account, by, evidence, call.now)
    turn.append(SECURITY, holder.account, events)
    turn.append(ACCOUNT, holder.account, [SessionsEnded(holder.account, call.now, "reset")])
    await notice(turn, holder.account)
    return Done(id=holder.account)


@API.command(EndDevice, roles=PEOPLE)
async def end_device(command: EndDevice, call: Call[Deps, Caller]) -> Done:
    """A session of a browser that is forgotten opens nothing; a reaction clears it away."""
    account = call.caller.subject
    state: Security = await call.turn.load(SECURITY, account)
    events = decider.forget(state, account, command.device, call.now)
    call.turn.append(SECURITY, account, events)
    return Done(id=command.device)


@API.command(SignOutEverywhere, roles=SIGNED_IN)
async def sign_out_everywhere(command: SignOutEverywhere, call: Call[Deps, Caller]) -> Done:
    """Every session that began before this moment opens nothing; a reaction clears them away."""
    account = call.caller.subject
    await call.turn.load(ACCOUNT, account)
    ended = SessionsEnded(account, call.turn.now, "everywhere")
    call.turn.append(ACCOUNT, account, [ended])
    return Done(id=account)


async def check_password(
    call: Call[Deps, Caller], password: SecretStr, field: str = "password"
) -> Row:
    """The caller's account, if they know its password too: a browser left open is not enough.

    Wrong tries here lock this question only, and nobody out.
    """
    row = await own_row(call)
    account = call.caller.subject
    fits = await call.deps.passwords.fits(row["password"], password.get_secret_value())

    async def decide(turn: Turn) -> bool:
        tries = await turn.load(ATTEMPTS, account)
        events = attempt(tries, row["address"], account, fits, turn.now)
        turn.append(ATTEMPTS, account, events)
        return any(isinstance(event, SignedIn) for event in events)

    if not await call.execute(decide):
        said = "This is not your password, or there were too many tries."
        raise Refused("wrong-password", said, 422, {field: said})
    return row


async def before_adding(call: Call[Deps, Caller], password: SecretStr) -> Row:
    """A browser left open must not get a way in of its own. Whoever is enrolling has just given it."""
    if call.caller.role is Role.ENROLLING:
        return await own_row(call)
    return await check_password(call, password)


async def own_row(call: Call[Deps, Caller]) -> Row:
    """The caller's account."""
    rows = await call.read(ACCOUNT_BY_ID, account=call.caller.subject)
    if not rows:
        raise signed_out()
    return rows[0]


def check_may_set_up(caller: Caller, state: Security) -> None:
    """Whoever came in with a password only may set up the first factor, and no further one."""
    if caller.role is Role.ENROLLING and state.has_factor:
        said = "There is a second factor now. Please sign in again, with it."
        raise Refused("signed-out", said, 401)


async def notice(turn: Turn, account: str) -> None:
    """A letter says that something about signing in has changed."""
    await turn.load(ACCOUNT, account)
    noticed = AccountNoticed(account, "security-changed", turn.new_id())
    turn.append(ACCOUNT, account, [noticed])


def _new_codes(call: Call[Deps, Caller]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Recovery codes, and as they are kept."""
    codes = totp.recovery_codes(call.deps.random)
    kept = call.deps.account_secrets.recovery
    return codes, tuple(kept(call.caller.subject, code) for code in codes)
