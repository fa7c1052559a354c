"""A patient's account: who they are, who is connected to their record, what staff may do (S3, S14)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contracts.common import Done, Role
from contracts.identity import (
    ConfirmRelation,
    EndRelation,
    GetPatientAccount,
    PatientAccountAnswer,
    RemoveFactors,
)
from frontend import dates
from frontend.client import Problem, gateway
from frontend.desk import refusal, show, staff
from frontend.forms import Form, posted
from frontend.presenters import access as present
from frontend.presenters import people

AT = "/staff/patients/{patient:id}"
SHORTEST = 3


async def page(request: Request) -> Response:
    """That it was opened is in the patient's access log."""
    return await _page(request, Form())


async def confirm(request: Request) -> Response:
    """The second check for an adult dependent, by another person than the first."""
    form = await posted(request)
    return await _act(request, form, ConfirmRelation, _relation(request), "confirmed")


async def end(request: Request) -> Response:
    """Access is cut at once."""
    form = await posted(request)
    reason = form.get(form.get("field"))
    if len(reason) < SHORTEST:
        form.errors[form.get("field")] = "Say why it ends"
        return await _page(request, form)
    fields = {**_relation(request), "reason": reason}
    return await _act(request, form, EndRelation, fields, "ended")


async def factors(request: Request) -> Response:
    """Somebody lost what they sign in with beside the password."""
    form = await posted(request)
    evidence = form.get(form.get("field"))
    if len(evidence) < SHORTEST:
        form.errors[form.get("field")] = "Say how you checked who they are"
        return await _page(request, form)
    fields = {"email": form.get("email"), "evidence": evidence}
    return await _act(request, form, RemoveFactors, fields, "factors")


async def _act(
    request: Request, form: Form, command: type[Any], fields: Mapping[str, str], done: str
) -> Response:
    try:
        await gateway(request).call(request, command, Done, fields, form.get("key"))
    except Problem as problem:
        form.errors = {form.get("field"): " ".join(refusal(problem).values())}
        return await _page(request, form)
    return RedirectResponse(f"/staff/patients/{request.path_params['patient']}?done={done}", 303)


async def _page(request: Request, form: Form) -> Response:
    caller = await staff(request, Role.SUPPORT, Role.CLINIC)
    api = gateway(request)
    asked = {"patient": request.path_params["patient"]}
    answer = await api.call(request, GetPatientAccount, PatientAccountAnswer, asked)
    zone = (await api.profile(request)).profile.zone
    rows = present.rows(answer.relations, partial(dates.day, zone=zone, lang="en"))
    return await show(
        request,
        "staff-account.html",
        caller,
        account=answer,
        card=answer.card,
        name=people.full_name(answer.card.name),
        address=people.one_line(answer.card.address),
        now=[row for row in rows if not row.ended],
        before=[row for row in rows if row.ended],
        may_correct=caller.role is Role.SUPPORT,
        form=form,
        errors=form.errors,
    )


def _relation(request: Request) -> dict[str, str]:
    return {name: request.path_params[name] for name in ("patient", "relation")}


routes = [
    Route(AT, page, methods=["GET"]),
    Route(f"{AT}/relations/{{relation:id}}/confirm", confirm, methods=["POST"]),
    Route(f"{AT}/relations/{{relation:id}}/end", end, methods=["POST"]),
    Route(f"{AT}/factors", factors, methods=["POST"]),
]
