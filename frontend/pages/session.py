"""Signing in, with a password or a passkey, and out."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contracts.common import Nothing
from contracts.identity import SessionAnswer, SignIn, SignInWithPasskey, SignOut
from frontend import landing
from frontend.client import Problem, gateway
from frontend.forms import Form, posted
from frontend.rendering import render
from frontend.texts import language_of, text

WHY = ("signed-out", "code", "reset", "passkey")


async def page(request: Request) -> Response:
    """The form, for patients and staff; `why` says why somebody lands here unasked."""
    given = request.query_params
    why = given.get("why", "")
    form = Form({"next": given.get("next", "")})
    return await _form(request, form, why if why in WHY else "")


async def sign_in(request: Request) -> Response:
    """A password may be all that is asked for, or a second factor comes next."""
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
    return entered(answer, landing.own(form.get("next")))


async def sign_in_with_passkey(request: Request) -> Response:
    """What `passkeys.js` got from the browser. A passkey is both factors."""
    form = await posted(request)
    wanted = landing.own(form.get("next"))
    fields = {"credential": form.get("credential")}
    try:
        answer = await gateway(request).call(request, SignInWithPasskey, SessionAnswer, fields)
    except Problem as problem:
        if problem.status >= 500:
            raise
        return RedirectResponse(landing.leading_to(landing.SIGN_IN, wanted, why="passkey"), 303)
    return entered(answer, wanted)


def entered(answer: SessionAnswer, wanted: str) -> Response:
    """On to where the person wanted to go, over the second step where there is one."""
    if answer.second_factor:
        return RedirectResponse(landing.leading_to(landing.CODE, wanted), 303)
    return RedirectResponse(landing.after(answer.caller, wanted), 303)


def _sentence(problem: Problem, lang: str) -> dict[str, str]:
    """A malformed address is answered like a wrong one: nobody learns which it was."""
    if problem.code == "sign-in-refused" or problem.errors:
        return {"email": text(lang, "sign_in.e_refused")}
    if problem.code == "use-passkey":
        return {"": text(lang, "enter.e_use_passkey")}
    if problem.status == 429:
        return {"email": text(lang, "errors.too_many")}
    raise problem


async def sign_out(request: Request) -> Response:
    """The session ends now, and the page says so."""
    await gateway(request).call(request, SignOut, Nothing, {})
    return RedirectResponse("/signed-out", 303)


async def signed_out(request: Request) -> Response:
    """After signing out, after ten minutes without activity (R45), or after leaving (R33)."""
    why = request.query_params.get("why")
    return await render(request, "signed-out.html", idle=why == "idle", left=why == "left")


async def _form(request: Request, form: Form, why: str = "") -> Response:
    return await render(
        request,
        "sign-in.html",
        status=422 if form.errors else 200,
        form=form,
        wanted=landing.own(form.get("next")),
        why=why.replace("-", "_"),
    )


routes = [
    Route("/sign-in", page, methods=["GET"]),
    Route("/sign-in", sign_in, methods=["POST"]),
    Route("/sign-in/passkey", sign_in_with_passkey, methods=["POST"]),
    Route("/sign-out", sign_out, methods=["POST"]),
    Route("/signed-out", signed_out),
]
