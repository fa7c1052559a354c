"""Asking to be connected to a child, or to a person one cares for (R54, S3)."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contracts.common import Nothing
from contracts.identity import RequestRelation
from frontend.client import Problem, gateway
from frontend.forms import Form, in_words, posted
from frontend.records import in_record, patient
from frontend.rendering import render
from frontend.texts import language_of, look_up, text

MOST = 6
BASES = ("parent", "caregiver")
PARTS = ("given", "family", "born", "zip", "record_number")


async def page(request: Request) -> Response:
    """The form, with one person to begin with."""
    await patient(request)
    return await _form(request, Form(), 1)


async def ask(request: Request) -> Response:
    """`more` and `fewer` are buttons that change the form and send nothing."""
    await patient(request)
    form = await posted(request)
    count = _count(form)
    if form.get("more"):
        return await _form(request, form, min(count + 1, MOST))
    if form.get("fewer"):
        return await _form(request, form, max(count - 1, 1))
    form.errors = _missing(form, count, language_of(request))
    if form.errors:
        return await _form(request, form, count)
    fields = {
        "basis": form.get("basis"),
        "people": [_person(form, number) for number in range(count)],
        "says": form.get("says"),
    }
    try:
        await gateway(request).call(request, RequestRelation, Nothing, fields, form.get("key"))
    except Problem as problem:
        if not problem.errors:
            raise
        form.errors = _beside(problem, language_of(request))
        return await _form(request, form, count)
    return in_record(request, "/family/sent")


async def sent(request: Request) -> Response:
    """One page, whoever was described: it tells nothing about who is a patient."""
    await patient(request)
    days = (await gateway(request).profile(request)).profile.queue_business_days
    return await render(request, "family-sent.html", days=days)


def _count(form: Form) -> int:
    typed = form.number("count")
    return min(max(typed, 1), MOST) if isinstance(typed, int) else 1


def _person(form: Form, number: int) -> dict[str, Any]:
    born = form.date(f"born-{number}")
    words = {part: form.get(f"{part}-{number}") for part in PARTS if part != "born"}
    return words | {"born": born.isoformat() if born else ""}


def _missing(form: Form, count: int, lang: str) -> dict[str, str]:
    """In the order of the fields, so that the summary reads as the page does."""
    errors = {}
    if form.get("basis") not in BASES:
        errors["basis"] = text(lang, "family.e_basis")
    for number in range(count):
        for part in ("given", "family"):
            if not form.get(f"{part}-{number}"):
                errors[f"{part}-{number}"] = text(lang, f"family.e_{part}", number=number + 1)
        if form.date(f"born-{number}") is None:
            errors[f"born-{number}"] = text(lang, "family.e_born", number=number + 1)
    return errors


def _beside(problem: Problem, lang: str) -> dict[str, str]:
    """`people.0.given` is the field `given-0` of this page."""
    fields = {}
    for name, said in problem.errors.items():
        match name.split("."):
            case ["people", number, part, *_] if part in PARTS:
                plain = look_up(lang, f"family.e_{part}")
                shown = text(lang, f"family.e_{part}", number=int(number) + 1) if plain else said
                fields[f"{part}-{number}"] = shown
            case _:
                fields |= in_words({name: said}, lang, "family")
    return fields


async def _form(request: Request, form: Form, count: int) -> Response:
    status = 422 if form.errors else 200
    return await render(
        request, "family-add.html", status=status, form=form, count=count, most=MOST
    )


routes = [
    Route("/family/add", page, methods=["GET"]),
    Route("/family/add", ask, methods=["POST"]),
    Route("/family/sent", sent),
]
