"""The gateway as the pages call it, in the name of the browser that asked.

What the gateway says to the browser (cookies, how long until the inactivity limit) is carried on
the request and put on the page's own response by the middleware.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, TypeVar

import httpx2
from pydantic import BaseModel
from starlette.requests import Request

from contracts.catalog import OPERATIONS
from contracts.common import Caller
from contracts.identity import RecordChoice
from contracts.practice import GetProfile, ProfileAnswer

A = TypeVar("A", bound=BaseModel)

TIMEOUT = httpx2.Timeout(15.0, connect=3.0)
LIMITS = httpx2.Limits(max_connections=200, max_keepalive_connections=50)
PROFILE_SECONDS = 5.0
PASSED_ON = ("cookie", "x-background", "sec-fetch-site", "traceparent", "user-agent")

_BY_MESSAGE: dict[type, Any] = {operation.message: operation for operation in OPERATIONS}


class Problem(Exception):
    """The gateway refused (RFC 9457), or could not be reached."""

    def __init__(
        self, status: int, code: str, detail: str, errors: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = dict(errors or {})


@dataclass(slots=True)
class Carried:
    """What the gateway said during one request that the browser must hear."""

    cookies: list[str] = field(default_factory=list)
    idle_in: float | None = None
    caller: Caller | None = None
    records: tuple[RecordChoice, ...] = ()


def carried(request: Request) -> Carried:
    """The carrier of this request, made when first needed."""
    found: Carried = request.scope.setdefault("portal.carried", Carried())
    return found


def is_background(request: Request) -> bool:
    """Whether the page asks by itself, without the user (R45)."""
    return request.headers.get("x-background") == "1"


class Gateway:
    """One pooled client for all browsers. It keeps no cookie: a cookie is one browser's."""

    def __init__(self, url: str, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._client = httpx2.AsyncClient(
            base_url=url,
            timeout=TIMEOUT,
            limits=LIMITS,
            transport=transport,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )
        self._profile: ProfileAnswer | None = None
        self._profile_at = 0.0

    async def close(self) -> None:
        """Let the connections go."""
        await self._client.aclose()

    async def call(
        self,
        request: Request,
        message: type[BaseModel],
        answer: type[A],
        fields: Mapping[str, Any] | None = None,
        key: str = "",
    ) -> A:
        """A command or a query of the catalog. `fields` goes as it is: its owner validates it.

        Raises Problem for every answer that is not a success.
        """
        operation = _BY_MESSAGE[message]
        given = dict(fields or {})
        if operation.method == "POST":
            headers = {"idempotency-key": key} if key else {}
            response = await self.raw(request, "POST", operation.path, json=given, headers=headers)
        else:
            response = await self.raw(request, "GET", operation.path, params=given)
        return answer.model_validate_json(response.content)

    async def raw(
        self, request: Request, method: str, path: str, headers: Any = None, **options: Any
    ) -> httpx2.Response:
        """Any path of the API, answered with success; Problem otherwise."""
        sent = {**passed_on(request), **(headers or {})}
        try:
            response = await self._client.request(method, path, headers=as_came(sent), **options)
        except httpx2.TransportError as error:
            raise Problem(503, "unavailable", "The portal does not answer.") from error
        carrier = carried(request)
        carrier.cookies += response.headers.get_list("set-cookie")
        if (idle := response.headers.get("x-idle-in")) is not None:
            carrier.idle_in = float(idle)
        if response.status_code >= 400:
            raise _problem(response)
        return response

    async def stream(self, request: Request, path: str, headers: Any) -> httpx2.Response:
        """Open one call of the browser's own (`/api/*`); the caller reads and closes the answer."""
        query = request.url.query
        outgoing = self._client.build_request(
            request.method,
            f"{path}?{query}" if query else path,
            content=request.stream() if request.method not in ("GET", "HEAD") else None,
            headers=as_came(headers),
            timeout=httpx2.Timeout(15.0, connect=3.0, read=None),
        )
        try:
            return await self._client.send(outgoing, stream=True)
        except httpx2.TransportError as error:
            raise Problem(503, "unavailable", "The portal does not answer.") from error

    async def session(self, request: Request) -> Caller:
        """Who is signed in, and which records they may choose from; asked once per page.

        Raises Problem `signed-out` when nobody is, `no-record` when the record of the address is
        none of theirs.
        """
        carrier = carried(request)
        if carrier.caller is None:
            try:
                said = (await self.raw(request, "GET", "/api/v1/session")).json()
            except Problem as problem:
                if problem.status == 404:
                    raise Problem(404, "no-record", problem.detail) from problem
                raise
            carrier.caller = Caller.model_validate(said["caller"])
            carrier.records = tuple(map(RecordChoice.model_validate, said["records"]))
            carrier.idle_in = float(said["idle_in"])
        return carrier.caller

    async def profile(self, request: Request) -> ProfileAnswer:
        """The practice's profile, kept for some seconds: every page shows it."""
        now = time.monotonic()
        if self._profile is None or now - self._profile_at > PROFILE_SECONDS:
            self._profile = await self.call(request, GetProfile, ProfileAnswer)
            self._profile_at = now
        return self._profile

    @property
    def last_profile(self) -> ProfileAnswer | None:
        """What is known of the practice while the gateway does not answer."""
        return self._profile


def now(request: Request) -> datetime:
    """The time by the portal's clock, which a demo can move."""
    told: datetime = request.app.state.now()
    return told


def record_of(request: Request) -> str:
    """Whose record the address names (`/for/<patient>/...`); empty for one's own."""
    return str(request.path_params.get("record", ""))


def base_of(request: Request) -> str:
    """What stands before every link of a page, so that it stays in the same record."""
    record = record_of(request)
    return f"/for/{record}" if record else ""


def gateway(request: Request) -> Gateway:
    """The application's client."""
    found: Gateway = request.app.state.gateway
    return found


def passed_on(request: Request) -> dict[str, str]:
    """The headers that say in whose name a call is made, and whose record it is about.

    The address is the one that the server saw; a browser cannot choose it (rate limits).
    """
    headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
    if patient := record_of(request):
        headers["x-patient"] = patient
    headers["x-forwarded-for"] = request.client.host if request.client else "unknown"
    return headers


def as_came(headers: Mapping[str, str]) -> httpx2.Headers:
    """In the bytes that the browser sent: other sites under our domain may set any cookie, and that
    must not end in our mistake.
    """
    return httpx2.Headers(headers, encoding="latin-1")


def _problem(response: httpx2.Response) -> Problem:
    if "problem+json" not in response.headers.get("content-type", ""):
        return Problem(503, "unavailable", "The portal does not answer.")
    body = response.json()
    return Problem(
        response.status_code,
        str(body.get("code", "unknown")),
        str(body.get("detail", "")),
        body.get("errors"),
    )
