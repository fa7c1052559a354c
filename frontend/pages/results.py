"""The patient's laboratory results, and the start page that says what is new."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contracts.common import Caller, Done
from contracts.identity import ConnectionsAnswer, GetConnections, GetPatient, PatientsAnswer
from contracts.labs import GetResult, GetResults, MarkSeen, ResultAnswer, ResultsAnswer
from frontend import dates
from frontend.client import Problem, base_of, carried, gateway, is_background, now
from frontend.presenters import results as present
from frontend.presenters.needs import Need, needs
from frontend.presenters.people import spoken
from frontend.presenters.practice import today_at
from frontend.presenters.records import choices
from frontend.records import PROXY, of_record
from frontend.rendering import render
from frontend.texts import language_of, text

LATEST = 3


async def home(request: Request) -> Response:
    """A greeting, what waits for the reader, whether something is new, and whom to switch to."""
    api = gateway(request)
    caller = await api.session(request)
    answer = await api.call(request, GetResults, ResultsAnswer)
    t, day = await _words(request)
    records = carried(request).records
    return await render(
        request,
        "home.html",
        first_name=caller.name.split(" ")[0] if caller.name else "",
        new=sum(row.is_new for row in answer.results),
        rows=present.rows(answer.results[:LATEST], t, day, base_of(request)),
        needs=await _needs(request, t, day),
        family=choices(records, caller.patient, t) if len(records) > 1 else (),
    )


async def _needs(request: Request, t: present.Words, day: partial[str]) -> list[Need]:
    """Nobody is asked for who comes for themselves alone: none of it concerns them."""
    records = carried(request).records
    if all(each.basis == "self" and each.state == "open" for each in records):
        return []
    found = await gateway(request).call(request, GetConnections, ConnectionsAnswer)
    today = today_at(day.keywords["zone"], now(request))
    return needs(found, today, t, day, base_of(request))


async def listing(request: Request) -> Response:
    """All visible results. There is no word, here or anywhere, about others (R19, R30)."""
    answer = await gateway(request).call(request, GetResults, ResultsAnswer)
    t, day = await _words(request)
    rows = present.rows(answer.results, t, day, base_of(request))
    return await render(request, "results.html", rows=rows)


async def result(request: Request) -> Response:
    """One report, with the name of whose it is for print. Making the page marks it seen, unless the page
    loaded by itself.
    """
    api = gateway(request)
    caller = await api.session(request)
    report = request.path_params["report"]
    answer = await api.call(request, GetResult, ResultAnswer, {"report": report})
    if not (answer.being_corrected or is_background(request)):
        await _mark_seen(request, answer)
    t, day = await _words(request)
    short = partial(dates.short_day, **day.keywords)
    return await render(
        request,
        "result.html",
        result=answer,
        values=present.values(answer, t, day, short),
        patient=await _patients_name(request, caller),
    )


async def _patients_name(request: Request, caller: Caller) -> str:
    """A proxy's own name must not stand on a print of somebody else's result."""
    if caller.basis not in PROXY:
        return caller.name
    fields = {"patient": caller.patient}
    answer = await gateway(request).call(request, GetPatient, PatientsAnswer, fields)
    return spoken(answer.patients[0].name)


async def _mark_seen(request: Request, answer: ResultAnswer) -> None:
    """A result that cannot be marked is shown all the same; it stays "new".

    Without a key: a result may become new again as it was before, and to mark it twice is harmless.
    """
    try:
        await gateway(request).call(request, MarkSeen, Done, {"report": answer.report})
    except Problem as problem:
        if problem.code == "signed-out":
            raise


async def _words(request: Request) -> tuple[present.Words, partial[str]]:
    lang = language_of(request)
    zone = (await gateway(request).profile(request)).profile.zone
    return partial(text, lang), partial(dates.day, zone=zone, lang=lang)


routes = [
    Route("/home", of_record(home)),
    Route("/results", of_record(listing)),
    Route("/results/{report}", of_record(result)),
]
