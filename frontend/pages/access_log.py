"""Who has looked at the record in view."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contracts.identity import AccessLogAnswer, GetAccessLog
from frontend.client import gateway
from frontend.presenters.looks import looks
from frontend.records import of_record
from frontend.rendering import render
from frontend.texts import language_of


async def page(request: Request) -> Response:
    """Newest first; an emergency access stands out, with its reason."""
    answer = await gateway(request).call(request, GetAccessLog, AccessLogAnswer)
    rows = looks(answer.rows, language_of(request))
    return await render(request, "access-log.html", looks=rows)


routes = [Route("/access-log", of_record(page))]
