"""What one asked of support, and how far each request is."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contracts.identity import GetMyRequests, MyRequestsAnswer
from frontend.client import carried, gateway
from frontend.records import patient
from frontend.rendering import render


async def listing(request: Request) -> Response:
    """Newest first: received, taken, answered, and by when (R57). A correction says in whose record
    it is, as long as that record is connected."""
    await patient(request)
    answer = await gateway(request).call(request, GetMyRequests, MyRequestsAnswer)
    given = {each.patient: each.given for each in carried(request).records}
    return await render(request, "requests.html", requests=answer.requests, given=given)


routes = [Route("/requests", listing)]
