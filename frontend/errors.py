"""Plain pages for what goes wrong; an answer of the gateway becomes the page that fits it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from frontend.client import Problem, is_background
from frontend.rendering import render

OWN_PAGES = (403, 404, 500, 503)


async def problem(request: Request, error: Problem) -> Response:
    """A refusal that the page did not handle itself."""
    if error.code == "signed-out":
        if is_background(request):
            return PlainTextResponse("signed out", 401)
        return RedirectResponse("/sign-in?why=signed-out", 303)
    return await page(request, error.status, error.detail)


async def refused(request: Request, error: HTTPException) -> Response:
    """Starlette's own: no such page, no such method."""
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
