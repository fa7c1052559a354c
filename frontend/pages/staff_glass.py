"""Break-glass: a provider opens a record that is not on their panel, with a reason (S14)."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contracts.common import Done, Role
from contracts.identity import BreakGlass
from frontend.cards import card_of
from frontend.client import Problem, gateway
from frontend.desk import refusal, show, staff
from frontend.forms import Form, posted
from frontend.presenters import people

SHORTEST = 10


async def ask(
    request: Request, patient: str, report: str = "", form: Form | None = None
) -> Response:
    """The form; `report` is the one in the inbox to go on to. Without a patient, how to find them."""
    caller = await staff(request, Role.PROVIDER)
    form = form or Form()
    card = await card_of(request, patient) if patient else None
    return await show(
        request,
        "staff-glass.html",
        caller,
        403,
        card=card,
        name=people.full_name(card.name) if card else "",
        address=people.one_line(card.address) if card else "",
        report=report,
        form=form,
        errors=form.errors,
    )


async def open_record(request: Request) -> Response:
    """Open for four hours, then on to where the provider was going."""
    form = await posted(request)
    patient, report = request.path_params["patient"], form.get("report")
    if len(form.get("reason")) < SHORTEST:
        form.errors["reason"] = "Say why you need this record, in at least ten characters"
        return await ask(request, patient, report, form)
    fields = {"patient": patient, "reason": form.get("reason")}
    try:
        await gateway(request).call(request, BreakGlass, Done, fields, form.get("key"))
    except Problem as problem:
        form.errors = refusal(problem)
        return await ask(request, patient, report, form)
    if report:
        asked = urlencode({"patient": patient, "done": "opened"})
        return RedirectResponse(f"/staff/inbox/{quote(report, safe='')}?{asked}", 303)
    return RedirectResponse(f"/staff/view/{patient}?done=opened", 303)


routes = [Route("/staff/view/{patient:id}/open", open_record, methods=["POST"])]
