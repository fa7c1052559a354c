"""The e-mailed links that confirm an address: one to sign in with (both the old and the new one
are asked), or one for mail about a patient.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contracts.identity import ConfirmAddress, LinkAnswer
from frontend.client import Problem, gateway
from frontend.rendering import render

ENDINGS = {each: each for each in ("expired", "used", "unknown")} | {"address-in-use": "taken"}
WAITS = {"address-old": "waits_new", "address-new": "waits_old"}
"""Which side is still missing when this one is confirmed."""


async def start(request: Request) -> Response:
    """Only a button: mail scanners follow links."""
    return await render(request, "link-start.html", group="confirm_address")


async def confirm(request: Request) -> Response:
    """Confirms this side, and says what is still missing. A change that still waits stays open."""
    fields = {"link": request.path_params["link"]}
    try:
        answer = await gateway(request).call(request, ConfirmAddress, LinkAnswer, fields)
    except Problem as problem:
        if problem.code not in ENDINGS:
            raise
        return await _ending(request, ENDINGS[problem.code])
    return await _ending(request, _kind(answer))


def _kind(answer: LinkAnswer) -> str:
    if answer.state == "open":
        return WAITS.get(answer.purpose, "unknown")
    if answer.state != "used":
        return answer.state
    return "mail_done" if answer.purpose == "patient-address" else "done"


async def _ending(request: Request, kind: str) -> Response:
    return await render(request, "link-ending.html", group="confirm_address", kind=kind)


routes = [
    Route("/confirm-address/{link}", start, methods=["GET"]),
    Route("/confirm-address/{link}", confirm, methods=["POST"]),
]
