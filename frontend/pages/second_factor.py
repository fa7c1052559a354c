"""The second step of signing in, and the authenticator app and recovery codes behind it.

By app, recovery code or passkey, never by SMS or telephone (R63).
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contracts.common import Done, Role
from contracts.identity import (
    BeginTotp,
    ConfirmSecondFactor,
    ConfirmTotp,
    NewRecoveryCodes,
    RecoveryCodes,
    RemoveTotp,
    SessionAnswer,
    TotpOffer,
)
from frontend import landing
from frontend.chrome import beside, language, show
from frontend.client import Problem, gateway
from frontend.forms import Form, posted
from frontend.pages.session import entered
from frontend.presenters.qr import qr_code
from frontend.presenters.security import secret_in
from frontend.rendering import render
from frontend.texts import language_of, text

AT = "/security"
SHORTEST = 6
PLACES = {"wrong-password": "password", "needed": "", "no-totp": ""}


async def code_page(request: Request) -> Response:
    """Only for a session that waits for it; who is already in goes on."""
    wanted = landing.own(request.query_params.get("next", ""))
    try:
        caller = await gateway(request).session(request)
    except Problem as problem:
        if problem.code != "second-factor":
            raise
        return await _code(request, Form({"next": wanted}))
    return RedirectResponse(landing.after(caller, wanted), 303)


async def confirm_code(request: Request) -> Response:
    """Six digits, which apps show with a space between, or a recovery code."""
    form = await posted(request)
    lang = language_of(request)
    code, wanted = _typed(form), landing.own(form.get("next"))
    if len(code) < SHORTEST:
        form.errors["code"] = text(lang, "code.e_code")
        return await _code(request, form)
    try:
        answer = await gateway(request).call(
            request, ConfirmSecondFactor, SessionAnswer, {"code": code}
        )
    except Problem as problem:
        if problem.code == "signed-out":  # it took too long, or there were too many wrong codes
            address = landing.leading_to(landing.SIGN_IN, wanted, why="code")
            return RedirectResponse(address, 303)
        form.errors = _wrong(problem, lang)
        return await _code(request, form)
    return entered(answer, wanted)


def _wrong(problem: Problem, lang: str) -> dict[str, str]:
    if problem.status >= 500:
        raise problem
    key = "errors.too_many" if problem.status == 429 else "code.e_wrong"
    return {"code": text(lang, key)}


async def _code(request: Request, form: Form) -> Response:
    """`?with=recovery` gives the same field with a keyboard that has letters."""
    return await render(
        request,
        "sign-in-code.html",
        status=422 if form.errors else 200,
        form=form,
        letters=request.query_params.get("with") == "recovery",
        wanted=landing.own(form.get("next")),
        here=landing.leading_to,
    )


async def set_up(request: Request) -> Response:
    """Staff without a second factor: first this, then everything else."""
    caller = await gateway(request).session(request)
    if caller.role is not Role.ENROLLING:
        return RedirectResponse(AT, 303)
    return await show(request, "security-set-up.html")


async def no_app(request: Request) -> Response:
    """A reload, or another language: what was offered once is not offered again."""
    return RedirectResponse(AT, 303)


async def app_page(request: Request) -> Response:
    """The password first: a browser left open must not get a way in of its own."""
    caller = await gateway(request).session(request)
    if caller.role is Role.ENROLLING:  # who has just given it
        return RedirectResponse(landing.SET_UP, 303)
    return await _password(request, Form(), "add_app")


async def begin_app(request: Request) -> Response:
    """A new secret, as QR code and as text. By POST: looking must not make one."""
    form = await posted(request)
    fields = {"password": form.values.get("password", "")}
    try:
        offer = await gateway(request).call(request, BeginTotp, TotpOffer, fields)
    except Problem as problem:
        return await _refused(request, form, problem, "add_app")
    return await _app(request, Form({"uri": offer.uri}))


async def confirm_app(request: Request) -> Response:
    """The first code proves that the app has the secret; then come the recovery codes.

    The offered address comes back with the form, so that a wrong code shows the same QR code.
    """
    caller = await gateway(request).session(request)
    form = await posted(request)
    lang = language(request, caller)
    if not secret_in(form.get("uri")):
        return RedirectResponse(AT, 303)
    code = _typed(form)
    if len(code) != SHORTEST:
        form.errors["code"] = text(lang, "app.e_code")
        return await _app(request, form)
    try:
        answer = await gateway(request).call(request, ConfirmTotp, RecoveryCodes, {"code": code})
    except Problem as problem:
        form.errors = beside(problem, lang, {"wrong-code": "code", "no-offer": ""})
        return await _app(request, form)
    onward = "/staff" if caller.role is Role.ENROLLING else AT
    return await show(request, "security-codes.html", codes=answer.codes, onward=onward, app=True)


async def _app(request: Request, form: Form) -> Response:
    uri = form.get("uri")
    return await show(
        request, "security-app.html", form, uri=uri, secret=secret_in(uri), qr=qr_code(uri)
    )


async def codes_page(request: Request) -> Response:
    """New recovery codes make the old ones void: the password first."""
    return await _password(request, Form(), "new_codes")


async def new_codes(request: Request) -> Response:
    """Shown once, in the answer to the form."""
    form = await posted(request)
    try:
        answer = await gateway(request).call(
            request, NewRecoveryCodes, RecoveryCodes, {"password": form.values.get("password", "")}
        )
    except Problem as problem:
        return await _refused(request, form, problem, "new_codes")
    return await show(request, "security-codes.html", codes=answer.codes, onward=AT, app=False)


async def remove_page(request: Request) -> Response:
    """What it means to sign in without the app."""
    return await _password(request, Form(), "remove_app")


async def remove_app(request: Request) -> Response:
    """Refused for staff whose only second factor it is."""
    form = await posted(request)
    try:
        await gateway(request).call(
            request, RemoveTotp, Done, {"password": form.values.get("password", "")}
        )
    except Problem as problem:
        return await _refused(request, form, problem, "remove_app")
    return RedirectResponse(f"{AT}?done=app-removed", 303)


async def _refused(request: Request, form: Form, problem: Problem, what: str) -> Response:
    lang = language(request, await gateway(request).session(request))
    form.errors = beside(problem, lang, PLACES)
    return await _password(request, form, what)


async def _password(request: Request, form: Form, what: str) -> Response:
    return await show(request, "security-confirm.html", form, what=what, name="", password=True)


def _typed(form: Form) -> str:
    return "".join(form.get("code").split())


routes = [
    Route(landing.CODE, code_page, methods=["GET"]),
    Route(landing.CODE, confirm_code, methods=["POST"]),
    Route(landing.SET_UP, set_up),
    Route("/security/app", app_page, methods=["GET"]),
    Route("/security/app", begin_app, methods=["POST"]),
    Route("/security/app/confirm", no_app, methods=["GET"]),
    Route("/security/app/confirm", confirm_app, methods=["POST"]),
    Route("/security/app/remove", remove_page, methods=["GET"]),
    Route("/security/app/remove", remove_app, methods=["POST"]),
    Route("/security/recovery-codes", codes_page, methods=["GET"]),
    Route("/security/recovery-codes", new_codes, methods=["POST"]),
]
