"""Signing in and out."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contracts.common import Nothing, Role
from contracts.identity import SessionAnswer, SignIn, SignOut
from frontend.client import Problem, gateway
from frontend.forms import Form, posted
from frontend.rendering import render
from frontend.texts import language_of, text


async def page(request: Request) -> Response:
    """The form, for patients and staff; `why` says why somebody lands here unasked."""
    return await _form(request, Form(), request.query_params.get("why") == "signed-out")


async def sign_in(request: Request) -> Response:
    """The role decides where a person begins."""
    form = await posted(request)
    lang = language_of(request)
    for name in ("email", "password"):
        if not form.values.get(name):
            form.errors[name] = text(lang, f"sign_in.e_{name}")
    if form.errors:
        return await _form(request, form)
    fields = {"email": form.get("email"), "password": form.values["password"]}
    try:
        answer = await gateway(request).call(request, SignIn, SessionAnswer, fields)
    except Problem as problem:
        form.errors = _sentence(problem, lang)
        return await _form(request, form)
    start = "/home" if answer.caller.role is Role.PATIENT else "/staff"
    return RedirectResponse(start, 303)


def _sentence(problem: Problem, lang: str) -> dict[str, str]:
    """A malformed address is answered like a wrong one: nobody learns which it was."""
    if problem.code == "sign-in-refused" or problem.errors:
        return {"email": text(lang, "sign_in.e_refused")}
    if problem.status == 429:
        return {"email": text(lang, "errors.too_many")}
    raise problem


async def sign_out(request: Request) -> Response:
    """The session ends now, and the page says so."""
    await gateway(request).call(request, SignOut, Nothing, {})
    return RedirectResponse("/signed-out", 303)


async def signed_out(request: Request) -> Response:
    """After signing out, or after ten minutes without activity (R45)."""
    idle = request.query_params.get("why") == "idle"
    return await render(request, "signed-out.html", idle=idle)


async def _form(request: Request, form: Form, was_signed_out: bool = False) -> Response:
    return await render(
        request,
        "sign-in.html",
        status=422 if form.errors else 200,
        form=form,
        was_signed_out=was_signed_out,
    )


routes = [
    Route("/sign-in", page, methods=["GET"]),
    Route("/sign-in", sign_in, methods=["POST"]),
    Route("/sign-out", sign_out, methods=["POST"]),
    Route("/signed-out", signed_out),
]
