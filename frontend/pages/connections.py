"""Connections: whose records one may see, and the red X that ends one (R33-R35, R42, decision g)."""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contracts.common import Done, Nothing
from contracts.identity import (
    Connection,
    ConnectionsAnswer,
    Disenrol,
    GetConnections,
    SetMailAddress,
)
from frontend import dates
from frontend.client import Problem, gateway
from frontend.forms import Form, in_words, posted
from frontend.presenters import connections as present
from frontend.presenters.people import spoken
from frontend.records import in_record, patient
from frontend.rendering import render
from frontend.texts import language_of, text

SAID = ("removed", "mail")


async def listing(request: Request) -> Response:
    """The own record and the family's. `?why=closed`: a record that one asked for cannot be shown."""
    await patient(request)
    answer = await connections(request)
    lang, zone = language_of(request), (await gateway(request).profile(request)).profile.zone
    day = partial(dates.day, zone=zone, lang=lang)
    done = request.query_params.get("done", "")
    return await render(
        request,
        "connections.html",
        rows=present.rows(answer, partial(text, lang), day),
        said=done if done in SAID else "",
        closed=request.query_params.get("why") == "closed",
    )


async def connections(request: Request) -> ConnectionsAnswer:
    """All connections of the caller."""
    return await gateway(request).call(request, GetConnections, ConnectionsAnswer)


async def confirm(request: Request) -> Response:
    """What removing a connection does, before it is done."""
    await patient(request)
    answer = await connections(request)
    return await _confirm(request, answer, "")


async def remove(request: Request) -> Response:
    """The red X. Who has no session after it lands on a page that needs none."""
    await patient(request)
    answer = await connections(request)
    found = _found(request, answer)
    form = await posted(request)
    try:
        await gateway(request).call(
            request, Disenrol, Done, {"patient": found.patient}, form.get("key")
        )
    except Problem as problem:
        if problem.status in (409, 422):
            return await _confirm(request, answer, _sentence(request, problem))
        raise
    if found.basis == "self" or len(answer.connections) == 1:
        return RedirectResponse("/signed-out?why=left", 303)
    return RedirectResponse("/connections?done=removed", 303)


async def mail(request: Request) -> Response:
    """Another address for mail about one person, or how to prove a legal basis (decision g)."""
    await patient(request)
    return await _mail(request, Form())


async def set_mail(request: Request) -> Response:
    """A link goes to the address; nothing changes before it is followed."""
    await patient(request)
    form = await posted(request)
    lang = language_of(request)
    if not form.get("email"):
        form.errors["email"] = text(lang, "mail_address.e_email")
        return await _mail(request, form)
    fields = {"patient": request.path_params["patient"], "email": form.get("email")}
    try:
        await gateway(request).call(request, SetMailAddress, Nothing, fields, form.get("key"))
    except Problem as problem:
        if problem.code == "address-in-use":
            form.errors["email"] = text(lang, "mail_address.e_in_use")
        elif problem.errors:
            form.errors = in_words(problem.errors, lang, "mail_address")
        else:
            raise
        return await _mail(request, form)
    return in_record(request, "/connections", done="mail")


async def _confirm(request: Request, answer: ConnectionsAnswer, refused: str) -> Response:
    found = _found(request, answer)
    return await _about(
        request,
        "connection-remove.html",
        found,
        status=409 if refused else 200,
        refused=refused,
        others=len(answer.connections) > 1,
    )


async def _mail(request: Request, form: Form) -> Response:
    found = _found(request, await connections(request))
    status = 422 if form.errors else 200
    return await _about(request, "connection-mail.html", found, status=status, form=form)


async def _about(
    request: Request, template: str, found: Connection, status: int, **more: Any
) -> Response:
    return await render(
        request,
        template,
        status=status,
        patient=found.patient,
        name=spoken(found.name),
        given=found.name.given or spoken(found.name),
        own=found.basis == "self",
        **more,
    )


def _found(request: Request, answer: ConnectionsAnswer) -> Connection:
    """The connection that the address names; a stranger's is like none."""
    wanted = request.path_params["patient"]
    found = next((c for c in answer.connections if c.patient == wanted), None)
    if found is None:
        raise HTTPException(404)
    return found


def _sentence(request: Request, problem: Problem) -> str:
    lang = language_of(request)
    return problem.detail if lang == "en" else text(lang, "errors.body_other")


routes = [
    Route("/connections", listing),
    Route("/connections/{patient:id}/remove", confirm, methods=["GET"]),
    Route("/connections/{patient:id}/remove", remove, methods=["POST"]),
    Route("/connections/{patient:id}/mail", mail, methods=["GET"]),
    Route("/connections/{patient:id}/mail", set_mail, methods=["POST"]),
]
