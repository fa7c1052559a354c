"""How people sign in, in tests: browsers, authenticator apps, and a passkey in software."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pyotp
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, encode_cbor

from contracts.common import Caller
from contracts.identity import (
    AddPasskey,
    BeginPasskey,
    BeginTotp,
    ConfirmSecondFactor,
    ConfirmTotp,
    Exchange,
    OpenStaffAccount,
    SignIn,
)
from kernel.bus.requests import Reply
from tests.unit.identity import steps
from tests.unit.identity.desk import OPERATOR, PASSWORD, Desk

MARIA = "maria@example.com"
DOCTOR = "dr.who@practice.example"
_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


def sign_in(
    email: str = MARIA, password: str = PASSWORD, device: str = "", label: str = ""
) -> SignIn:
    """Address and password, from a browser that is known by `device`."""
    return SignIn(email=email, password=SecretStr(password), device=SecretStr(device), label=label)


def staff(email: str = DOCTOR, **changes: Any) -> OpenStaffAccount:
    """A provider's account."""
    values: dict[str, Any] = {
        "name": "Dr Who", "role": "provider", "provider": "prov-1",
        "password": SecretStr(PASSWORD),
    }  # fmt: skip
    return OpenStaffAccount(email=email, **(values | changes))


async def enter(desk: Desk, sign: SignIn) -> dict[str, Any]:
    """Sign in, which succeeds; gives the session's answer."""
    reply = await desk.reply(sign)
    assert reply.status == 200, reply.body
    return dict(json.loads(reply.body))


async def maria(desk: Desk) -> Caller:
    """Maria has enrolled, and is signed in."""
    session = await steps.enrol(desk, await desk.record())
    return await caller_of(desk, session["cookie"])


async def doctor(desk: Desk) -> Caller:
    """A provider who has an account, signed in with the password."""
    await desk.ask(staff(), OPERATOR)
    return await caller_of(desk, (await enter(desk, sign_in(DOCTOR)))["cookie"])


async def caller_of(desk: Desk, cookie: str) -> Caller:
    """Who the gateway would say is calling."""
    answer = await desk.ask(Exchange(cookie=SecretStr(cookie), active=True))
    return Caller.model_validate(answer["caller"])


async def outcome(desk: Desk, cookie: str) -> str:
    """`open`, or the code with which a session is refused."""
    reply = await desk.reply(Exchange(cookie=SecretStr(cookie), active=True))
    return "open" if reply.status == 200 else str(json.loads(reply.body)["code"])


async def set_up_app(desk: Desk, caller: Caller) -> App:
    """An authenticator app, proved by its first code, with the recovery codes."""
    offer = await desk.ask(BeginTotp(password=SecretStr(PASSWORD)), caller)
    app = App(desk, offer["secret"])
    reply = await desk.reply(ConfirmTotp(code=SecretStr(app.code())), caller)
    assert reply.status == 200, reply.body
    app.recovery = json.loads(reply.body)["codes"]
    return app


async def second_step(desk: Desk, cookie: str, code: str) -> Reply:
    """The code after the password."""
    return await desk.reply(ConfirmSecondFactor(cookie=SecretStr(cookie), code=SecretStr(code)))


@dataclass
class App:
    """An authenticator app and the sheet with the recovery codes."""

    desk: Desk
    secret: str
    recovery: list[str] = field(default_factory=list)

    def code(self, later: int = 0) -> str:
        """What it shows now, or some steps later."""
        return pyotp.TOTP(self.secret).at(self.desk.now() + timedelta(seconds=30 * later))

    def next_code(self) -> str:
        """Wait for a code that has not been used."""
        self.desk.clock.move(timedelta(seconds=30))
        return self.code()

    def wrong(self) -> str:
        """Six digits that it does not show."""
        near = {self.code(step) for step in (-1, 0, 1)}
        return next(code for code in ("000000", "111111", "222222", "333333") if code not in near)


@dataclass
class Authenticator:
    """A passkey in software. `flags` and `origin` are what a broken or false one would change."""

    origin: str = "https://portal.example"
    host: str = "portal.example"
    flags: int = _PRESENT | _VERIFIED
    count: int = 1
    id: bytes = b"credential-1"
    user: str = ""

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    def make(self, options: str) -> str:
        """What `navigator.credentials.create` gives."""
        asked = json.loads(options)
        self.user = asked["user"]["id"]
        numbers = self._key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        attested = b"\0" * 16 + len(self.id).to_bytes(2) + self.id + encode_cbor(public)
        data = self._data(self.flags | _ATTESTED) + attested
        response = {
            "clientDataJSON": self._client("webauthn.create", asked["challenge"]),
            "attestationObject": encode_cbor({"fmt": "none", "attStmt": {}, "authData": data}),
        }
        return self._credential(response)

    def sign(self, options: str) -> str:
        """What `navigator.credentials.get` gives."""
        self.count += 1
        data, client = (
            self._data(self.flags),
            self._client("webauthn.get", json.loads(options)["challenge"]),
        )
        signed = data + hashlib.sha256(client).digest()
        response = {
            "clientDataJSON": client,
            "authenticatorData": data,
            "signature": self._key.sign(signed, ec.ECDSA(hashes.SHA256())),
            "userHandle": base64url_to_bytes(self.user),
        }
        return self._credential(response)

    def _data(self, flags: int) -> bytes:
        place = hashlib.sha256(self.host.encode()).digest()
        return place + flags.to_bytes(1) + self.count.to_bytes(4)

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _credential(self, response: dict[str, bytes]) -> str:
        id = bytes_to_base64url(self.id)
        shown = {name: bytes_to_base64url(value) for name, value in response.items()}
        return json.dumps({"id": id, "rawId": id, "type": "public-key", "response": shown})


async def add_passkey(desk: Desk, caller: Caller, key: Authenticator) -> Reply:
    """Make a passkey and hand it in."""
    options = (await desk.ask(BeginPasskey(password=SecretStr(PASSWORD)), caller))["options"]
    sent = SecretStr(key.make(options))
    return await desk.reply(AddPasskey(credential=sent, name="My phone"), caller)
