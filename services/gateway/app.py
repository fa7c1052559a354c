"""The FastAPI application: each operation of the catalog is one route that passes bytes on.

A command is validated once, by the service that owns it. The gateway checks only what is about
HTTP: the origin, the size, the session, how often; and never trusts itself with a decision.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, get_origin

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response, StreamingResponse
from fastapi.routing import APIRoute
from nats.aio.client import Client
from opentelemetry.trace import SpanKind
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from contracts import identity
from contracts.catalog import OPERATIONS, SERVICES, Door, Operation
from contracts.common import Id
from kernel.api import problem
from kernel.bus.requests import Reply, Unavailable, send
from kernel.decider import Refused
from kernel.operations import GetHealth, GetParked, RetryParked, SkipParked
from kernel.telemetry import HEADER, span
from services.gateway.cookies import DEVICE, SESSION, Cookies
from services.gateway.documents import RECORD, openapi
from services.gateway.limits import Limits
from services.gateway.live import audience, hints
from services.gateway.sessions import Session, Sessions

MOST_BYTES = 256 * 1024
OPEN = tuple(o for o in OPERATIONS if o.door is not Door.INTERNAL)
SAFE = ("GET", "HEAD", "OPTIONS")

Handle = Callable[[Request], Awaitable[Response]]


class PassThrough(APIRoute):
    """A FastAPI route without FastAPI's parsing: the handler gets the request as it came."""

    def __init__(self, path: str, endpoint: Handle, **options: Any) -> None:
        super().__init__(path, endpoint, **options)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            response = await endpoint(Request(scope, receive, send))
            await response(scope, receive, send)

        self.app = app


class Straight:
    """What names a route exactly goes straight to it: walking past all the others, and through
    what FastAPI does for handlers that it parses for, costs more than passing a request on.
    """

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._routes: dict[tuple[str, str], ASGIApp] = {
            (method, route.path): route.app
            for route in app.routes
            if isinstance(route, PassThrough) and "{" not in route.path
            for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = (scope.get("method", ""), scope.get("path", ""))
        await self._routes.get(asked, self._app)(scope, receive, send)


class Gateway:
    """The handlers, over one NATS connection. `secure` says that browsers reach us by HTTPS."""

    def __init__(self, client: Client, secure: bool) -> None:
        self._client = client
        self._sessions = Sessions(client)
        self._limits = Limits()
        self._cookies = Cookies(secure)

    def application(self) -> FastAPI:
        """The ASGI application."""
        app = FastAPI(title="MyPortal", openapi_url="/api/v1/openapi.json", docs_url=None)
        app.openapi = lambda: openapi(OPEN)  # type: ignore[method-assign]  # FastAPI's own way
        app.router.route_class = PassThrough
        for operation in OPEN:
            app.add_api_route(
                operation.path,
                self._guarded(operation.path, self._operation(operation)),
                methods=[operation.method],
                name=operation.message.__name__,
            )
        self._own_routes(app)
        app.add_exception_handler(404, _not_found)
        app.add_exception_handler(405, _other_method)
        return app

    def _own_routes(self, app: FastAPI) -> None:
        for path, method, handle in (
            ("/api/v1/session", "GET", self._session),
            ("/api/v1/session/extend", "POST", self._session),
            ("/api/v1/live", "GET", self._live),
            ("/api/v1/ops/{service}/{what}", "GET", self._operate),
            ("/api/v1/ops/{service}/{what}", "POST", self._operate),
            ("/livez", "GET", self._alive),
        ):
            app.add_api_route(
                path,
                self._guarded(path, handle),
                methods=[method],
                include_in_schema=False,
                name=f"{method} {path}",
            )

    def _guarded(self, path: str, handle: Handle) -> Handle:
        """A span around it, and every expected failure as problem details."""

        async def guarded(request: Request) -> Response:
            with span(f"{request.method} {path}", SpanKind.SERVER, request.headers.get(HEADER)):
                try:
                    if request.method not in SAFE and not _same_origin(request):
                        raise Refused("cross-site", "This came from another site.", 403)
                    return await handle(request)
                except Refused as refused:
                    return _response(
                        problem(refused.status, refused.code, refused.detail, refused.fields)
                    )
                except Unavailable:
                    sentence = "A part of the portal does not answer. Try again soon."
                    return _response(problem(503, "unavailable", sentence))

        return guarded

    def _operation(self, operation: Operation) -> Handle:
        handle = self._pass_on
        if operation.door is Door.COOKIE:
            ends = operation.message is identity.SignOut
            handle = self._ends_session if ends else self._opens_session

        async def handled(request: Request) -> Response:
            return await handle(operation, request)

        return handled

    async def _pass_on(self, operation: Operation, request: Request) -> Response:
        token, idle, caller = "", None, _address(request)
        if operation.door is Door.SESSION:
            session = await self._session_of(request)
            token, idle, caller = session.token, session.idle_in, session.caller.subject
        self._limit(operation, caller)
        body = await _body(request) if operation.method == "POST" else _asked(operation, request)
        key = request.headers.get("idempotency-key", "")
        reply = await send(self._client, operation.subject, body, token, key)
        if operation.is_command and operation.service == "identity" and reply.status < 400:
            # It may have changed what this session may do, and the next call must know.
            self._sessions.forget(self._cookies.session_of(request))
        return _response(reply, idle)

    async def _opens_session(self, operation: Operation, request: Request) -> Response:
        self._limit(operation, _address(request))
        body = self._cookies.filled(operation, request, await _body(request))
        reply = await send(self._client, operation.subject, body)
        if reply.status >= 400:
            return _response(reply)
        self._sessions.forget(self._cookies.session_of(request))
        answer = json.loads(reply.body)
        given = {name: answer.pop(name, None) for name in (SESSION, DEVICE)}
        response = _response(Reply(reply.status, json.dumps(answer).encode()))
        return self._cookies.settled(response, given)

    async def _ends_session(self, operation: Operation, request: Request) -> Response:
        cookie = self._cookies.session_of(request)
        reply = Reply(200, b"{}")
        if cookie:
            body = json.dumps({"cookie": cookie}).encode()
            reply = await send(self._client, operation.subject, body)
            self._sessions.forget(cookie)
        return self._cookies.dropped(_response(reply))

    async def _session(self, request: Request) -> Response:
        session = await self._session_of(request)
        said = {
            "caller": session.caller.model_dump(mode="json"),
            "idle_in": session.idle_in,
            "records": [record.model_dump(mode="json") for record in session.records],
        }
        return JSONResponse(said, headers=NO_STORE)

    async def _live(self, request: Request) -> Response:
        """An event stream cannot send headers: whose record it is about stands in the address."""
        patient = _id(request.query_params.get("patient"), "patient")
        cookie = self._cookie_of(request)
        session = await self._sessions.of(cookie, active=False, patient=patient)
        audience(session.caller)  # refuses while it can still be said with a status
        stream = hints(self._client, self._sessions, cookie, session.caller)
        return StreamingResponse(stream, media_type="text/event-stream", headers=NO_STORE)

    async def _operate(self, request: Request) -> Response:
        """Operators ask one service how it does, or try parked work again (S17)."""
        service, what = request.path_params["service"], request.path_params["what"]
        kind = "qry" if request.method == "GET" else "cmd"
        name = OPERATING.get((request.method, what))
        if service not in SERVICES or name is None:
            raise Refused("not-found", "There is no such page.", 404)
        session = await self._session_of(request)
        body = b"{}" if kind == "qry" else await _body(request)
        key = request.headers.get("idempotency-key", "")
        subject = f"{kind}.{service}.{name}"
        return _response(await send(self._client, subject, body, session.token, key))

    async def _alive(self, request: Request) -> Response:
        return JSONResponse({"bus": self._client.is_connected}, 200)

    async def _session_of(self, request: Request) -> Session:
        """The caller's session, with the record in view that they ask for."""
        cookie = self._cookie_of(request)
        patient = _id(request.headers.get(RECORD), RECORD)
        background = request.headers.get("x-background") == "1"
        return await self._sessions.of(cookie, not background, patient)

    def _cookie_of(self, request: Request) -> str:
        cookie = self._cookies.session_of(request)
        if not cookie:
            raise Refused("signed-out", "Please sign in.", 401)
        return cookie

    def _limit(self, operation: Operation, caller: str) -> None:
        wait = self._limits.wait_for(operation, caller)
        if wait:
            raise Refused("too-many", f"Too many tries. Try again in {wait} seconds.", 429)


OPERATING = {
    ("GET", "health"): GetHealth.__name__,
    ("GET", "parked"): GetParked.__name__,
    ("POST", "retry-parked"): RetryParked.__name__,
    ("POST", "skip-parked"): SkipParked.__name__,
}
NO_STORE = {"Cache-Control": "no-store"}
_ID: TypeAdapter[str] = TypeAdapter(Id)


def _response(reply: Reply, idle_in: float | None = None) -> Response:
    kind = "application/json" if reply.status < 400 else "application/problem+json"
    headers = NO_STORE if idle_in is None else {**NO_STORE, "X-Idle-In": f"{idle_in:.0f}"}
    return Response(reply.body, reply.status, headers, kind)


async def _body(request: Request) -> bytes:
    """The body, refused as soon as it is longer than any command may be."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            raise Refused("too-large", "This is too large.", 413)
        parts.append(part)
    return b"".join(parts)


def _asked(operation: Operation, request: Request) -> bytes:
    """A query's parameters as JSON; one that may come several times is a list."""
    fields = operation.message.model_fields
    asked: dict[str, Any] = {}
    for name in request.query_params:
        many = name in fields and get_origin(fields[name].annotation) is tuple
        asked[name] = request.query_params.getlist(name) if many else request.query_params[name]
    return json.dumps(asked).encode()


def _id(value: str | None, name: str) -> str | None:
    """A patient's id, if one is given; 422 for what is none."""
    try:
        return None if value is None else _ID.validate_python(value)
    except ValidationError as error:
        fields = {name: "This does not look right."}
        raise Refused("invalid", "Some of what was sent is not right.", 422, fields) from error


def _same_origin(request: Request) -> bool:
    """Browsers say where a request comes from; another site's is refused (CSRF)."""
    site = request.headers.get("sec-fetch-site")
    return site in (None, "same-origin", "none")


def _address(request: Request) -> str:
    """Who a stranger is: the address that the frontend (or the proxy before it) saw."""
    forwarded = request.headers.get("x-forwarded-for", "").split(",")[0].strip()
    return forwarded or (request.client.host if request.client else "unknown")


async def _not_found(request: Request, error: Exception) -> Response:
    return _response(problem(404, "not-found", "There is no such page."))


async def _other_method(request: Request, error: Any) -> Response:
    response = _response(problem(405, "method", "This address takes no such request."))
    response.headers.update(error.headers or {})  # Allow: what it does take
    return response
