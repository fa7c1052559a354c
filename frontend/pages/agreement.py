"""The current terms and HIPAA agreement, accepted for one person's record (R32).

A new provider asks for nothing here; a new version of a document does, once per person.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contracts.common import Done
from contracts.identity import AcceptAgreement, Connection, ConnectionsAnswer
from contracts.practice import Terms
from frontend.client import Problem, gateway
from frontend.forms import posted
from frontend.pages.connections import connections
from frontend.presenters.people import spoken
from frontend.records import patient
from frontend.rendering import render
from frontend.texts import language_of, text

STEPS = {"terms": 1, "hipaa": 2}
AGAIN = ("version", "order")


async def page(request: Request) -> Response:
    """`?for=` says for whom, else for the first that waits; `?then=` where they were."""
    await patient(request)
    wanted = request.query_params.get("for", "")
    return await _page(request, wanted, _local(request.query_params.get("then", "")))


async def step(request: Request) -> Response:
    """One document accepted: on to the next that is due, or back to where they were."""
    await patient(request)
    form = await posted(request)
    wanted, then = form.get("for"), _local(form.get("then"))
    fields = {"patient": wanted} | {name: form.get(name) for name in ("document", "version")}
    try:
        await gateway(request).call(request, AcceptAgreement, Done, fields, form.get("key"))
    except Problem as problem:
        if problem.code not in AGAIN:
            raise
        notice = text(language_of(request), f"invitation.e_{problem.code}")
        return await _page(request, wanted, then, notice)
    return await _page(request, wanted, then)


async def _page(request: Request, wanted: str, then: str, notice: str = "") -> Response:
    answer = await connections(request)
    found = _due(answer, wanted)
    if found is None:
        return RedirectResponse(then or _home(answer, wanted), 303)
    document = "terms" if found.terms != answer.terms else "hipaa"
    return await render(
        request,
        "agreement.html",
        patient=found.patient,
        name=spoken(found.name),
        own=found.basis == "self",
        document=document,
        number=STEPS[document],
        shown=await _document(request, document, answer),
        then=then,
        notice=notice,
    )


def _due(answer: ConnectionsAnswer, wanted: str) -> Connection | None:
    due = [c for c in answer.connections if c.state == "agreement-due"]
    return next((c for c in due if not wanted or c.patient == wanted), None)


def _home(answer: ConnectionsAnswer, wanted: str) -> str:
    others = {c.patient for c in answer.connections if c.basis != "self"}
    return f"/for/{wanted}/home" if wanted in others else "/home"


async def _document(request: Request, document: str, answer: ConnectionsAnswer) -> Terms:
    """The version that identity asks for, with the practice's words."""
    version = answer.terms if document == "terms" else answer.hipaa
    profile = (await gateway(request).profile(request)).profile
    for each in profile.terms:
        if (each.document, each.version) == (document, version):
            return each
    raise Problem(503, "not-configured", "The practice has no such document yet.")


def _local(then: str) -> str:
    """A path of our own; anything else, which may lead to another site, is dropped."""
    return then if then.startswith("/") and not then.startswith(("//", "/\\")) else ""


routes = [
    Route("/agreement", page, methods=["GET"]),
    Route("/agreement", step, methods=["POST"]),
]
