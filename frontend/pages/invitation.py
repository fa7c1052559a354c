"""What the e-mailed link leads to: terms, HIPAA agreement, code and password (R51, R56).

GET shows a button and asks nobody: mail scanners follow links. Every step is a POST to the same
address, and identity says which step comes next, so that a reload or another device goes on.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contracts.common import Done, Nothing
from contracts.identity import (
    AcceptDocument,
    CompleteEnrolment,
    InvitationAnswer,
    OpenInvitation,
    RenewInvitation,
    SessionAnswer,
)
from contracts.practice import Terms
from frontend.client import Problem, gateway, now
from frontend.forms import Form, in_words, posted
from frontend.presenters.practice import newest_terms, today_at
from frontend.rendering import render
from frontend.texts import language_of, text

STEPS = {"terms": 1, "hipaa": 2}
ENDINGS = ("expired", "void", "used", "unknown", "burned", "renewed", "declined", "cannot")
BESIDE_FIELDS = ("wrong-code", "wrong-password", "weak-password", "invalid")
FIELDS = ("code", "born", "password")


async def start(request: Request) -> Response:
    """Only a button: nothing is consumed by looking."""
    return await render(request, "invitation-start.html")


async def step(request: Request) -> Response:
    """One step forward."""
    form = await posted(request)
    match form.get("step"):
        case "accept":
            return await _accept(request, form)
        case "finish":
            return await _finish(request, form)
        case "renew":
            return await _renew(request, form)
        case "decline":
            return await _ending(request, "declined")
    return await _next(request, Form())


async def _next(request: Request, form: Form, notice: str = "") -> Response:
    """The page of the step that identity says is due."""
    link = request.path_params["link"]
    api = gateway(request)
    answer = await api.call(request, OpenInvitation, InvitationAnswer, {"link": link})
    if answer.state != "open":
        return await _ending(request, answer.state)
    if answer.terms_accepted and answer.hipaa_accepted:
        another = answer.for_another
        return await _page(request, "invitation-finish.html", form=form, for_another=another)
    document = "hipaa" if answer.terms_accepted else "terms"
    return await _page(
        request,
        "invitation-document.html",
        document=document,
        number=STEPS[document],
        shown=await _document(request, document),
        notice=notice,
        form=form,
    )


async def _page(request: Request, template: str, form: Form, **context: Any) -> Response:
    status = 422 if form.errors else 200
    return await render(request, template, status=status, form=form, **context)


async def _document(request: Request, document: str) -> Terms:
    profile = (await gateway(request).profile(request)).profile
    found = newest_terms(profile.terms, document, today_at(profile.zone, now(request)))
    if found is None:
        raise Problem(503, "not-configured", "The practice has no such document yet.")
    return found


async def _accept(request: Request, form: Form) -> Response:
    """The version that the reader saw; when it has just changed, they read the newer one."""
    fields = {
        "link": request.path_params["link"],
        "document": form.get("document"),
        "version": form.get("version"),
    }
    try:
        await gateway(request).call(request, AcceptDocument, Done, fields, form.get("key"))
    except Problem as problem:
        if problem.code in ("version", "order"):
            notice = text(language_of(request), f"invitation.e_{problem.code}")
            return await _next(request, Form(), notice)
        return await _refused(request, problem)
    return await _next(request, Form())


async def _finish(request: Request, form: Form) -> Response:
    """Code, date of birth and password; then the person is signed in (R51)."""
    lang = language_of(request)
    born = form.date("born")
    given = {"code": form.get("code"), "born": born, "password": form.values.get("password")}
    for name in FIELDS:
        if not given[name]:
            form.errors[name] = text(lang, f"invitation.e_{name}")
    if form.errors or born is None:
        return await _next(request, form)
    fields = given | {"link": request.path_params["link"], "born": born.isoformat()}
    try:
        await gateway(request).call(request, CompleteEnrolment, SessionAnswer, fields)
    except Problem as problem:
        if problem.code == "order":
            return await _next(request, Form())
        if problem.code in BESIDE_FIELDS and problem.errors:
            form.errors = _beside(problem, lang)
            return await _next(request, form)
        return await _refused(request, problem)
    return RedirectResponse("/home", 303)


def _beside(problem: Problem, lang: str) -> dict[str, str]:
    """English shows the gateway's own sentence: it says how many tries are left."""
    if problem.code == "wrong-password" and lang != "en":
        return {"password": text(lang, "invitation.e_wrong_password")}
    return dict(problem.errors) if lang == "en" else in_words(problem.errors, lang, "invitation")


async def _renew(request: Request, form: Form) -> Response:
    """The expired page's button (R56)."""
    fields = {"link": request.path_params["link"]}
    try:
        await gateway(request).call(request, RenewInvitation, Nothing, fields, form.get("key"))
    except Problem as problem:
        return await _refused(request, problem)
    return await _ending(request, "renewed")


async def _refused(request: Request, problem: Problem) -> Response:
    """Each refusal has a page that says what to do; others are not about the invitation."""
    if problem.code in ENDINGS:
        return await _ending(request, problem.code)
    if problem.code in ("unavailable", "address-in-use") and problem.status < 500:
        return await _ending(request, "cannot")
    if problem.code == "still-open":
        return await _next(request, Form())
    raise problem


async def _ending(request: Request, kind: str) -> Response:
    days = (await gateway(request).profile(request)).profile.invitation_days
    return await render(request, "invitation-ending.html", kind=kind, days=days)


routes = [
    Route("/invitation/{link}", start, methods=["GET"]),
    Route("/invitation/{link}", step, methods=["POST"]),
]
