"""Where a staff account begins: the first queue of its role."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contracts.common import Role
from frontend.client import gateway
from frontend.desk import NAV, show


async def start(request: Request) -> Response:
    """Work is where the queue is. Billing has none before there are bills, and is told so."""
    caller = await gateway(request).session(request)
    if caller.role is Role.BILLING:
        return await show(request, "staff-start.html", caller)
    links = NAV.get(caller.role, ())
    return RedirectResponse(links[0][0] if links else "/home", 303)


routes = [Route("/staff", start)]
