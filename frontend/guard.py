"""What every response carries, and what no request may be: one plain ASGI middleware."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from frontend.client import Carried
from frontend.texts import LANGUAGES

CSP = (
    "default-src 'self'; base-uri 'none'; object-src 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-store",
}
SAFE = ("GET", "HEAD", "OPTIONS")
A_YEAR = 365 * 24 * 3600


class Guard:
    """Security headers, refusal of cross-site posts, the gateway's cookies, the chosen language."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A header that a page set itself (a frame, a cached file) stays as it is."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        carrier = scope.setdefault("portal.carried", Carried())
        chosen = QueryParams(scope["query_string"]).get("lang")

        async def out(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                for cookie in carrier.cookies:
                    headers.append("set-cookie", cookie)
                if chosen in LANGUAGES:
                    language = f"lang={chosen}; Path=/; Max-Age={A_YEAR}; SameSite=Lax; HttpOnly"
                    headers.append("set-cookie", language)
            await send(message)

        if scope["method"] not in SAFE and not _same_origin(Headers(scope=scope)):
            refusal = PlainTextResponse("This came from another site.", 403)
            await refusal(scope, receive, out)
            return
        await self._app(scope, receive, out)


def _same_origin(headers: Headers) -> bool:
    """Browsers say where a request comes from; old ones say at least the origin.

    `null` is what a browser without Sec-Fetch-Site sends under our Referrer-Policy; there the
    session cookie's SameSite=Lax keeps other sites out.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    return origin in (None, "null") or urlsplit(origin).netloc == headers.get("host")
