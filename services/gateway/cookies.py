"""The browser's two cookies: its session, and the value by which it is known again.

At the doors where they come and go (`Door.COOKIE`), the gateway puts them into the command, and takes
them out of the answer: a page's script sees neither, and a client cannot state them itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from pydantic_core import from_json
from starlette.requests import Request
from starlette.responses import Response

from contracts.catalog import Operation
from kernel.decider import Refused
from services.gateway.browsers import label

SESSION, DEVICE = "cookie", "device"
FILLED: Final = (SESSION, DEVICE, "label")
"""The fields that the gateway fills, and no client: they are left out of the document."""
DEVICE_SECONDS: Final = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Cookies:
    """Reads and sets them. `secure` says that browsers reach us by HTTPS, which binds the names."""

    secure: bool

    def session_of(self, request: Request) -> str:
        """The session's cookie; empty without one."""
        return request.cookies.get(self._name("sid"), "")

    def filled(self, operation: Operation, request: Request, body: bytes) -> bytes:
        """The body, with what of it only the gateway knows. Refuses a session that is needed and is
        not there, and a body that cannot be filled.
        """
        known = {
            SESSION: self.session_of(request),
            DEVICE: request.cookies.get(self._name("device"), ""),
            "label": label(request.headers.get("user-agent", "")),
        }
        ours = {name: known[name] for name in FILLED if name in operation.message.model_fields}
        if ours.get(SESSION) == "":
            raise Refused("signed-out", "Please sign in.", 401)
        return _merged(body, ours) if ours else body

    def settled(self, response: Response, answer: dict[str, str | None]) -> Response:
        """The response with the cookies that an answer gave, out of sight of the page's scripts.

        The session's has no age: it is gone with the browser, and the server's limits come first.
        """
        for name, value, age in (
            ("sid", answer.get(SESSION), None),
            ("device", answer.get(DEVICE), DEVICE_SECONDS),
        ):
            if value:
                response.set_cookie(
                    self._name(name),
                    value,
                    max_age=age,
                    path="/",
                    secure=self.secure,
                    httponly=True,
                    samesite="lax",
                )
        return response

    def dropped(self, response: Response) -> Response:
        """The response that ends the session in the browser too; the browser stays known."""
        response.delete_cookie(self._name("sid"), path="/", secure=self.secure, httponly=True)
        return response

    def _name(self, name: str) -> str:
        return f"__Host-{name}" if self.secure else name


def _merged(body: bytes, ours: dict[str, str]) -> bytes:
    try:
        sent = from_json(body or b"{}")
        if not isinstance(sent, dict):
            raise ValueError("an object is needed")
        return json.dumps({**sent, **ours}).encode()
    except ValueError as error:
        sentence = "Some of what was sent is not right."
        raise Refused("invalid", sentence, 422, {"body": "This is not valid JSON."}) from error
