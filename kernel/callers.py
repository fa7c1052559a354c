"""Who a request comes from, by its token: a person whom one service vouches for, or a service itself."""

from __future__ import annotations

from typing import Any

from kernel.settings import Settings
from kernel.tokens import BadToken, Verifier

TOKEN_SECONDS = 30
REMEMBERED = 10_000


class Callers:
    """Checks tokens and reads their claims into `model`, whose `people_by` names the service that signs
    for people.
    """

    def __init__(self, verifier: Verifier, model: type[Any]) -> None:
        self._verifier = verifier
        self._model = model
        self._known: dict[str, Any] = {}

    def of(self, token: str) -> Any:
        """The caller; anonymous without a token. Raises BadToken."""
        if not token:
            return self._model(subject="anonymous", role="anonymous")
        claims = self._verifier.claims(token)
        known = self._known.get(token)
        if known is None:
            itself = claims["role"] == "service" and claims["subject"] == claims["iss"]
            if claims["iss"] != self._model.people_by and not itself:
                raise BadToken("a service may speak only for itself")
            known = self._model(**{k: v for k, v in claims.items() if k not in ("iss", "exp")})
            if len(self._known) > REMEMBERED:
                self._known.clear()
            self._known[token] = known
        return known


class Itself:
    """A service in its own requests."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._token, self._until = "", 0.0

    def token(self) -> str:
        """A token that says which service this is; kept for half its life."""
        moment = self._settings.clock.now().timestamp()
        if moment > self._until:
            claims = {"subject": self._settings.service, "role": "service"}
            self._token = self._settings.sign(claims, TOKEN_SECONDS)
            self._until = moment + TOKEN_SECONDS / 2
        return self._token
