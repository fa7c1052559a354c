"""The patient misses a result: why some do not come, a question to the staff, and its answer (R21).

Nothing here knows which results exist: the words are the same for everybody (R20, R30, R31).
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contracts.common import Done
from contracts.labs import GetMyMissing, MyMissingAnswer, ReportMissing
from contracts.practice import GetProviders, ProvidersAnswer
from frontend import dates
from frontend.client import Problem, gateway
from frontend.forms import Form, in_words, posted
from frontend.presenters import missing as present
from frontend.records import in_record, of_record
from frontend.rendering import render
from frontend.texts import language_of, text

AT = "/results/missing"
SHORTEST = 2
FIRST_DAY: Final = timedelta(days=8)
"""From this day after the sample was taken one may ask; labs refuses what is earlier."""


async def page(request: Request) -> Response:
    """Own questions, why a result may not be there, and the form."""
    return await _page(request, Form())


async def ask(request: Request) -> Response:
    """Off to the staff. What is not right is said beside its field, in the reader's language."""
    form = await posted(request)
    lang = language_of(request)
    collected = form.date("collected")
    if len(form.get("test")) < SHORTEST:
        form.errors["test"] = text(lang, "missing.e_test")
    if not form.get("provider"):
        form.errors["provider"] = text(lang, "missing.e_provider")
    if collected is None:
        form.errors["collected"] = text(lang, "missing.e_collected")
    if form.errors or collected is None:
        return await _page(request, form)
    fields = {name: form.get(name) for name in ("test", "provider")}
    fields["collected"] = collected.isoformat()
    try:
        await gateway(request).call(request, ReportMissing, Done, fields, form.get("key"))
    except Problem as problem:
        zone = (await gateway(request).profile(request)).profile.zone
        first = dates.day(collected + FIRST_DAY, zone, lang)
        form.errors = _refused(problem, lang, first)
        return await _page(request, form)
    return in_record(request, AT, done="sent")


def _refused(problem: Problem, lang: str, first: str) -> dict[str, str]:
    match problem.code:
        case "too-early":
            return {"collected": text(lang, "missing.e_too_early", day=first)}
        case "future":
            return {"collected": text(lang, "missing.e_future")}
        case "unknown-provider":
            return {"provider": text(lang, "missing.e_provider")}
        case "too-many":
            return {"": text(lang, "missing.e_too_many")}
        case _ if problem.errors:
            return in_words(problem.errors, lang, "missing")
    raise problem


async def _page(request: Request, form: Form) -> Response:
    lang = language_of(request)
    t = partial(text, lang)
    api = gateway(request)
    zone = (await api.profile(request)).profile.zone
    day = partial(dates.day, zone=zone, lang=lang)
    found = await api.call(request, GetMyMissing, MyMissingAnswer)
    listed = await api.call(request, GetProviders, ProvidersAnswer)
    is_sent = request.query_params.get("done") == "sent" and not form.errors
    return await render(
        request,
        "missing.html",
        422 if form.errors else 200,
        questions=present.questions(found.tickets, t, day),
        sent=found.tickets[0] if is_sent and found.tickets else None,
        providers=present.providers(listed.providers, t("missing.choose")),
        form=form,
    )


routes = [
    Route(AT, of_record(page), methods=["GET"]),
    Route(AT, of_record(ask), methods=["POST"]),
]
