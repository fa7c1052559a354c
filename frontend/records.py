"""Whose record a page is about. The address says it: `/home` is one's own, `/for/<patient>/home` is
somebody else's, so that two tabs can be in two records (R43, R54).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from urllib.parse import urlencode

from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from contracts.common import Caller, Role
from contracts.identity import RecordChoice
from frontend.client import base_of, carried, gateway, record_of

Page = Callable[[Request], Awaitable[Response]]
PROXY = ("parent", "caregiver")
CLOSED = ("agreement-due", "no-record")


class _IdConvertor(Convertor[str]):
    """What an id may be made of: nothing that a header could not carry."""

    regex = "[A-Za-z0-9._:-]{1,64}"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("id", _IdConvertor())


def both(routes: Iterable[Route]) -> list[BaseRoute]:
    """The same routes for one's own record and for another's."""
    given = list(routes)
    return [*given, Mount("/for/{record:id}", routes=given)]


async def patient(request: Request) -> Caller:
    """The caller, who comes as a patient or for one; staff get the page for 403."""
    caller = await gateway(request).session(request)
    if caller.role is not Role.PATIENT:
        raise HTTPException(403)
    return caller


def of_record(page: Page) -> Page:
    """A page that shows a record: opened only when there is one to show, and under its own address."""

    async def opened(request: Request) -> Response:
        caller = await patient(request)
        if caller.patient is None:
            return elsewhere(request, caller.barred or "no-record")
        if caller.basis in PROXY and not record_of(request) and request.method == "GET":
            return RedirectResponse(f"/for/{caller.patient}{request.url.path}", 303)
        return await page(request)

    return opened


def elsewhere(request: Request, code: str) -> Response:
    """Where a record that cannot be shown leads: to its agreement, or to what explains why."""
    if code == "agreement-due":
        asked = {"for": record_of(request) or _first_due(carried(request).records)}
        asked |= {"then": request.url.path} if request.method == "GET" else {}
        return RedirectResponse(f"/agreement?{urlencode(asked)}", 303)
    return RedirectResponse("/connections?why=closed", 303)


def in_record(request: Request, path: str, **query: Any) -> RedirectResponse:
    """On to another page of the same record."""
    asked = f"?{urlencode(query)}" if query else ""
    return RedirectResponse(f"{base_of(request)}{path}{asked}", 303)


def _first_due(records: Iterable[RecordChoice]) -> str:
    due = (choice.patient for choice in records if choice.state == "agreement-due")
    return next(due, "")
