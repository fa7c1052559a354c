"""The welcome page and the registration form: for people who have no account yet."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contracts.common import Nothing
from contracts.identity import RequestRegistration
from frontend.client import Problem, gateway
from frontend.forms import Form, in_words, posted
from frontend.rendering import render
from frontend.texts import language_of, text

PLAIN = ("given", "family", "line", "zip", "email", "phone", "record_number", "ssn_last4")
PROOFS = ("phone", "record_number", "ssn_last4")


async def welcome(request: Request) -> Response:
    """Register, sign in, and whom to call (R58, R61)."""
    profile = (await gateway(request).profile(request)).profile
    return await render(request, "welcome.html", days=profile.invitation_days)


async def form_page(request: Request) -> Response:
    """The empty form."""
    return await _form(request, Form())


async def register(request: Request) -> Response:
    """Whatever becomes of a form that is filled in rightly, the answer is the same (decision l)."""
    form = await posted(request)
    lang = language_of(request)
    born = form.date("born")
    form.errors = _missing(form, born is None, lang)
    if form.errors or born is None:
        return await _form(request, form)
    fields: dict[str, Any] = {name: form.get(name) for name in PLAIN}
    try:
        await gateway(request).call(
            request,
            RequestRegistration,
            Nothing,
            fields | {"born": born.isoformat()},
            key=form.get("key"),
        )
    except Problem as problem:
        if problem.errors:
            form.errors = in_words(problem.errors, lang, "register")
            return await _form(request, form)
        if problem.status != 429:  # too many tries look like any other (decision l)
            raise
    return RedirectResponse("/register/sent", 303)


async def sent(request: Request) -> Response:
    """One page for match, no match, registered already and too many tries (R48, R49)."""
    return await render(request, "register-sent.html")


def _missing(form: Form, born_missing: bool, lang: str) -> dict[str, str]:
    """What is certain without asking anybody, in the order of the fields."""
    wrong = [name for name in ("given", "family") if not form.get(name)]
    wrong += ["born"] if born_missing else []
    wrong += [name for name in ("zip", "email") if not form.get(name)]
    errors = {name: text(lang, f"register.e_{name}") for name in wrong}
    if not any(form.get(name) for name in PROOFS):
        errors["phone"] = text(lang, "register.e_proof")
    return errors


async def _form(request: Request, form: Form) -> Response:
    return await render(request, "register.html", status=422 if form.errors else 200, form=form)


routes = [
    Route("/", welcome),
    Route("/register", form_page, methods=["GET"]),
    Route("/register", register, methods=["POST"]),
    Route("/register/sent", sent),
]
