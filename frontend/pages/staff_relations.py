"""Verify that a parent or legal caregiver may act for a patient (S3, R42-R44, R54)."""

from __future__ import annotations

from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contracts.common import Caller, Done, Role
from contracts.identity import (
    GetItem,
    GetRegistration,
    ItemAnswer,
    RegistrationAnswer,
    VerifyRelation,
)
from frontend.cards import card_of
from frontend.client import Problem, gateway, now
from frontend.desk import DATE_PARTS, fill_date, refusal, show, staff, typed_date
from frontend.forms import Form, posted
from frontend.presenters import access, people
from frontend.presenters.practice import today_at

AT = "/staff/patients/{patient:id}/relations/new"
NEEDED = {
    "given": "Enter their first name",
    "family": "Enter their last name",
    "email": "Enter the e-mail address that they sign in with",
    "basis": "Choose who they are to the patient",
    "evidence": "Choose the evidence that you saw",
}
NO_DATE = "Enter a date, like 3 27 2026"


async def page(request: Request) -> Response:
    """An empty form, or one begun from a request or from a registration of a minor.

    The address carries only ids; the names come from the item, which only support may read.
    """
    caller = await staff(request, Role.SUPPORT, Role.CLINIC)
    form = Form()
    zone = (await gateway(request).profile(request)).profile.zone
    fill_date(form, "since", today_at(zone, now(request)))
    if caller.role is Role.SUPPORT:
        await _begin(request, form)
    return await _page(request, caller, form)


async def verify(request: Request) -> Response:
    """Connect the account that has the address, or invite whoever has it."""
    caller = await staff(request, Role.SUPPORT, Role.CLINIC)
    form = await posted(request)
    form.errors = {name: said for name, said in NEEDED.items() if not form.get(name)}
    since = typed_date(form, "since", NO_DATE)
    until = typed_date(form, "until", NO_DATE)
    if since is None:
        form.errors["since"] = NO_DATE
    if form.errors or since is None:
        return await _page(request, caller, form)
    patient = request.path_params["patient"]
    try:
        fields = _fields(form, patient, since, until)
        await gateway(request).call(request, VerifyRelation, Done, fields, form.get("key"))
    except Problem as problem:
        form.errors = refusal(problem)
        return await _page(request, caller, form)
    return RedirectResponse(f"/staff/patients/{patient}?done=related", 303)


def _fields(form: Form, patient: str, since: date, until: date | None) -> dict[str, Any]:
    return {
        **{name: form.get(name) for name in NEEDED},
        "patient": patient,
        "since": since.isoformat(),
        "until": until.isoformat() if until else None,
        "contact": form.get("contact") or None,
        "item": form.get("item") or None,
        "registration": form.get("registration") or None,
    }


async def _begin(request: Request, form: Form) -> None:
    """What is known of the person already. Support reads it again before sending."""
    api, asked = gateway(request), request.query_params
    if item := asked.get("item"):
        found = (await api.call(request, GetItem, ItemAnswer, {"item": item})).item
        given, _, family = found.by.rpartition(" ")
        form.values |= {"item": item, "given": given, "family": family, "email": found.by_email}
        form.values["basis"] = found.basis or ""
    elif registration := asked.get("registration"):
        fields = {"registration": registration}
        answer = await api.call(request, GetRegistration, RegistrationAnswer, fields)
        form.values |= {"registration": registration, "email": answer.item.form.email}


async def _page(request: Request, caller: Caller, form: Form) -> Response:
    card = await card_of(request, request.path_params["patient"])
    return await show(
        request,
        "staff-relation.html",
        caller,
        card=card,
        name=people.full_name(card.name),
        address=people.one_line(card.address),
        evidence=access.EVIDENCE_CHOICES,
        date_parts=DATE_PARTS,
        form=form,
        errors=form.errors,
    )


routes = [
    Route(AT, page, methods=["GET"]),
    Route(AT, verify, methods=["POST"]),
]
