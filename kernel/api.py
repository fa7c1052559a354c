"""What a service answers: its handlers, registered per contract, and how one request is served."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, Protocol, TypeVar

from pydantic import ValidationError

from kernel.bus.requests import Reply, Unavailable
from kernel.committer import Fenced, Stopping
from kernel.decider import Refused
from kernel.envelope import Answer, Command, Query
from kernel.store.port import Ask, Row
from kernel.turn import Stored, Turn, Unit, command_id, digest_of

D = TypeVar("D")
C = TypeVar("C", bound="CallerLike")
M = TypeVar("M")
A = TypeVar("A", bound=Answer)
T = TypeVar("T")

Kind = Literal["command", "query", "action"]
_NUL = b"\\u0000"
"""How JSON spells the one character that no text has, and that PostgreSQL does not take."""


class CallerLike(Protocol):
    """The claims that the kernel looks at."""

    @property
    def subject(self) -> str:
        """An account id, or a service's name."""

    @property
    def role(self) -> str:
        """What the caller may be."""

    @property
    def patient(self) -> str | None:
        """Whose record the request may see."""

    @property
    def barred(self) -> str:
        """Why there is none: `agreement-due` or `no-record`."""


class Host(Protocol):
    """What a call needs of its service."""

    deps: Any

    def now(self) -> datetime:
        """The service's clock."""

    async def submit(self, unit: Unit) -> Any:
        """Commit a unit of work."""

    async def fetch(self, ask: Ask, **params: Any) -> Sequence[Row]:
        """Read a view."""

    async def request(self, message: Command | Query, answer: type[A], key: str = "") -> A:
        """Ask another service, signed as this one."""


@dataclass(slots=True)
class Call(Generic[D, C]):
    """One request being answered. `turn` exists in commands only, `prepared` where asked for."""

    host: Host
    caller: C
    key: str
    now: datetime
    trace: str | None = None
    prepared: Any = None
    turn: Turn = field(init=False)

    @property
    def deps(self) -> D:
        """The service's own parts."""
        deps: D = self.host.deps
        return deps

    @property
    def actor(self) -> str:
        """Who the events will name."""
        return self.caller.subject

    async def read(self, ask: Ask, **params: Any) -> Sequence[Row]:
        """Rows of a view."""
        return await self.host.fetch(ask, **params)

    async def execute(self, handler: Callable[[Turn], Awaitable[T]]) -> T:
        """Decide in the own log, and wait until it is durable (actions)."""
        answer: T = await self.host.submit(Unit(handler, actor=self.actor, trace=self.trace))
        return answer

    async def request(self, message: Command | Query, answer: type[A], key: str = "") -> A:
        """Ask another service, signed as this one."""
        return await self.host.request(message, answer, key)


Handler = Callable[[Any, Call[Any, Any]], Awaitable[Answer | bytes]]
Prepare = Callable[[Any, Call[Any, Any]], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One registered handler. `roles` None means anyone, also without a token. `chart`: it is about
    the record in view, and refuses a caller who has none.
    """

    message: type[Command | Query]
    handler: Handler
    kind: Kind
    roles: frozenset[str] | None
    status: int
    prepare: Prepare | None = None
    chart: bool = False


class Api(Generic[D, C]):
    """The commands, queries and actions of one service."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.endpoints: dict[str, Endpoint] = {}

    def command(
        self,
        message: type[M],
        roles: set[Any] | None,
        status: int = 201,
        prepare: Prepare | None = None,
        chart: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Decided in the group commit; answered when durable; idempotent by key."""
        return self._register(message, "command", roles, status, prepare, chart)

    def query(
        self, message: type[M], roles: set[Any] | None, chart: bool = False
    ) -> Callable[[Handler], Handler]:
        """Reads views; changes nothing."""
        return self._register(message, "query", roles, 200, None, chart)

    def action(
        self, message: type[M], roles: set[Any] | None, status: int = 200, chart: bool = False
    ) -> Callable[[Handler], Handler]:
        """Neither: slow or outside work, which may `call.execute` a decision."""
        return self._register(message, "action", roles, status, None, chart)

    def _register(
        self,
        message: Any,
        kind: Kind,
        roles: set[Any] | None,
        status: int,
        prepare: Prepare | None,
        chart: bool,
    ) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            allowed = None if roles is None else frozenset(str(role) for role in roles)
            self.endpoints[message.__name__] = Endpoint(
                message, handler, kind, allowed, status, prepare, chart
            )
            return handler

        return register


async def serve(endpoint: Endpoint, body: bytes, call: Call[Any, Any]) -> Reply:
    """Answer one request whose caller is known. Every outcome is a reply; bugs raise."""
    try:
        if endpoint.roles is not None and str(call.caller.role) not in endpoint.roles:
            raise Refused("forbidden", "This account may not do that.", 403)
        if endpoint.chart and not call.caller.patient:
            raise _no_record(call.caller.barred)
        if _NUL in body:
            raise Refused("invalid", "Some of what was sent is not right.", 422)
        # A query may come from a URL, where everything is text; a body says what it means.
        strict = issubclass(endpoint.message, Command)
        message = endpoint.message.model_validate_json(body or b"{}", strict=strict)
        if endpoint.kind == "command":
            return await _command(endpoint, message, body, call)
        return Reply(endpoint.status, _bytes(await endpoint.handler(message, call)))
    except ValidationError as error:
        return problem(422, "invalid", "Some of what was sent is not right.", fields_of(error))
    except Refused as refused:
        return problem(refused.status, refused.code, refused.detail, refused.fields)
    except (Unavailable, Fenced, Stopping):
        return problem(503, "unavailable", "A part of the portal does not answer. Try again soon.")


def _no_record(why: str) -> Refused:
    if why == "agreement-due":
        return Refused(why, "Please accept the current terms for this record first.", 403)
    return Refused("no-record", "There is no record to show here.", 403)


async def _command(endpoint: Endpoint, message: Any, body: bytes, call: Call[Any, Any]) -> Reply:
    if endpoint.prepare is not None:
        call.prepared = await endpoint.prepare(message, call)

    async def decide(turn: Turn) -> Stored:
        call.turn = turn
        return Stored(endpoint.status, _bytes(await endpoint.handler(message, call)))

    name = endpoint.message.__name__
    key = command_id(call.actor, name, call.key) if call.key else None
    unit = Unit(decide, call.actor, call.trace, key, digest_of(body))
    stored: Stored = await call.host.submit(unit)
    return Reply(stored.status, stored.body)


def _bytes(answer: Answer | bytes) -> bytes:
    return answer if isinstance(answer, bytes) else answer.model_dump_json().encode()


TITLES = {
    400: "Bad request",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Not this way",
    409: "Not possible now",
    410: "Gone",
    413: "Too large",
    422: "Not right yet",
    429: "Too many tries",
    500: "Our mistake",
    503: "Not available",
}


def problem(status: int, code: str, detail: str, errors: dict[str, str] | None = None) -> Reply:
    """RFC 9457 problem details. `errors` maps a field to a plain sentence."""
    body: dict[str, Any] = {
        "type": f"urn:myportal:problem:{code}",
        "title": TITLES.get(status, "Not possible"),
        "status": status,
        "code": code,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    return Reply(status, json.dumps(body).encode())


_PLAIN = {
    "missing": "This is needed.",
    "extra_forbidden": "This field is not known.",
    "string_too_short": "This is too short.",
    "string_too_long": "This is too long.",
    "string_pattern_mismatch": "This does not look right.",
    "json_invalid": "This is not valid JSON.",
}


def fields_of(error: ValidationError) -> dict[str, str]:
    """Per field a plain sentence, which never repeats what was sent."""
    return {
        ".".join(str(part) for part in each["loc"]) or "body": _PLAIN.get(
            each["type"], "This does not look right."
        )
        for each in error.errors(include_input=False, include_url=False, include_context=False)
    }
