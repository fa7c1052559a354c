"""Reports held because a code or the orderer is not known (S5, R20, R30)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contracts.common import Done, Role
from contracts.labs import GetHeld, HeldAnswer, MapCode, MapOrderer, ResolveOrderer
from contracts.practice import GetProviders, ProvidersAnswer
from frontend.client import Problem, gateway
from frontend.desk import refusal, show, staff
from frontend.forms import Form, posted
from frontend.presenters import held as present
from frontend.presenters.categories import CHOICES

AT = "/staff/held"


async def queue(request: Request) -> Response:
    """Oldest first, each with its own questions."""
    return await _page(request, Form())


async def map_code(request: Request) -> Response:
    """Say what a code means. Every report that waits for it is judged again."""
    form = await posted(request)
    if not form.get("category"):
        form.errors[form.get("field")] = "Choose what this code means"
        return await _page(request, form)
    code = {name: form.values.get(name, "") for name in ("system", "code", "text")}
    fields = {"sender": form.get("sender"), "code": code, "category": form.get("category")}
    return await _act(request, form, MapCode, fields, "mapped")


async def map_orderer(request: Request) -> Response:
    """Say who is meant by the orderer that a report names, for all that its sender sends."""
    return await _orderer(request, MapOrderer, "named")


async def resolve_orderer(request: Request) -> Response:
    """Say who ordered a report that names nobody."""
    return await _orderer(request, ResolveOrderer, "resolved")


async def _orderer(request: Request, command: type[Any], done: str) -> Response:
    """One of the directory, or `external`, which keeps the report out."""
    form = await posted(request)
    if not form.get("provider"):
        form.errors[form.get("field")] = "Choose who ordered this"
        return await _page(request, form)
    fields = {name: form.get(name) for name in ("report", "provider")}
    return await _act(request, form, command, fields, done)


async def _act(
    request: Request, form: Form, command: type[Any], fields: Mapping[str, Any], done: str
) -> Response:
    try:
        await gateway(request).call(request, command, Done, fields, form.get("key"))
    except Problem as problem:
        sentence = " ".join(refusal(problem).values())
        form.errors = {form.get("field"): sentence}
        return await _page(request, form)
    return RedirectResponse(f"{AT}?done={done}", 303)


async def _page(request: Request, form: Form) -> Response:
    caller = await staff(request, Role.POLICY)
    api = gateway(request)
    answer = await api.call(request, GetHeld, HeldAnswer)
    providers = await api.call(request, GetProviders, ProvidersAnswer)
    return await show(
        request,
        "staff-held.html",
        caller,
        rows=present.rows(answer.reports),
        choices=CHOICES,
        orderers=present.orderers(providers.providers),
        form=form,
        errors=form.errors,
    )


routes = [
    Route(AT, queue),
    Route(f"{AT}/map-code", map_code, methods=["POST"]),
    Route(f"{AT}/map-orderer", map_orderer, methods=["POST"]),
    Route(f"{AT}/resolve-orderer", resolve_orderer, methods=["POST"]),
]
