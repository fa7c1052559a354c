"""Support's queue of registrations that matched no record (S1, R49, R50, R57)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contracts.common import Done, Role
from contracts.identity import (
    GetRegistration,
    PatientCard,
    RegistrationAnswer,
    RegistrationQueue,
    RegistrationsAnswer,
    RejectRegistration,
    TakeRegistration,
    VerifyRegistration,
)
from frontend.cards import find_card, searched
from frontend.client import Problem, gateway
from frontend.desk import refusal, show, staff
from frontend.forms import Form, posted
from frontend.presenters import people

AT = "/staff/registrations"
SHORTEST = 3
UNDER_18 = "under 18"
"""The reason of a form about a minor, whom a parent or caregiver registers (R54)."""


async def queue(request: Request) -> Response:
    """Open and taken items, oldest first."""
    caller = await staff(request, Role.SUPPORT)
    answer = await gateway(request).call(request, RegistrationQueue, RegistrationsAnswer)
    return await show(request, "staff-registrations.html", caller, items=answer.items)


async def item(request: Request) -> Response:
    """The form beside the records it may mean."""
    return await _item(request, Form())


async def take(request: Request) -> Response:
    """From now on the item is this person's."""
    form = await posted(request)
    fields = {"registration": _id(request)}
    return await _act(request, form, TakeRegistration, fields, f"{AT}/{_id(request)}?done=taken")


async def find(request: Request) -> Response:
    """Search the index for a record that was not among the candidates."""
    form = await posted(request)
    return await _item(request, form, await searched(request, form))


async def verify(request: Request) -> Response:
    """Support says who this is and how they know; the invitation goes out (R50)."""
    form = await posted(request)
    if not form.get("patient"):
        form.errors["patient"] = "Choose the record that belongs to this person"
    if len(form.get("evidence")) < SHORTEST:
        form.errors["evidence"] = "Say how you checked who this is"
    if form.errors:
        return await _item(request, form)
    fields = {
        "registration": _id(request),
        "patient": form.get("patient"),
        "evidence": form.get("evidence"),
    }
    return await _act(request, form, VerifyRegistration, fields, f"{AT}?done=verified")


async def reject(request: Request) -> Response:
    """Support could not verify; the item closes without an invitation."""
    form = await posted(request)
    if len(form.get("reason")) < SHORTEST:
        form.errors["reason"] = "Say why you could not verify who this is"
        return await _item(request, form)
    fields = {"registration": _id(request), "reason": form.get("reason")}
    return await _act(request, form, RejectRegistration, fields, f"{AT}?done=rejected")


async def _act(
    request: Request, form: Form, command: type[Any], fields: Mapping[str, str], then: str
) -> Response:
    try:
        await gateway(request).call(request, command, Done, fields, form.get("key"))
    except Problem as problem:
        form.errors = refusal(problem)
        return await _item(request, form)
    return RedirectResponse(then, 303)


async def _item(
    request: Request, form: Form, found: Iterable[PatientCard] | None = None
) -> Response:
    caller = await staff(request, Role.SUPPORT)
    fields = {"registration": _id(request)}
    answer = await gateway(request).call(request, GetRegistration, RegistrationAnswer, fields)
    item = answer.item
    cards = [*item.candidates, *(found or ())]
    chosen = form.get("patient")
    if chosen and all(card.patient != chosen for card in cards):
        card = await find_card(request, chosen)
        cards += [card] if card else []
    return await show(
        request,
        "staff-registration.html",
        caller,
        item=item,
        minor=item.reason == UNDER_18,
        mine=item.state == "taken" and item.taken_by == caller.name,
        candidates=people.candidates(item.form, cards),
        searched=found is not None,
        form=form,
        errors=form.errors,
    )


def _id(request: Request) -> str:
    return str(request.path_params["registration"])


routes = [
    Route(AT, queue),
    Route(f"{AT}/{{registration}}", item, methods=["GET"]),
    Route(f"{AT}/{{registration}}/take", take, methods=["POST"]),
    Route(f"{AT}/{{registration}}/find", find, methods=["POST"]),
    Route(f"{AT}/{{registration}}/verify", verify, methods=["POST"]),
    Route(f"{AT}/{{registration}}/reject", reject, methods=["POST"]),
]
