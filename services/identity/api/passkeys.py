"""Passkeys: signing in with one, adding one, removing one (R63: no codes by SMS)."""

from __future__ import annotations

from typing import Final

from contracts.common import Caller, Done
from contracts.identity import (
    AddPasskey,
    BeginPasskey,
    BeginPasskeySignIn,
    PasskeyOptions,
    RemovePasskey,
    SessionAnswer,
    SignInWithPasskey,
)
from kernel.api import Call
from kernel.projection import Row
from kernel.turn import Turn
from services.identity import passkeys
from services.identity.api.base import API
from services.identity.api.exchange import granted, must_have_factor
from services.identity.api.security import (
    PEOPLE,
    SIGNED_IN,
    before_adding,
    check_may_set_up,
    check_password,
    notice,
)
from services.identity.api.sessions import begin
from services.identity.decider import security as decider
from services.identity.decider.security import SECURITY, Security
from services.identity.deps import Deps
from services.identity.events.security import PasskeyAdded
from services.identity.practice import profile_now
from services.identity.views.accounts import ACCOUNT_BY_ID
from services.identity.views.security import PASSKEY_BY_CREDENTIAL, PASSKEYS_OF, lookup_of

_SIGN_IN: Final = "sign-in"


@API.action(BeginPasskeySignIn, roles=None)
async def begin_passkey_sign_in(
    query: BeginPasskeySignIn, call: Call[Deps, Caller]
) -> PasskeyOptions:
    """The same for everybody: the browser knows which passkeys it has."""
    place = passkeys.place_of(await profile_now(call.read))
    challenge = await call.deps.challenges.give(_SIGN_IN, call.now)
    return PasskeyOptions(options=passkeys.options_to_sign_in(place, challenge))


@API.action(SignInWithPasskey, roles=None)
async def sign_in_with_passkey(
    command: SignInWithPasskey, call: Call[Deps, Caller]
) -> SessionAnswer:
    """A passkey is both factors, and wrong passwords of others never lock it."""
    signed = command.credential.get_secret_value()
    challenge = passkeys.signed_for(signed)
    if not await call.deps.challenges.take(challenge, _SIGN_IN, call.now):
        raise passkeys.refused()
    known, row = await _found(call, signed)
    place = passkeys.place_of(await profile_now(call.read))
    count = passkeys.check_signed(place, signed, challenge, known["public"], known["count"])
    account = row["account"]

    async def decide(turn: Turn) -> bool:
        state: Security = await turn.load(SECURITY, account)
        events = decider.use_passkey(state, account, known["passkey"], count, turn.now)
        turn.append(SECURITY, account, events)
        return bool(events)

    if not await call.execute(decide):
        raise passkeys.refused()
    caller, _ = await granted(call, row, strong=True)
    return await begin(call, caller, command.device, command.label, strong=True)


@API.action(BeginPasskey, roles=SIGNED_IN)
async def begin_passkey(command: BeginPasskey, call: Call[Deps, Caller]) -> PasskeyOptions:
    """A challenge that only this account can answer."""
    account, row = call.caller.subject, await before_adding(call, command.password)
    place = passkeys.place_of(await profile_now(call.read))
    known = [each["credential"] for each in await call.read(PASSKEYS_OF, account=account)]
    challenge = await call.deps.challenges.give(account, call.now)
    options = passkeys.options_to_make(place, account, row["email"], challenge, known)
    return PasskeyOptions(options=options)


@API.action(AddPasskey, roles=SIGNED_IN)
async def add_passkey(command: AddPasskey, call: Call[Deps, Caller]) -> Done:
    """What the authenticator made, once it checks."""
    account, sent = call.caller.subject, command.credential.get_secret_value()
    challenge = passkeys.made_for(sent)
    if not await call.deps.challenges.take(challenge, account, call.now):
        raise passkeys.refused()
    made = passkeys.check_made(passkeys.place_of(await profile_now(call.read)), sent, challenge)

    async def decide(turn: Turn) -> str:
        if await turn.read(PASSKEY_BY_CREDENTIAL, lookup=lookup_of(made.credential)):
            raise passkeys.refused()  # somebody's already, and nobody learns whose
        state: Security = await turn.load(SECURITY, account)
        check_may_set_up(call.caller, state)
        id = turn.new_id()
        added = PasskeyAdded(
            account, id, made.credential, made.key, made.count, command.name, turn.now
        )
        turn.append(SECURITY, account, decider.add_passkey(state, added))
        await notice(turn, account)
        return id

    id = await call.execute(decide)
    await call.deps.sessions.strengthen(account, call.caller.session)
    return Done(id=id)


@API.action(RemovePasskey, roles=PEOPLE)
async def remove_passkey(command: RemovePasskey, call: Call[Deps, Caller]) -> Done:
    """It opens nothing any more."""
    await check_password(call, command.password)
    account, must = call.caller.subject, must_have_factor(call, call.caller.role)

    async def decide(turn: Turn) -> None:
        state: Security = await turn.load(SECURITY, account)
        events = decider.remove_passkey(state, account, command.passkey, must, turn.now)
        turn.append(SECURITY, account, events)
        await notice(turn, account)

    await call.execute(decide)
    return Done(id=command.passkey)


async def _found(call: Call[Deps, Caller], signed: str) -> tuple[Row, Row]:
    """The passkey and its account; refused alike when either is not there, or not the one that the
    authenticator says.
    """
    credential, said = passkeys.owner_of(signed)
    known = await call.read(PASSKEY_BY_CREDENTIAL, lookup=lookup_of(credential))
    rows = await call.read(ACCOUNT_BY_ID, account=known[0]["account"]) if known else ()
    if not rows or rows[0]["closed"] or said not in ("", rows[0]["account"]):
        raise passkeys.refused()
    return known[0], rows[0]
