"""A forgotten password: a link by e-mail, then a new password. Nothing says who has an account."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contracts.common import Done, Nothing
from contracts.identity import LinkAnswer, OpenLink, RequestReset, ResetPassword
from frontend.chrome import beside
from frontend.client import Problem, gateway
from frontend.forms import Form, posted
from frontend.rendering import render
from frontend.texts import language_of, text

ENDINGS = ("expired", "used", "unknown")


async def forgot(request: Request) -> Response:
    """Where should the link go?"""
    return await _forgot(request, Form())


async def send_link(request: Request) -> Response:
    """The same answer for every address, and for the try that is one too many (R44)."""
    form = await posted(request)
    wrong = text(language_of(request), "forgot.e_email")
    if not form.get("email"):
        form.errors["email"] = wrong
        return await _forgot(request, form)
    try:
        await gateway(request).call(request, RequestReset, Nothing, {"email": form.get("email")})
    except Problem as problem:
        if problem.errors:  # it is no e-mail address at all
            form.errors["email"] = wrong
            return await _forgot(request, form)
        if problem.status != 429:
            raise
    return RedirectResponse("/forgot/sent", 303)


async def sent(request: Request) -> Response:
    """What to expect, whoever it was."""
    return await render(request, "forgot-sent.html")


async def start(request: Request) -> Response:
    """Only a button: mail scanners follow links, and looking consumes nothing."""
    return await render(request, "link-start.html", group="reset")


async def step(request: Request) -> Response:
    """First the form, then the new password with the same link."""
    form = await posted(request)
    if form.get("step") != "finish":
        return await _open(request)
    lang = language_of(request)
    password = form.values.get("password", "")
    if not password:
        form.errors["password"] = text(lang, "security.e_new")
        return await _form(request, form)
    fields = {"link": request.path_params["link"], "password": password}
    try:
        await gateway(request).call(request, ResetPassword, Done, fields)
    except Problem as problem:
        if problem.code in ENDINGS:
            return await _ending(request, problem.code)
        form.errors = beside(problem, lang, {"weak-password": "password"})
        return await _form(request, form)
    return RedirectResponse("/sign-in?why=reset", 303)


async def _open(request: Request) -> Response:
    link = {"link": request.path_params["link"]}
    answer = await gateway(request).call(request, OpenLink, LinkAnswer, link)
    if answer.state != "open":
        return await _ending(request, answer.state)
    if answer.purpose != "password-reset":
        return await _ending(request, "unknown")
    return await _form(request, Form())


async def _forgot(request: Request, form: Form) -> Response:
    return await render(request, "forgot.html", status=422 if form.errors else 200, form=form)


async def _form(request: Request, form: Form) -> Response:
    return await render(request, "reset.html", status=422 if form.errors else 200, form=form)


async def _ending(request: Request, kind: str) -> Response:
    return await render(request, "link-ending.html", group="reset", kind=kind)


routes = [
    Route("/forgot", forgot, methods=["GET"]),
    Route("/forgot", send_link, methods=["POST"]),
    Route("/forgot/sent", sent),
    Route("/reset/{link}", start, methods=["GET"]),
    Route("/reset/{link}", step, methods=["POST"]),
]
