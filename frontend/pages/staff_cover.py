"""Standing in for a colleague, and the records opened in an emergency (S14)."""

from __future__ import annotations

from datetime import date

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contracts.common import Done, Role
from contracts.identity import CoverColleague, CoversAnswer, EndCover, GetCovers
from contracts.practice import GetProviders, ProvidersAnswer
from frontend.cards import cards_of
from frontend.client import Problem, gateway
from frontend.desk import DATE_PARTS, refusal, show, staff, typed_date
from frontend.forms import Form, posted
from frontend.presenters import covers as present

AT = "/staff/cover"
SHORTEST = 3
NO_DATE = "Enter the last day, like 3 27 2026"


async def page(request: Request) -> Response:
    """Whom one stands in for today."""
    return await _page(request, Form())


async def cover(request: Request) -> Response:
    """Their patients and their inbox are one's own, too, up to that day."""
    form = await posted(request)
    until = _checked(form)
    if form.errors or until is None:
        return await _page(request, form)
    fields = {name: form.get(name) for name in ("provider", "reason")}
    fields["until"] = until.isoformat()
    try:
        await gateway(request).call(request, CoverColleague, Done, fields, form.get("key"))
    except Problem as problem:
        form.errors = refusal(problem)
        return await _page(request, form)
    return RedirectResponse(f"{AT}?done=covering", 303)


async def end(request: Request) -> Response:
    """The colleague is back."""
    form = await posted(request)
    fields = {"provider": form.get("provider")}
    try:
        await gateway(request).call(request, EndCover, Done, fields, form.get("key"))
    except Problem as problem:
        return await _page(request, Form(errors=refusal(problem)))
    return RedirectResponse(f"{AT}?done=back", 303)


def _checked(form: Form) -> date | None:
    """The last day; what is missing is said beside its field."""
    if not form.get("provider"):
        form.errors["provider"] = "Choose a colleague"
    until = typed_date(form, "until", NO_DATE)
    if until is None:
        form.errors["until"] = NO_DATE
    if len(form.get("reason")) < SHORTEST:
        form.errors["reason"] = "Say why you stand in"
    return until


async def _page(request: Request, form: Form) -> Response:
    caller = await staff(request, Role.PROVIDER)
    api = gateway(request)
    answer = await api.call(request, GetCovers, CoversAnswer)
    providers = (await api.call(request, GetProviders, ProvidersAnswer)).providers
    cards = await cards_of(request, (open_.patient for open_ in answer.glass))
    return await show(
        request,
        "staff-cover.html",
        caller,
        covers=present.covers(answer.covers, providers),
        glass=present.glass(answer.glass, cards),
        choices=present.colleagues(providers, caller.provider),
        date_parts=DATE_PARTS,
        form=form,
        errors=form.errors,
    )


routes = [
    Route(AT, page, methods=["GET"]),
    Route(AT, cover, methods=["POST"]),
    Route(f"{AT}/end", end, methods=["POST"]),
]
