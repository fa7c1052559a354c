"""`/api/*` as it is to the gateway and back: bytes, cookies and server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from frontend.client import gateway, passed_on

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
"""All of them: it is for the gateway to say which it takes."""

INWARD = ("accept", "content-type", "idempotency-key", "if-none-match", "origin", "x-patient")
OUTWARD = ("allow", "content-type", "cache-control", "etag", "x-idle-in", "retry-after")


async def api(request: Request) -> Response:
    """Pass one call on. An answer without end (live hints) flows as it comes."""
    headers = passed_on(request)
    headers |= {name: request.headers[name] for name in INWARD if name in request.headers}
    answer = await gateway(request).stream(request, request.url.path, headers)
    kept = {name: answer.headers[name] for name in OUTWARD if name in answer.headers}
    response = StreamingResponse(_flow(answer), answer.status_code, kept)
    for cookie in answer.headers.get_list("set-cookie"):
        response.headers.append("set-cookie", cookie)
    return response


async def _flow(answer: httpx2.Response) -> AsyncIterator[bytes]:
    """The body in pieces; a browser that leaves closes the call behind it, too."""
    try:
        async for piece in answer.aiter_bytes():
            yield piece
    except httpx2.TransportError:
        return  # the gateway went away in the middle: end here, and the browser asks again
    finally:
        await answer.aclose()
