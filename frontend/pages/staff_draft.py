"""Write a set of changes to the release policy, or write it anew (S6)."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contracts.common import Done, Role
from contracts.labs import (
    DraftPolicy,
    GetPolicies,
    GetPolicyVersion,
    PoliciesAnswer,
    PolicyVersionAnswer,
)
from frontend.client import Problem, gateway
from frontend.desk import DATE_PARTS, fill_date, refusal, show, staff, typed_date
from frontend.forms import Form, posted
from frontend.presenters import draft as present

NEW: Final = "/staff/policy/new"
EDIT: Final = "/staff/policy/{version:id}/edit"
MOST_FIELDS: Final = present.MOST * len(present.FIELDS) + 20


async def page(request: Request) -> Response:
    """An empty form, or the draft as it is."""
    form = Form()
    if version := _version(request):
        asked = {"version": version}
        api = gateway(request)
        answer = await api.call(request, GetPolicyVersion, PolicyVersionAnswer, asked)
        if answer.row.state != "draft":
            return RedirectResponse(f"/staff/policy/{version}", 303)
        present.fill(form, answer)
        fill_date(form, "effective", answer.row.effective)
    return await _page(request, form)


async def write(request: Request) -> Response:
    """Add a row, take one out, or keep it all; whatever was typed stays."""
    form = await posted(request, MOST_FIELDS)
    action, _, number = form.get("action").partition("-")
    if action == "add":
        return await _page(request, form, focus=present.add(form))
    if action == "remove":
        present.remove(form, int(number) if number.isdigit() else 0)
        return await _page(request, form)
    return await _save(request, form)


async def _save(request: Request, form: Form) -> Response:
    effective = typed_date(form, "effective", "Enter a date, like 3 27 2026")
    present.check(form, effective)
    if form.errors or effective is None:
        return await _page(request, form)
    fields = present.sent(form, effective, _version(request))
    try:
        done = await gateway(request).call(request, DraftPolicy, Done, fields, form.get("key"))
    except Problem as problem:
        form.errors = present.placed(refusal(problem))
        return await _page(request, form)
    return RedirectResponse(f"/staff/policy/{done.id}?done=drafted", 303)


async def _page(request: Request, form: Form, focus: int = 0) -> Response:
    """`focus`: the change that was just added, to go on typing there."""
    caller = await staff(request, Role.POLICY)
    answer = await gateway(request).call(request, GetPolicies, PoliciesAnswer)
    return await show(
        request,
        "staff-policy-draft.html",
        caller,
        version=_version(request),
        rows=present.rows(form),
        kinds=present.KIND_CHOICES,
        categories=present.category_choices(answer.categories),
        modes=present.mode_choices(answer.categories),
        date_parts=DATE_PARTS,
        focus=focus,
        form=form,
        errors=form.errors,
    )


def _version(request: Request) -> str:
    """The draft that is written anew; empty for a new one."""
    return str(request.path_params.get("version", ""))


routes = [
    Route(NEW, page, methods=["GET"]),
    Route(NEW, write, methods=["POST"]),
    Route(EDIT, page, methods=["GET"]),
    Route(EDIT, write, methods=["POST"]),
]
