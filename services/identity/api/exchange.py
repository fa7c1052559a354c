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
from services.identity.deps import Deps
from services.identity.sessions import signed_out
from services.identity.views.accounts import ACCOUNT_BY_ID

TOKEN_SECONDS = 30
Granted = tuple[Caller, tuple[RecordChoice, ...]]


@API.action(Exchange, roles=None)
async def exchange(query: Exchange, call: Call[Deps, Caller]) -> ExchangeAnswer:
    """A token for the session's user. It never outlives the session's limits."""
    cookie = query.cookie.get_secret_value()
    session = await call.deps.sessions.read(cookie, call.now, query.active)
    rows = await call.read(ACCOUNT_BY_ID, account=session.account)
    if not rows or rows[0]["closed"] or micros(session.created) < rows[0]["sessions_from"]:
        await call.deps.sessions.end(cookie)
        raise signed_out()
    caller, records = await granted(call, rows[0], query.patient, "")
    if caller.patient is not None and caller.basis != "self":
        await _keep_look(call, caller.subject, caller.patient)
    left = (session.ends() - call.now).total_seconds()
    token = call.deps.sign(caller.model_dump(mode="json"), min(TOKEN_SECONDS, int(left)))
    return ExchangeAnswer(token=token, caller=caller, idle_in=left, records=records)


async def granted(
    call: Call[Deps, Caller], row: Row, asked: str | None = None, session: str = ""
) -> Granted:
    """The caller that an account is now, and everybody whose record it is connected to."""
    base = base_of(row, session)
    if base.role is Role.PROVIDER:
        return await provider_claims(call.read, base, call.now), ()
    if base.role is not Role.PATIENT:
        return base, ()
    connections = await connections_of(call.read, base.subject, await the_day(call.read, call.now))
    return seen_by(base, connections, asked), choices(connections)


async def _keep_look(call: Call[Deps, Caller], account: str, patient: str) -> None:
    """A proxy opens a record: the patient can read that. What cannot be kept is not shown."""

    async def keep(turn: Turn) -> None:
        state = await turn.load(LOOKS, patient)
        turn.append(LOOKS, patient, look(state, patient, account, "chart", "proxy", turn.now))

    await call.execute(keep)
