"""View as patient: a provider sees the results as the patient does, by the same filter (S14, R30).

The lists, the presenters and the templates are those of the patient's own pages, so that the two
cannot come apart.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contracts.common import Caller, Role
from contracts.identity import PatientCard
from contracts.labs import ResultAnswer, ResultsAnswer, ViewResult, ViewResults
from frontend import dates
from frontend.cards import card_of
from frontend.client import Problem, gateway
from frontend.desk import show, staff
from frontend.pages import staff_glass
from frontend.presenters import people
from frontend.presenters import results as present
from frontend.texts import text

AT = "/staff/view/{patient:id}"
NOT_ON_PANEL = "break-glass"


async def listing(request: Request) -> Response:
    """Every result that the patient sees, and no word about others (R19, R30)."""
    patient = request.path_params["patient"]
    caller = await staff(request, Role.PROVIDER)
    try:
        asked = {"patient": patient}
        answer = await gateway(request).call(request, ViewResults, ResultsAnswer, asked)
    except Problem as problem:
        return await _glass(request, problem)
    day = await _days(request)
    rows = present.rows(answer.results, partial(text, "en"), day, f"/staff/view/{patient}")
    return await _show(request, "staff-view.html", caller, rows=rows)


async def result(request: Request) -> Response:
    """One result. Looking at it this way does not mark it as seen by the patient."""
    caller = await staff(request, Role.PROVIDER)
    asked = {name: request.path_params[name] for name in ("patient", "report")}
    try:
        answer = await gateway(request).call(request, ViewResult, ResultAnswer, asked)
    except Problem as problem:
        return await _glass(request, problem)
    day = await _days(request)
    short = partial(dates.short_day, **day.keywords)
    values = present.values(answer, partial(text, "en"), day, short)
    return await _show(request, "staff-view-result.html", caller, result=answer, values=values)


async def _glass(request: Request, problem: Problem) -> Response:
    """Not on the panel: the reason is asked for first."""
    if problem.code != NOT_ON_PANEL:
        raise problem
    return await staff_glass.ask(request, request.path_params["patient"])


async def _show(request: Request, template: str, caller: Caller, **context: Any) -> Response:
    card: PatientCard = await card_of(request, request.path_params["patient"])
    return await show(
        request,
        template,
        caller,
        card=card,
        name=people.full_name(card.name),
        emergency=card.patient in caller.glass,
        **context,
    )


async def _days(request: Request) -> partial[str]:
    zone = (await gateway(request).profile(request)).profile.zone
    return partial(dates.day, zone=zone, lang="en")


routes = [
    Route(AT, listing),
    Route(f"{AT}/results/{{report}}", result),
]
