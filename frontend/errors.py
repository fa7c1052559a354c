"""Plain pages for what goes wrong; an answer of the gateway becomes the page that fits it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from contracts.common import Role
from frontend import landing
from frontend.client import Problem, carried, is_background
from frontend.records import CLOSED, elsewhere
from frontend.rendering import render

OWN_PAGES = (403, 404, 500, 503)


async def problem(request: Request, error: Problem) -> Response:
    """A refusal that the page did not handle itself."""
    if error.code in ("signed-out", "second-factor"):
        return _sign_in_first(request, error.code)
    if _must_set_up(request, error.status):
        return RedirectResponse(landing.SET_UP, 303)
    if error.code in CLOSED:
        return elsewhere(request, error.code)
    return await page(request, error.status, error.detail)


def _sign_in_first(request: Request, code: str) -> Response:
    """To the first or the second step of signing in, and from there back to the page asked for."""
    if is_background(request):
        return PlainTextResponse("signed out", 401)
    wanted = landing.asked_for(request)
    if code == "second-factor":
        return RedirectResponse(landing.leading_to(landing.CODE, wanted), 303)
    return RedirectResponse(landing.leading_to(landing.SIGN_IN, wanted, why="signed-out"), 303)


def _must_set_up(request: Request, status: int) -> bool:
    """Staff without a second factor may open nothing yet: they are led to where they get one."""
    caller = carried(request).caller
    return status == 403 and caller is not None and caller.role is Role.ENROLLING


async def refused(request: Request, error: HTTPException) -> Response:
    """Starlette's own: no such page, no such method."""
    if _must_set_up(request, error.status_code):
        return RedirectResponse(landing.SET_UP, 303)
    return await page(request, 404 if error.status_code == 405 else error.status_code)


async def broken(request: Request, error: Exception) -> Response:
    """A mistake of ours. The log says which; the page says whom to call."""
    return await page(request, 500)


async def page(request: Request, status: int, detail: str = "") -> Response:
    """The page of a status; one without a page of its own says the refusal's sentence."""
    kind = str(status) if status in OWN_PAGES else "other"
    return await render(request, "error.html", status, code=status, kind=kind, detail=detail)


HANDLERS: dict[Any, Callable[[Request, Any], Awaitable[Response]]] = {
    Problem: problem,
    HTTPException: refused,
    500: broken,
}
