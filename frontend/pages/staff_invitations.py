"""Invitations: all of them or one patient's; send, send again, revoke (S2, R52)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contracts.common import Done, Role
from contracts.identity import (
    Invitations,
    InvitationsAnswer,
    ResendInvitation,
    RevokeInvitation,
    SendInvitation,
)
from frontend.cards import card_of
from frontend.client import Problem, gateway
from frontend.desk import refusal, show, staff
from frontend.forms import Form, posted
from frontend.presenters import invitations as present
from frontend.presenters import people

AT = "/staff/invitations"


async def listing(request: Request) -> Response:
    """The newest first; with `?patient=` that patient's, and the form for another."""
    return await _page(request, Form(), request.query_params.get("patient", ""))


async def send(request: Request) -> Response:
    """An earlier invitation becomes void (R52)."""
    form = await posted(request)
    if not form.get("email"):
        form.errors["email"] = "Enter an e-mail address, like name@example.com"
        return await _page(request, form, form.get("patient"))
    fields = {name: form.get(name) for name in ("patient", "email")}
    return await _act(request, form, SendInvitation, fields, "sent")


async def resend(request: Request) -> Response:
    """Void this one, and send another to the same address."""
    form = await posted(request)
    return await _act(request, form, ResendInvitation, _one(form), "resent")


async def revoke(request: Request) -> Response:
    """Void this one."""
    form = await posted(request)
    return await _act(request, form, RevokeInvitation, _one(form), "revoked")


def _one(form: Form) -> dict[str, str]:
    return {"invitation": form.get("invitation")}


async def _act(
    request: Request, form: Form, command: type[Any], fields: Mapping[str, str], done: str
) -> Response:
    patient = form.get("patient")
    try:
        await gateway(request).call(request, command, Done, fields, form.get("key"))
    except Problem as problem:
        form.errors = refusal(problem)
        return await _page(request, form, patient)
    more = {"patient": patient} if patient else {}
    return RedirectResponse(f"{AT}?{urlencode({'done': done, **more})}", 303)


async def _page(request: Request, form: Form, patient: str) -> Response:
    caller = await staff(request, Role.SUPPORT, Role.CLINIC)
    asked = {"patient": patient} if patient else {}
    answer = await gateway(request).call(request, Invitations, InvitationsAnswer, asked)
    return await show(
        request,
        "staff-invitations.html",
        caller,
        card=await card_of(request, patient) if patient else None,
        patient=patient,
        rows=present.rows(answer.invitations),
        form=form,
        errors=form.errors,
        full_name=people.full_name,
        one_line=people.one_line,
    )


routes = [
    Route(AT, listing, methods=["GET"]),
    Route(f"{AT}/send", send, methods=["POST"]),
    Route(f"{AT}/resend", resend, methods=["POST"]),
    Route(f"{AT}/revoke", revoke, methods=["POST"]),
]
