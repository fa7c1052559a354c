"""The release policy of today, its sets of changes, and what two people do with them (S6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contracts.common import Done, Role
from contracts.labs import (
    ApprovePolicy,
    CategoryAnswer,
    DiscardPolicy,
    DryRunPolicy,
    GetCategory,
    GetPolicies,
    GetPolicyVersion,
    PoliciesAnswer,
    PolicyVersionAnswer,
    RollBackPolicy,
)
from frontend.client import Problem, gateway
from frontend.desk import refusal, show, staff
from frontend.forms import Form, posted
from frontend.presenters import policy as present

AT = "/staff/policy"
ONE = f"{AT}/{{version:id}}"
SHORTEST = 3


async def overview(request: Request) -> Response:
    """How every category rules today, and every set of changes."""
    caller = await staff(request, Role.POLICY)
    answer = await gateway(request).call(request, GetPolicies, PoliciesAnswer)
    return await show(
        request,
        "staff-policy.html",
        caller,
        label=answer.label,
        categories=present.categories(answer.categories),
        groups=present.groups(answer.versions),
        states=present.STATES,
    )


async def category(request: Request) -> Response:
    """One category with everything that it is matched by."""
    caller = await staff(request, Role.POLICY)
    asked = {"category": request.path_params["category"]}
    answer = await gateway(request).call(request, GetCategory, CategoryAnswer, asked)
    one = present.category(answer.category)
    lists = present.lists(answer)
    return await show(request, "staff-policy-category.html", caller, one=one, lists=lists)


async def version(request: Request) -> Response:
    """What a set changes, what its dry run found, and what can be done with it."""
    return await _version(request, Form())


async def dry_run(request: Request) -> Response:
    """Judge all that is stored by the draft. Nothing changes for anybody."""
    form = await posted(request)
    return await _act(request, form, DryRunPolicy, _draft(request, form), "tried")


async def approve_first(request: Request) -> Response:
    """The counts once more, before patients see the difference."""
    caller = await staff(request, Role.POLICY)
    answer = await _asked(request)
    doors = present.doors(answer)
    if answer.dry_run is None or not doors.approve:
        return RedirectResponse(_path(request), 303)
    return await show(
        request,
        "staff-policy-approve.html",
        caller,
        row=answer.row,
        changes=present.changes(answer.changes),
        run=answer.dry_run,
        outcome=present.outcome(answer.dry_run),
    )


async def approve(request: Request) -> Response:
    """The second person agrees to the revision that they saw."""
    form = await posted(request)
    return await _act(request, form, ApprovePolicy, _draft(request, form), "approved")


async def discard(request: Request) -> Response:
    """Drop a draft."""
    form = await posted(request)
    fields = {"draft": _id(request)}
    return await _act(request, form, DiscardPolicy, fields, "dropped")


async def roll_back(request: Request) -> Response:
    """Take an approved set back at once; why is on record."""
    form = await posted(request)
    if len(form.get("reason")) < SHORTEST:
        form.errors["reason"] = "Say why it is taken back"
        return await _version(request, form)
    fields = {"version": _id(request), "reason": form.get("reason")}
    return await _act(request, form, RollBackPolicy, fields, "rolled-back")


async def _act(
    request: Request, form: Form, command: type[Any], fields: Mapping[str, Any], done: str
) -> Response:
    try:
        await gateway(request).call(request, command, Done, fields, form.get("key"))
    except Problem as problem:
        wrote_it = problem.code == "same-person"
        form.errors = {"": problem.detail} if wrote_it else refusal(problem)
        return await _version(request, form)
    return RedirectResponse(f"{_path(request)}?done={done}", 303)


async def _version(request: Request, form: Form) -> Response:
    caller = await staff(request, Role.POLICY)
    answer = await _asked(request)
    run = answer.dry_run
    return await show(
        request,
        "staff-policy-version.html",
        caller,
        row=answer.row,
        state=present.STATES[answer.row.state],
        changes=present.changes(answer.changes),
        run=run,
        outcome=present.outcome(run) if run else "",
        reveals=present.reveals(run.rows) if run else [],
        listed=present.LISTED,
        doors=present.doors(answer),
        form=form,
        errors=form.errors,
    )


async def _asked(request: Request) -> PolicyVersionAnswer:
    asked = {"version": _id(request)}
    return await gateway(request).call(request, GetPolicyVersion, PolicyVersionAnswer, asked)


def _draft(request: Request, form: Form) -> dict[str, Any]:
    """The draft in the revision that was on the page."""
    return {"draft": _id(request), "revision": form.number("revision")}


def _path(request: Request) -> str:
    return f"{AT}/{_id(request)}"


def _id(request: Request) -> str:
    return str(request.path_params["version"])


routes = [
    Route(AT, overview),
    Route(f"{AT}/categories/{{category:id}}", category),
    Route(ONE, version),
    Route(f"{ONE}/dry-run", dry_run, methods=["POST"]),
    Route(f"{ONE}/approve", approve_first, methods=["GET"]),
    Route(f"{ONE}/approve", approve, methods=["POST"]),
    Route(f"{ONE}/discard", discard, methods=["POST"]),
    Route(f"{ONE}/roll-back", roll_back, methods=["POST"]),
]
