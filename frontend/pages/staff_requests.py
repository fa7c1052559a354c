"""Support's queue of requests: relations to verify, corrections, notices (S1, S3, S13, R54, R59)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contracts.common import Done, Role
from contracts.identity import (
    CloseItem,
    GetItem,
    GetItems,
    Item,
    ItemAnswer,
    ItemsAnswer,
    PatientCard,
    TakeItem,
)
from frontend.cards import cards_of, searched
from frontend.client import Problem, gateway
from frontend.desk import refusal, show, staff
from frontend.forms import Form, posted
from frontend.presenters import people
from frontend.presenters import requests as present

AT = "/staff/requests"
SHORTEST = 3


async def queue(request: Request) -> Response:
    """Open and taken items, oldest first."""
    caller = await staff(request, Role.SUPPORT)
    items = (await gateway(request).call(request, GetItems, ItemsAnswer)).items
    cards = await cards_of(request, (item.patient for item in items if item.patient))
    rows = [(item, present.title(item, cards), present.asks(item)) for item in items]
    late = sum(item.overdue for item in items)
    return await show(request, "staff-requests.html", caller, rows=rows, late=late)


async def item(request: Request) -> Response:
    """What is asked, beside the records that it may mean."""
    return await _item(request, Form())


async def take(request: Request) -> Response:
    """From now on the item is this person's."""
    form = await posted(request)
    return await _act(request, form, TakeItem, {}, f"{AT}/{_id(request)}?done=taken")


async def find(request: Request) -> Response:
    """Search the index for a record that was not among the candidates."""
    form = await posted(request)
    return await _item(request, form, await searched(request, form))


async def close(request: Request) -> Response:
    """Without doing what was asked, or after reading a notice; the answer is for who asked."""
    form = await posted(request)
    if len(form.get("answer")) < SHORTEST:
        form.errors["answer"] = "Write a sentence"
        return await _item(request, form)
    done = "read" if form.get("kind") == "notice" else "answered"
    fields = {"answer": form.get("answer")}
    return await _act(request, form, CloseItem, fields, f"{AT}?done={done}")


async def _act(
    request: Request, form: Form, command: type[Any], fields: Mapping[str, str], then: str
) -> Response:
    asked = {"item": _id(request), **fields}
    try:
        await gateway(request).call(request, command, Done, asked, form.get("key"))
    except Problem as problem:
        form.errors = refusal(problem)
        return await _item(request, form)
    return RedirectResponse(then, 303)


async def _item(
    request: Request, form: Form, found: Iterable[PatientCard] | None = None
) -> Response:
    caller = await staff(request, Role.SUPPORT)
    answer = await gateway(request).call(request, GetItem, ItemAnswer, {"item": _id(request)})
    one = answer.item
    cards = (*one.candidates, *(found or ()))
    return await show(
        request,
        "staff-request.html",
        caller,
        item=one,
        title=present.title(one, {card.patient: card for card in cards}),
        asks=present.asks(one),
        cards=cards,
        candidates=_candidates(one, cards),
        searched=found is not None,
        full_name=people.full_name,
        one_line=people.one_line,
        form=form,
        errors=form.errors,
    )


def _candidates(one: Item, cards: Iterable[PatientCard]) -> list[people.Candidate]:
    """A request for a relation is about one person."""
    return people.candidates(people.described(one.people[0]), cards) if one.people else []


def _id(request: Request) -> str:
    return str(request.path_params["item"])


routes = [
    Route(AT, queue),
    Route(f"{AT}/{{item:id}}", item, methods=["GET"]),
    Route(f"{AT}/{{item:id}}/take", take, methods=["POST"]),
    Route(f"{AT}/{{item:id}}/find", find, methods=["POST"]),
    Route(f"{AT}/{{item:id}}/close", close, methods=["POST"]),
]
