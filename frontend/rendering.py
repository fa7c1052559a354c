"""One way to make a page: `await render(request, "x.html", **context)`."""

from __future__ import annotations

import secrets
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from frontend import dates
from frontend.client import Problem, base_of, carried, gateway, record_of
from frontend.presenters import practice
from frontend.presenters.records import whose
from frontend.static_files import address
from frontend.texts import LANGUAGES, language_of, text, texts

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.globals |= {
    "static": address,
    "languages": LANGUAGES,
    "new_key": partial(secrets.token_urlsafe, 18),
}


async def render(
    request: Request, template: str, status: int = 200, lang: str | None = None, **context: Any
) -> HTMLResponse:
    """A page in the reader's language (`lang="en"` for staff pages).

    Every template has: `t(key)`, `ts(key)` (texts), `practice`, `lang`, `path`, `caller` (None
    unless the page asked for the session), `idle_in`, `day(x)`, `moment(x)`, `new_key()` (for the
    hidden field `key` of a form), `in_language(code)` (this address in another language).

    And of the record in view: `base` stands before every link, so that it stays in that record;
    `record` is the id that the address names, `whose` says it in words.
    """
    language = lang or language_of(request)
    shown = await _practice(request, language)
    zone = shown.zone if shown else "UTC"
    carrier = carried(request)
    t = partial(text, language)
    everywhere = {
        "t": t,
        "ts": partial(texts, language),
        "lang": language,
        "translated": lang is None,
        "practice": shown,
        "path": request.url.path,
        "in_language": lambda code: f"?{request.url.include_query_params(lang=code).query}",
        "base": base_of(request),
        "record": record_of(request),
        "whose": whose(carrier.caller, carrier.records, t),
        "caller": carrier.caller,
        "idle_in": carrier.idle_in,
        "day": lambda when: dates.day(when, zone, language),
        "moment": lambda when: dates.moment(when, zone, language),
    }
    html = _ENVIRONMENT.get_template(template).render(everywhere | context)
    return HTMLResponse(html, status)


async def _practice(request: Request, lang: str) -> practice.Practice | None:
    """A page about a gateway that is down must not need the gateway."""
    try:
        answer = await gateway(request).profile(request)
    except Problem:
        known = gateway(request).last_profile
        if known is None:
            return None
        answer = known
    return practice.present(answer, lang)
