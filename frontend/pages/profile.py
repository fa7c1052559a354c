"""Who the record in view says that somebody is, and what is wrong about it (R59).

Nothing here changes a record: a correction is a request, and staff check it.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contracts.common import Done
from contracts.identity import GetPatient, PatientsAnswer, RequestCorrection
from frontend.client import Problem, gateway
from frontend.forms import Form, in_words, posted
from frontend.presenters.people import one_line, spoken
from frontend.records import in_record, of_record
from frontend.rendering import render
from frontend.texts import language_of, text

FIELDS = ("name", "born", "sex", "address", "phone", "email", "other")
SHORTEST = 3


async def page(request: Request) -> Response:
    """The card of the record in view."""
    caller = await gateway(request).session(request)
    fields = {"patient": caller.patient}
    answer = await gateway(request).call(request, GetPatient, PatientsAnswer, fields)
    card = answer.patients[0]
    return await render(
        request,
        "profile.html",
        card=card,
        name=spoken(card.name),
        address=one_line(card.address),
        sent=request.query_params.get("done") == "sent",
    )


async def form_page(request: Request) -> Response:
    """What is wrong, and what it should be."""
    return await _form(request, Form())


async def ask(request: Request) -> Response:
    """Off to support; the record stays as it is."""
    form = await posted(request)
    lang = language_of(request)
    if form.get("field") not in FIELDS:
        form.errors["field"] = text(lang, "correction.e_field")
    if len(form.get("says")) < SHORTEST:
        form.errors["says"] = text(lang, "correction.e_says")
    if form.errors:
        return await _form(request, form)
    fields = {"field": form.get("field"), "says": form.get("says")}
    try:
        await gateway(request).call(request, RequestCorrection, Done, fields, form.get("key"))
    except Problem as problem:
        if not problem.errors:
            raise
        form.errors = in_words(problem.errors, lang, "correction")
        return await _form(request, form)
    return in_record(request, "/profile", done="sent")


async def _form(request: Request, form: Form) -> Response:
    status = 422 if form.errors else 200
    return await render(request, "correction.html", status=status, form=form, fields=FIELDS)


routes = [
    Route("/profile", of_record(page)),
    Route("/profile/correction", of_record(form_page), methods=["GET"]),
    Route("/profile/correction", of_record(ask), methods=["POST"]),
]
