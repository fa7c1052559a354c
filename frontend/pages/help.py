"""Whom to call, when support reads its mail, and what to do when something is wrong (R58-R61, R63).

For everybody: who is signed in keeps the menu, who is not needs no account.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contracts.common import Role
from frontend.client import Problem, gateway, now
from frontend.presenters.opening import stretches
from frontend.rendering import render
from frontend.texts import language_of


async def page(request: Request) -> Response:
    """It stands also while the gateway is away: with what was last known of the practice."""
    layout = "patient.html" if await _as_patient(request) else "base.html"
    try:
        answer = await gateway(request).profile(request)
    except Problem:
        known = gateway(request).last_profile
        if known is None:
            raise
        answer = known
    lang = language_of(request)
    return await render(
        request,
        "help.html",
        layout=layout,
        stretches=stretches(answer.profile, now(request), lang),
        opens_at=answer.support_opens_next,
        days=answer.profile.invitation_days,
    )


async def _as_patient(request: Request) -> bool:
    try:
        caller = await gateway(request).session(request)
    except Problem:
        return False
    return caller.role is Role.PATIENT


routes = [Route("/help", page)]
