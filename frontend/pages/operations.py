"""The operations board (S17): services, parked work, e-mails, kept messages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contracts.catalog import SERVICES
from contracts.common import Role
from contracts.identity import RegistrationQueue, RegistrationsAnswer
from contracts.interop import (
    GetQuarantine,
    GetSummary,
    QuarantineAnswer,
    SummaryAnswer,
)
from contracts.notifier import EmailsAnswer, GetEmails
from frontend.client import Problem, gateway
from frontend.desk import refusal, show, staff
from frontend.forms import Form, posted
from frontend.presenters import operations as present

A = TypeVar("A")
M = TypeVar("M", bound=BaseModel)
AT = "/ops"
ACTIONS = {"retry": ("retry-parked", "retried"), "skip": ("skip-parked", "skipped")}
SHORTEST = 3


async def board(request: Request) -> Response:
    """What runs, what failed, what waits for a person."""
    return await _page(request, Form())


async def settle_parked(request: Request) -> Response:
    """Try parked work again, or give it up; the reason is kept either way."""
    form = await posted(request)
    service, action = form.get("service"), form.get("action")
    if service not in SERVICES or action not in ACTIONS:
        form.errors[""] = "There is no such work"
    elif len(form.get("reason")) < SHORTEST:
        form.errors[form.get("field")] = "Say why"
    if form.errors:
        return await _page(request, form)
    name, done = ACTIONS[action]
    fields = {
        "reaction": form.get("reaction"),
        "position": form.number("position"),
        "reason": form.get("reason"),
    }
    path, headers = f"/api/v1/ops/{service}/{name}", {"idempotency-key": form.get("key")}
    try:
        await gateway(request).raw(request, "POST", path, headers=headers, json=fields)
    except Problem as problem:
        form.errors = {"": problem.detail} if problem.status == 404 else refusal(problem)
        return await _page(request, form)
    return RedirectResponse(f"{AT}?done={done}", 303)


async def _page(request: Request, form: Form) -> Response:
    """A board is for the day on which something does not answer: the rest is shown all the same."""
    caller = await staff(request, Role.SRE, Role.SUPPORT)
    api, is_operator = gateway(request), caller.role is Role.SRE
    emails, kept, summary = await asyncio.gather(
        _asked(api.call(request, GetEmails, EmailsAnswer, {"failed_only": "true"})),
        _asked(api.call(request, GetQuarantine, QuarantineAnswer)),
        _asked(api.call(request, GetSummary, SummaryAnswer)),
    )
    services, parked = await _services(request) if is_operator else ([], [])
    overdue = 0 if is_operator else await _overdue(request)
    failed = emails.emails if isinstance(emails, EmailsAnswer) else ()
    waiting = kept.waiting if isinstance(kept, QuarantineAnswer) else 0
    counts = present.summary(summary.rows) if isinstance(summary, SummaryAnswer) else []
    later = summary.waiting if isinstance(summary, SummaryAnswer) else ()
    asked = {"emails": emails, "kept": kept, "summary": summary}
    return await show(
        request,
        "operations.html",
        caller,
        is_operator=is_operator,
        services=services,
        parked=parked,
        emails=failed,
        waiting=waiting,
        summary=counts,
        later=later,
        hidden={name for name, said in asked.items() if _status(said) == 403},
        silent={name for name, said in asked.items() if _status(said) >= 500},
        attention=present.attention(services, parked, failed, waiting, overdue),
        kinds=present.KINDS,
        states=present.STATES,
        outcomes=present.OUTCOMES,
        form=form,
        errors=form.errors,
    )


async def _services(
    request: Request,
) -> tuple[list[present.ServiceRow], list[tuple[str, present.Parked]]]:
    """All services at once: the slowest, or the time-out of one, is how long it takes."""
    health, parked = await asyncio.gather(
        asyncio.gather(*(_operator(request, s, "health", present.Health) for s in SERVICES)),
        asyncio.gather(*(_operator(request, s, "parked", present.ParkedList) for s in SERVICES)),
    )
    rows = [present.service_row(s, h) for s, h in zip(SERVICES, health, strict=True)]
    return rows, present.parked(dict(zip(SERVICES, parked, strict=True)))


async def _operator(request: Request, service: str, what: str, answer: type[M]) -> M | None:
    path = f"/api/v1/ops/{service}/{what}"
    said = await _asked(gateway(request).raw(request, "GET", path))
    return None if isinstance(said, Problem) else answer.model_validate_json(said.content)


async def _overdue(request: Request) -> int:
    """How many registrations have waited too long (R57)."""
    call = gateway(request).call(request, RegistrationQueue, RegistrationsAnswer)
    said = await _asked(call)
    return 0 if isinstance(said, Problem) else sum(item.overdue for item in said.items)


async def _asked(call: Awaitable[A]) -> A | Problem:
    """What is not for this role, and what is down, costs its own section and no other."""
    try:
        return await call
    except Problem as problem:
        if problem.status == 403 or problem.status >= 500:
            return problem
        raise


def _status(said: object) -> int:
    return said.status if isinstance(said, Problem) else 200


routes = [
    Route(AT, board),
    Route(f"{AT}/parked", settle_parked, methods=["POST"]),
]
