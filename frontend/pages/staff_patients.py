"""Find a patient: their account (S14), an invitation (R52), or the record as they see it."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contracts.common import Role
from frontend.cards import searched
from frontend.desk import show, staff
from frontend.forms import Form, posted
from frontend.presenters import people

AT = "/staff/patients"
MOST = 50


async def page(request: Request) -> Response:
    """An empty search."""
    return await _page(request, Form())


async def search(request: Request) -> Response:
    """Who is meant."""
    form = await posted(request)
    found = await searched(request, form)
    return await _page(request, form, found=found, is_full=len(found or ()) >= MOST)


async def _page(request: Request, form: Form, **found: Any) -> Response:
    caller = await staff(request, Role.SUPPORT, Role.CLINIC, Role.PROVIDER)
    context = {"found": None, "is_full": False} | found
    return await show(
        request,
        "staff-patients.html",
        caller,
        viewing=caller.role is Role.PROVIDER,
        form=form,
        errors=form.errors,
        full_name=people.full_name,
        one_line=people.one_line,
        **context,
    )


routes = [
    Route(AT, page, methods=["GET"]),
    Route(AT, search, methods=["POST"]),
]
