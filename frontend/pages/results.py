"""The patient's laboratory results, and the start page that says what is new."""

from __future__ import annotations

from functools import partial
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contracts.common import Done
from contracts.labs import GetResult, GetResults, MarkSeen, ResultAnswer, ResultsAnswer
from frontend import dates
from frontend.client import Problem, gateway, is_background
from frontend.presenters import results as present
from frontend.rendering import render
from frontend.texts import language_of, text

LATEST = 3


async def home(request: Request) -> Response:
    """A greeting, and whether something is new."""
    api = gateway(request)
    caller = await api.session(request)
    answer = await api.call(request, GetResults, ResultsAnswer)
    t, day = await _words(request)
    return await render(
        request,
        "home.html",
        first_name=caller.name.split(" ")[0] if caller.name else "",
        new=sum(row.is_new for row in answer.results),
        rows=present.rows(answer.results[:LATEST], t, day),
    )


async def listing(request: Request) -> Response:
    """All visible results. There is no word, here or anywhere, about others (R19, R30)."""
    answer = await gateway(request).call(request, GetResults, ResultsAnswer)
    t, day = await _words(request)
    return await render(request, "results.html", rows=present.rows(answer.results, t, day))


async def result(request: Request) -> Response:
    """One report, with the patient's name for print. Making the page marks it seen, unless the page
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
        patient=caller.name,
    )


async def _mark_seen(request: Request, answer: ResultAnswer) -> None:
    """A result that cannot be marked is shown all the same; it stays "new"."""
    key = quote(f"seen-{answer.report}-{answer.verified.isoformat()}", safe="")
    try:
        await gateway(request).call(request, MarkSeen, Done, {"report": answer.report}, key)
    except Problem as problem:
        if problem.code == "signed-out":
            raise


async def _words(request: Request) -> tuple[present.Words, partial[str]]:
    lang = language_of(request)
    zone = (await gateway(request).profile(request)).profile.zone
    return partial(text, lang), partial(dates.day, zone=zone, lang=lang)


routes = [
    Route("/home", home),
    Route("/results", listing),
    Route("/results/{report}", result),
]
