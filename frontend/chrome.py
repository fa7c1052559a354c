"""Pages that patients and staff share: the same page in the menus of who looks, staff in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

from contracts.common import Caller, Role
from frontend.client import Problem, gateway
from frontend.desk import NAV, ROLE_WORDS
from frontend.forms import Form, in_words
from frontend.rendering import render
from frontend.texts import language_of, text

GROUP = "security"


def language(request: Request, caller: Caller) -> str:
    """The reader's; staff pages are in English only."""
    return language_of(request) if caller.role is Role.PATIENT else "en"


async def show(
    request: Request, template: str, form: Form | None = None, **context: Any
) -> HTMLResponse:
    """A page for whoever is signed in. `form` is there on pages that have one."""
    caller = await gateway(request).session(request)
    is_patient = caller.role is Role.PATIENT
    return await render(
        request,
        template,
        422 if form and form.errors else 200,
        lang=None if is_patient else "en",
        layout="patient.html" if is_patient else "staff.html",
        nav=NAV.get(caller.role, ()),
        role=ROLE_WORDS.get(caller.role, ""),
        form=form or Form(),
        **context,
    )


def beside(problem: Problem, lang: str, places: Mapping[str, str]) -> dict[str, str]:
    """The sentence of a refusal and the field that it belongs to (`places`: code to field).

    What is no refusal of this form (signed out, the portal is down) goes on to its own page.
    """
    if problem.status == 429:
        return {"": text(lang, "errors.too_many")}
    if problem.code in places:
        return {places[problem.code]: _sentence(problem, lang)}
    if problem.errors:
        return in_words(problem.errors, lang, GROUP)
    raise problem


def _sentence(problem: Problem, lang: str) -> str:
    """English shows what identity says of a weak password: it knows what is weak about it."""
    if problem.code == "weak-password" and lang == "en":
        return problem.detail
    return text(lang, f"{GROUP}.p_{problem.code.replace('-', '_')}")
