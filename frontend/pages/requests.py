"""What one asked of support, and how far each request is."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contracts.identity import GetMyRequests, MyRequestsAnswer
from frontend.client import gateway
from frontend.records import patient
from frontend.rendering import render


async def listing(request: Request) -> Response:
    """Newest first: received, taken, answered, and by when (R57)."""
    await patient(request)
    answer = await gateway(request).call(request, GetMyRequests, MyRequestsAnswer)
    return await render(request, "requests.html", requests=answer.requests)


routes = [Route("/requests", listing)]
