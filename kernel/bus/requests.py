"""Asking: a command or query goes to its service as a NATS request, and its answer comes back.

Headers carry who asks (`Authorization`), the idempotency key and the trace. An answer carries its
HTTP status; a refusal is RFC 9457 problem details in the body.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Final, TypeVar

import nats.errors
from nats.aio.client import Client
from opentelemetry.trace import SpanKind

from kernel.decider import Refused
from kernel.envelope import Answer, Command, Query
from kernel.telemetry import HEADER as TRACE
from kernel.telemetry import current, span

TOKEN: Final = "Authorization"  # noqa: S105  # a header's name
KEY: Final = "Idempotency-Key"
STATUS: Final = "Portal-Status"
TIMEOUT_SECONDS: Final = 10.0
NO_ONE_SECONDS: Final = 0.1

A = TypeVar("A", bound=Answer)


class Unavailable(Exception):
    """The service did not answer in time. Whether the command took effect is not known."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came: an HTTP status and JSON bytes."""

    status: int
    body: bytes


def subject_of(message: type[Command | Query], service: str | None = None) -> str:
    """`cmd.<service>.<Name>` or `qry.<service>.<Name>`."""
    kind = "cmd" if issubclass(message, Command) else "qry"
    return f"{kind}.{service or message.service}.{message.__name__}"


async def send(
    client: Client,
    subject: str,
    body: bytes,
    token: str = "",
    key: str = "",
    timeout: float = TIMEOUT_SECONDS,
) -> Reply:
    """Send bytes and wait for the reply. While nobody listens (a restart), try again until the
    time is up; a request that was heard is never sent twice by this function. Raises Unavailable.
    """
    with span(f"request {subject}", SpanKind.CLIENT):
        headers = {TOKEN: token, KEY: key}
        if (trace := current()) is not None:
            headers[TRACE] = trace
        deadline = asyncio.get_running_loop().time() + timeout
        while True:
            left = deadline - asyncio.get_running_loop().time()
            try:
                message = await client.request(
                    subject, body, timeout=max(left, 0.01), headers=headers
                )
            except nats.errors.NoRespondersError:
                if left <= NO_ONE_SECONDS:
                    raise Unavailable(f"nobody answers {subject}") from None
                await asyncio.sleep(NO_ONE_SECONDS)
                continue
            except (nats.errors.Error, TimeoutError) as error:
                raise Unavailable(f"no answer from {subject}") from error
            return Reply(int((message.headers or {}).get(STATUS, "500")), message.data)


async def ask(
    client: Client,
    message: Command | Query,
    answer: type[A],
    token: str = "",
    key: str = "",
    service: str | None = None,
) -> A:
    """Send a typed message and read the typed answer. Raises Refused, or Unavailable."""
    subject = subject_of(type(message), service)
    body = _revealed(message)
    reply = await send(client, subject, body, token, key)
    if reply.status >= 500:
        raise Unavailable(f"{subject} failed with {reply.status}")
    if reply.status >= 400:
        problem = json.loads(reply.body)
        raise Refused(problem["code"], problem["detail"], reply.status, problem.get("errors"))
    return answer.model_validate_json(reply.body, extra="ignore")


def _revealed(message: Command | Query) -> bytes:
    """JSON with its secrets: on the wire they are needed, everywhere else they print as stars."""
    secrets = {name: value for name, value in message if hasattr(value, "get_secret_value")}
    if not secrets:
        return message.model_dump_json().encode()
    shown = {name: value.get_secret_value() for name, value in secrets.items()}
    return json.dumps({**message.model_dump(mode="json"), **shown}).encode()
