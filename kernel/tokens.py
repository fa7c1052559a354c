"""Signed tokens: who a request comes from. Ed25519 JWTs of at most 30 s (DESIGN §4)."""

from __future__ import annotations

import os
from collections import OrderedDict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from kernel.clock import Clock

ALGORITHM = "Ed25519"
REMEMBERED = 10_000


class BadToken(Exception):
    """The token is not ours, or it is too old."""


class Signer:
    """Signs as one service. Its key is made on first use, the public half put where all read."""

    def __init__(self, service: str, keys: Path, public: Path) -> None:
        self.service = service
        for folder in (keys, public):
            folder.mkdir(parents=True, exist_ok=True)
        private = keys / f"{service}.jwk"
        if not private.exists():
            key = OKPKey.generate_key("Ed25519")
            _write(public / f"{service}.pub.jwk", key.as_bytes(private=False), 0o644)
            _write(private, key.as_bytes(private=True), 0o600)
        self._key = OKPKey.import_key(private.read_bytes())

    def sign(self, claims: dict[str, Any], now: datetime, life: timedelta) -> str:
        """A token over `claims`; `iss` and `exp` are ours."""
        whole = {**claims, "iss": self.service, "exp": int((now + life).timestamp())}
        return jwt.encode({"alg": ALGORITHM}, whole, self._key, algorithms=[ALGORITHM])


class Verifier:
    """Checks tokens, and remembers the ones it has checked until they end."""

    def __init__(self, public: Path, clock: Clock) -> None:
        self._keys = public
        self._clock = clock
        self._public: dict[str, OKPKey] = {}
        self._seen: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def claims(self, token: str) -> dict[str, Any]:
        """The claims of a valid token; raises BadToken."""
        known = self._seen.get(token)
        if known is None:
            known = self._check(token)
            self._seen[token] = known
            if len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        if known["exp"] < self._clock.now().timestamp():
            self._seen.pop(token, None)
            raise BadToken("expired")
        return known

    def _check(self, token: str) -> dict[str, Any]:
        try:
            issuer = str(_unverified(token).get("iss", ""))
            checked = jwt.decode(token, self._key_of(issuer), algorithms=[ALGORITHM])
        except (JoseError, ValueError, LookupError) as error:
            raise BadToken("not a token of this portal") from error
        return checked.claims

    def _key_of(self, issuer: str) -> OKPKey:
        if issuer not in self._public:
            path = self._keys / f"{issuer}.pub.jwk"
            if not issuer.isalnum() or not path.exists():
                raise BadToken("unknown issuer")
            self._public[issuer] = OKPKey.import_key(path.read_bytes())
        return self._public[issuer]


def _unverified(token: str) -> dict[str, Any]:
    """The claims before the check: only to learn whose key to check with."""
    import base64
    import json

    body = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    if not isinstance(claims, dict):
        raise BadToken("not a token of this portal")
    return claims


def _write(path: Path, content: bytes, mode: int) -> None:
    part = path.with_suffix(f".{os.getpid()}")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as out:
        out.write(content)
    part.replace(path)
