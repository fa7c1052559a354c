"""The desk behind missing results: take a question, answer with one of two sentences (R21, S12)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contracts.common import Done, Role
from contracts.labs import (
    AnswerMissing,
    GetMissingTickets,
    MissingTicketsAnswer,
    TakeMissing,
)
from frontend.cards import cards_of
from frontend.client import Problem, gateway
from frontend.desk import refusal, show, staff
from frontend.forms import Form, posted
from frontend.presenters import missing as present

AT = "/staff/missing"


async def queue(request: Request) -> Response:
    """Open and taken questions, oldest first."""
    return await _page(request, Form())


async def take(request: Request) -> Response:
    """From now on the question is this person's."""
    form = await posted(request)
    return await _act(request, form, TakeMissing, {}, f"{AT}?done=taken#{_id(request)}")


async def answer(request: Request) -> Response:
    """Nothing is typed: the same two sentences for blocked and absent results."""
    form = await posted(request)
    reply = form.get(form.get("field"))
    if reply not in present.REPLIES:
        form.errors[form.get("field")] = "Choose an answer"
        return await _page(request, form)
    return await _act(request, form, AnswerMissing, {"reply": reply}, f"{AT}?done=told")


async def _act(
    request: Request, form: Form, command: type[Any], fields: Mapping[str, str], then: str
) -> Response:
    asked = {"ticket": _id(request), **fields}
    try:
        await gateway(request).call(request, command, Done, asked, form.get("key"))
    except Problem as problem:
        form.errors = {form.get("field"): " ".join(refusal(problem).values())}
        return await _page(request, form)
    return RedirectResponse(then, 303)


async def _page(request: Request, form: Form) -> Response:
    """Policy staff see what came, support whose question it is: neither needs the other's part."""
    caller = await staff(request, Role.SUPPORT, Role.POLICY)
    found = await gateway(request).call(request, GetMissingTickets, MissingTicketsAnswer)
    is_support = caller.role is Role.SUPPORT
    cards = await cards_of(request, (row.patient for row in found.tickets)) if is_support else {}
    return await show(
        request,
        "staff-missing.html",
        caller,
        tickets=present.tickets(found.tickets, cards),
        late=sum(row.overdue for row in found.tickets),
        sees_trail=caller.role is Role.POLICY,
        form=form,
        errors=form.errors,
    )


def _id(request: Request) -> str:
    return str(request.path_params["ticket"])


routes = [
    Route(AT, queue),
    Route(f"{AT}/{{ticket:id}}/take", take, methods=["POST"]),
    Route(f"{AT}/{{ticket:id}}/answer", answer, methods=["POST"]),
]
