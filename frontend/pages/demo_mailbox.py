"""The demo's mailbox: what the portal would have e-mailed. It exists only where one is set up."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx2
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from frontend.client import Problem, gateway
from frontend.rendering import render

FRAME_CSP = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
SECONDS = 5.0
_PARTS = re.compile(r"(https?://[^\s<>\"]+)")


class Mail(BaseModel):
    """One mail, as the mailbox gives it."""

    id: str
    to: str
    subject: str
    at: datetime
    text: str
    html: str


class Mails(BaseModel):
    """The newest, newest first."""

    mails: list[Mail]


async def listing(request: Request) -> Response:
    """Who got what."""
    answer = Mails.model_validate(await _get(request, "/mail"))
    return await render(request, "mailbox.html", lang="en", mails=answer.mails)


async def mail(request: Request) -> Response:
    """The text of a mail with its links, and the mail as an e-mail program would show it."""
    found = await _mail(request)
    profile = (await gateway(request).profile(request)).profile
    ours = {_origin(profile.portal_url), _origin(str(request.url))} - {""}
    parts = [(part, _origin(part) in ours) for part in _PARTS.split(found.text)]
    return await render(request, "mailbox-mail.html", lang="en", mail=found, parts=parts)


async def frame(request: Request) -> Response:
    """The HTML of a mail, for the frame: it may show its own style and do nothing else."""
    found = await _mail(request)
    return HTMLResponse(found.html, headers={"content-security-policy": FRAME_CSP})


async def _mail(request: Request) -> Mail:
    return Mail.model_validate(await _get(request, f"/mail/{request.path_params['id']}"))


def _origin(part: str) -> str:
    """`http://localhost:8080`; empty for what is no address. Only our own become links."""
    if not part.startswith(("http://", "https://")):
        return ""
    try:
        url = urlsplit(part)
    except ValueError:
        return ""
    return f"{url.scheme}://{url.netloc}".lower()


async def _get(request: Request, path: str) -> Any:
    """No mailbox, no page: outside the demo these addresses do not exist."""
    url = request.app.state.mailbox_url
    if url is None:
        raise HTTPException(404)
    try:
        async with httpx2.AsyncClient(base_url=url, timeout=SECONDS) as client:
            answer = await client.get(path)
    except httpx2.TransportError as error:
        raise Problem(503, "unavailable", "The mailbox does not answer.") from error
    if answer.status_code == 404:
        raise HTTPException(404)
    return answer.raise_for_status().json()


routes = [
    Route("/demo/mailbox", listing),
    Route("/demo/mailbox/{id}", mail),
    Route("/demo/mailbox/{id}/html", frame),
]
