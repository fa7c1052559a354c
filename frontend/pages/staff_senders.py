"""Who sends messages to the practice, and what is different about how each is read."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contracts.common import Done, Role
from contracts.interop import GetSenders, MapSender, SenderRow, SendersAnswer
from frontend.client import Problem, gateway
from frontend.desk import refusal, show, staff
from frontend.forms import Form, posted
from frontend.presenters import senders as present
from frontend.presenters.senders import AT, address

ROLES = (Role.SRE, Role.SUPPORT, Role.POLICY)
MAY_MAP = (Role.SUPPORT, Role.POLICY)
MOST_FIELDS = 4 * present.MOST + 10


async def listing(request: Request) -> Response:
    """Everybody who sent anything, or of whom anything is known."""
    caller = await staff(request, *ROLES)
    rows = [(row, address(row.profile.sender)) for row in await _rows(request)]
    return await show(request, "staff-senders.html", caller, rows=rows)


async def profile(request: Request) -> Response:
    """How one sender is read, what came, and what waits."""
    row = await _row(request)
    return await _page(request, row, present.filled(row.profile))


async def save(request: Request) -> Response:
    """From now on it is read so; what waits can be taken again."""
    form = await posted(request, MOST_FIELDS)
    sender = _name(request)
    fields = {"profile": present.typed(form, sender)}
    if form.errors:
        return await _page(request, await _row(request), form)
    try:
        await gateway(request).call(request, MapSender, Done, fields, form.get("key"))
    except Problem as problem:
        form.errors = present.beside(refusal(problem))
        return await _page(request, await _row(request), form)
    return RedirectResponse(f"{address(sender)}?done=sender", 303)


async def _page(request: Request, row: SenderRow, form: Form) -> Response:
    caller = await staff(request, *ROLES)
    return await show(
        request,
        "staff-sender.html",
        caller,
        row=row,
        at=address(row.profile.sender),
        may_map=caller.role in MAY_MAP,
        counts={name: present.count(form, name) for name in present.LISTS},
        zones=present.zones(),
        charsets=present.charsets(form.get("charset")),
        form=form,
        errors=form.errors,
    )


async def _rows(request: Request) -> tuple[SenderRow, ...]:
    return (await gateway(request).call(request, GetSenders, SendersAnswer)).senders


async def _row(request: Request) -> SenderRow:
    """Of whom nothing came and nothing is known there is no page."""
    await staff(request, *ROLES)
    name = _name(request)
    found = next((row for row in await _rows(request) if row.profile.sender == name), None)
    if found is None:
        raise HTTPException(404)
    return found


def _name(request: Request) -> str:
    return str(request.path_params["sender"])


routes = [
    Route(AT, listing),
    Route(f"{AT}/{{sender:path}}", profile, methods=["GET"]),
    Route(f"{AT}/{{sender:path}}", save, methods=["POST"]),
]
