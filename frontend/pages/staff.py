"""Where a staff account begins: the first queue of its role."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from frontend.client import gateway
from frontend.desk import NAV


async def start(request: Request) -> Response:
    """No page of its own: work is where the queue is."""
    caller = await gateway(request).session(request)
    links = NAV.get(caller.role, ())
    return RedirectResponse(links[0][0] if links else "/home", 303)


routes = [Route("/staff", start)]
