"""Correct who a patient is (S13, R59). Another birth date shows its consequences first (R53-R55)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contracts.common import Caller, Done, Role
from contracts.identity import (
    Consequences,
    CorrectPatient,
    GetPatientAccount,
    PatientAccountAnswer,
    PreviewCorrection,
)
from frontend import dates
from frontend.client import Problem, gateway
from frontend.desk import DATE_PARTS, fill_date, refusal, show, staff, typed_date
from frontend.forms import Form, posted
from frontend.presenters import access, people
from frontend.presenters import correction as present

AT = "/staff/patients/{patient:id}/correct"
SHORTEST = 3


async def page(request: Request) -> Response:
    """What is on record, to be corrected; `?item=` is the request that this answers."""
    caller = await staff(request, Role.SUPPORT)
    account = await _account(request)
    form = Form({"item": request.query_params.get("item", "")})
    present.fill(form, account)
    fill_date(form, "born", account.card.born)
    return await _page(request, caller, account, form)


async def correct(request: Request) -> Response:
    """Send what differs; a birth date only after its consequences were seen for that very date."""
    caller = await staff(request, Role.SUPPORT)
    account = await _account(request)
    form = await posted(request)
    born = typed_date(form, "born", "Enter a date, like 3 27 2026")
    changes = present.changed(form, born, account)
    _check(form, changes)
    if form.errors:
        return await _page(request, caller, account, form)
    try:
        if born and "born" in changes and form.get("shown") != born.isoformat():
            return await _consequences(request, caller, account, form, born)
        await _send(request, form, changes)
    except Problem as problem:
        form.errors = present.placed(refusal(problem))
        return await _page(request, caller, account, form)
    return RedirectResponse(f"/staff/patients/{account.card.patient}?done=corrected", 303)


def _check(form: Form, changes: dict[str, Any]) -> None:
    """A mistyped date stays said as what it is."""
    form.errors = present.emptied(changes) | form.errors
    if not changes:
        form.errors[""] = "Nothing is different from what is on record."
    if len(form.get("evidence")) < SHORTEST:
        form.errors["evidence"] = "Say how you know that this is right"


async def _send(request: Request, form: Form, changes: Mapping[str, Any]) -> None:
    fields = {
        "patient": request.path_params["patient"],
        "evidence": form.get("evidence"),
        "item": form.get("item") or None,
        **changes,
    }
    if "born" in changes:
        fields["born"] = changes["born"].isoformat()
    await gateway(request).call(request, CorrectPatient, Done, fields, form.get("key"))


async def _consequences(
    request: Request, caller: Caller, account: PatientAccountAnswer, form: Form, born: date
) -> Response:
    """Who gains and who loses access, and which days are hidden; nothing is changed yet."""
    asked = {"patient": account.card.patient, "born": born.isoformat()}
    found = await gateway(request).call(request, PreviewCorrection, Consequences, asked)
    zone = (await gateway(request).profile(request)).profile.zone
    window = partial(access.window, day=partial(dates.day, zone=zone, lang="en"))
    return await show(
        request,
        "staff-consequences.html",
        caller,
        card=account.card,
        name=people.spoken(account.card.name),
        born=born,
        found=found,
        hidden_before=window(found.hidden_from_before, found.hidden_until_before),
        hidden_after=window(found.hidden_from, found.hidden_until),
        changes=access.changes(found),
        form=form,
    )


async def _account(request: Request) -> PatientAccountAnswer:
    asked = {"patient": request.path_params["patient"]}
    return await gateway(request).call(request, GetPatientAccount, PatientAccountAnswer, asked)


async def _page(
    request: Request, caller: Caller, account: PatientAccountAnswer, form: Form
) -> Response:
    return await show(
        request,
        "staff-correction.html",
        caller,
        card=account.card,
        name=people.full_name(account.card.name),
        sexes=present.SEXES,
        date_parts=DATE_PARTS,
        form=form,
        errors=form.errors,
    )


routes = [
    Route(AT, page, methods=["GET"]),
    Route(AT, correct, methods=["POST"]),
]
