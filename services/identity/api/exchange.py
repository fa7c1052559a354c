"""The one place that says what an account may do now: the gateway trades a session for a token here.

Whatever a caller may see is computed from the grants valid at this moment (R33, R42-R44, S3), and
every service scopes its answers by the token that carries it.
"""

from __future__ import annotations

from contracts.common import Caller, Role
from contracts.identity import Exchange, ExchangeAnswer, RecordChoice
from kernel.api import Call
from kernel.clock import micros
from kernel.projection import Row
from kernel.turn import Turn
from services.identity.api.base import API
from services.identity.api.grants import (
    base_of,
    choices,
    connections_of,
    provider_claims,
    seen_by,
    the_day,
)
from services.identity.decider.access import LOOKS, look
from services.identity.decider.account import Account
from services.identity.deps import Deps
from services.identity.sessions import Session, id_of, signed_out
from services.identity.views.accounts import ACCOUNT_BY_ID
from services.identity.views.security import DEVICE_BY_ID

TOKEN_SECONDS = 30
Granted = tuple[Caller, tuple[RecordChoice, ...]]


@API.action(Exchange, roles=None)
async def exchange(query: Exchange, call: Call[Deps, Caller]) -> ExchangeAnswer:
    """A token for the session's user. It never outlives the session's limits."""
    cookie = query.cookie.get_secret_value()
    session = await call.deps.sessions.read(cookie, call.now, query.active)
    row = await holder(call, cookie, session)
    caller, records = await granted(call, row, query.patient, id_of(cookie), session.strong)
    if caller.patient is not None and caller.basis != "self":
        await _keep_look(call, caller.subject, caller.patient)
    left = (session.ends() - call.now).total_seconds()
    token = call.deps.sign(caller.model_dump(mode="json"), min(TOKEN_SECONDS, int(left)))
    return ExchangeAnswer(token=token, caller=caller, idle_in=left, records=records)


async def holder(call: Call[Deps, Caller], cookie: str, session: Session) -> Row:
    """The account of a session; refuses (`signed-out`) one that has been ended, whatever the bucket
    still holds: what counts is in the log.
    """
    rows = await call.read(ACCOUNT_BY_ID, account=session.account)
    known = not session.device or await call.read(DEVICE_BY_ID, device=session.device)
    if not rows or rows[0]["closed"] or not known or _ended(rows[0], cookie, session):
        await call.deps.sessions.end(cookie)
        raise signed_out()
    return rows[0]


def still(row: Row, state: Account) -> bool:
    """Whether the password that was read before is the one of this moment: a new one ends sessions,
    and so does all else that must not be overtaken by a sign-in under way.
    """
    return bool((micros(state.ended) if state.ended else 0) == row["sessions_from"])


def must_have_factor(call: Call[Deps, Caller], role: str) -> bool:
    """Staff need more than a password, outside the demo."""
    return call.deps.second_factor_required and role != Role.PATIENT


async def granted(
    call: Call[Deps, Caller],
    row: Row,
    asked: str | None = None,
    session: str = "",
    strong: bool = False,
) -> Granted:
    """The caller that an account is now, and everybody whose record it is connected to.

    Staff who came in with a password only (`strong` is false) may set up a second factor, and
    nothing else.
    """
    base = base_of(row, session)
    if not strong and must_have_factor(call, row["role"]):
        return base.model_copy(update={"role": Role.ENROLLING, "provider": None}), ()
    if base.role is Role.PROVIDER:
        return await provider_claims(call.read, base, call.now), ()
    if base.role is not Role.PATIENT:
        return base, ()
    connections = await connections_of(call.read, base.subject, await the_day(call.read, call.now))
    return seen_by(base, connections, asked), choices(connections)


def _ended(row: Row, cookie: str, session: Session) -> bool:
    before = micros(session.created) < row["sessions_from"]
    return bool(before and id_of(cookie) != row["kept"])


async def _keep_look(call: Call[Deps, Caller], account: str, patient: str) -> None:
    """A proxy opens a record: the patient can read that. What cannot be kept is not shown."""

    async def keep(turn: Turn) -> None:
        state = await turn.load(LOOKS, patient)
        turn.append(LOOKS, patient, look(state, patient, account, "chart", "proxy", turn.now))

    await call.execute(keep)
