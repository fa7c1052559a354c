"""The one place that says what an account may do now: the gateway trades a session for a token here.

Whatever a caller may see is computed from the grants valid at this moment (R33, R42-R44, S3), and
every service scopes its answers by the token that carries it.
"""

from __future__ import annotations

from contracts.common import Caller, Role
from contracts.identity import Exchange, ExchangeAnswer
from kernel.api import Call
from kernel.clock import micros
from kernel.projection import Row
from services.identity.api.base import API
from services.identity.deps import Deps
from services.identity.sessions import signed_out
from services.identity.views.accounts import ACCOUNT_BY_ID

TOKEN_SECONDS = 30


@API.action(Exchange, roles=None)
async def exchange(query: Exchange, call: Call[Deps, Caller]) -> ExchangeAnswer:
    """A token for the session's user. It never outlives the session's limits."""
    session = await call.deps.sessions.read(query.cookie.get_secret_value(), call.now, query.active)
    rows = await call.read(ACCOUNT_BY_ID, account=session.account)
    if not rows or rows[0]["closed"] or micros(session.created) < rows[0]["sessions_from"]:
        raise signed_out()
    caller = caller_of(rows[0])
    left = (session.ends() - call.now).total_seconds()
    token = call.deps.sign(caller.model_dump(mode="json"), min(TOKEN_SECONDS, int(left)))
    return ExchangeAnswer(token=token, caller=caller, idle_in=left)


def caller_of(row: Row) -> Caller:
    """The claims of an account."""
    return Caller(
        subject=row["account"],
        role=Role(row["role"]),
        patient=row["patient"],
        provider=row["provider"],
        name=row["name"],
    )
