"""The provider's inbox: results to review, one report with every value, verify (S4, R18)."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contracts.common import Caller, Done, Role
from contracts.labs import GetInbox, GetReport, InboxAnswer, ReportAnswer, VerifyReport
from contracts.practice import GetProviders, ProvidersAnswer
from frontend.cards import cards_of, find_card
from frontend.client import Problem, gateway
from frontend.desk import refusal, show, staff
from frontend.forms import Form, posted
from frontend.pages import staff_glass
from frontend.presenters import inbox as present

AT = "/staff/inbox"
NOT_ON_PANEL: Final = "break-glass"
MOST_VALUES: Final = 2100
"""A report has at most 2,000 values, and the form some fields of its own."""


async def queue(request: Request) -> Response:
    """Oldest first; `cover` shows the colleagues' whom one stands in for."""
    caller = await staff(request, Role.PROVIDER)
    cover = _cover(request)
    asked = {"cover": "true"} if cover else {}
    answer = await gateway(request).call(request, GetInbox, InboxAnswer, asked)
    cards = await cards_of(request, (row.patient for row in answer.reports))
    going_on = request.query_params.get("done") == "reviewed"
    rows = present.rows(answer.reports, cards, cover, going_on)
    covered = await _colleagues(request, caller) if cover else []
    return await show(request, "staff-inbox.html", caller, rows=rows, cover=cover, covered=covered)


async def report(request: Request) -> Response:
    """Every value, and whether it will reach the portal."""
    return await _report(request, Form())


async def verify(request: Request) -> Response:
    """All values or the chosen ones, in the version that the provider saw."""
    async with request.form(max_files=0, max_fields=MOST_VALUES) as data:
        keys = [str(key) for key in data.getlist("values")]
    form = await posted(request)
    everything = form.get("what") == "all"
    if not (everything or keys):
        form.errors["values"] = "Choose at least one value, or verify all"
        return await _report(request, form)
    id = request.path_params["report"]
    nothing_left = everything or str(len(keys)) == form.get("waiting")
    fields = {"report": id, "revision": form.number("revision"), "keys": [] if everything else keys}
    try:
        await gateway(request).call(request, VerifyReport, Done, fields, form.get("key"))
    except Problem as problem:
        if problem.code == NOT_ON_PANEL:
            return await _glass(request)
        if problem.code == "stale":
            return await _report(request, form, newer=True)
        form.errors = refusal(problem)
        return await _report(request, form)
    then = f"{AT}?done=reviewed" if nothing_left else f"{AT}/{id}?done=reviewed-some"
    return RedirectResponse(then + ("&cover=1" if _cover(request) else ""), 303)


async def _report(request: Request, form: Form, newer: bool = False) -> Response:
    """`newer`: what was to be verified is no longer the newest version, which is now shown."""
    caller = await staff(request, Role.PROVIDER)
    asked = {"report": request.path_params["report"]}
    try:
        answer = await gateway(request).call(request, GetReport, ReportAnswer, asked)
    except Problem as problem:
        if problem.code != NOT_ON_PANEL:
            raise
        return await _glass(request)
    card = await find_card(request, answer.patient)
    values = present.values(answer)
    return await show(
        request,
        "staff-report.html",
        caller,
        409 if newer else 200,
        newer=newer,
        report=answer,
        card=card,
        patient=present.name_of(answer.patient, card),
        values=values,
        waiting=[value for value in values if not value.verified],
        whole=present.whole(answer),
        earlier=present.earlier(answer),
        flags=present.FLAGS,
        statuses=present.STATUSES,
        cover=_cover(request),
        errors=form.errors,
    )


async def _glass(request: Request) -> Response:
    """The queue's links say whose report it is; a report alone does not tell who is not to know."""
    patient = request.query_params.get("patient", "")
    return await staff_glass.ask(request, patient, request.path_params["report"])


async def _colleagues(request: Request, caller: Caller) -> list[str]:
    """The names of those whom one stands in for."""
    if not caller.covers:
        return []
    answer = await gateway(request).call(request, GetProviders, ProvidersAnswer)
    return [one.name for one in answer.providers if one.id in caller.covers]


def _cover(request: Request) -> bool:
    return request.query_params.get("cover") == "1"


routes = [
    Route(AT, queue),
    Route(f"{AT}/{{report}}", report, methods=["GET"]),
    Route(f"{AT}/{{report}}/verify", verify, methods=["POST"]),
]
