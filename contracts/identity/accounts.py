"""Accounts, sessions, and who may be written to (R45)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, SecretStr

from contracts.common import Caller, Email, Id, ShortText
from kernel.envelope import Answer, Command, Query
from kernel.phi import Phi


class SignIn(Command):
    """Open a session. Not kept in the log's idempotency record: a repeat opens another session."""

    service: ClassVar[str] = "identity"
    email: Phi[Email]
    password: SecretStr = Field(min_length=1, max_length=200)


class SessionAnswer(Answer):
    """`cookie` is the 256-bit random value, given once, at sign-in only."""

    cookie: str | None = None
    caller: Caller
    idle_seconds: int
    expires_in: int


class Exchange(Query):
    """The gateway trades a session for a signed token of at most 30 s.

    `active` moves the inactivity limit; background calls do not (R45).
    """

    service: ClassVar[str] = "identity"
    cookie: SecretStr
    active: bool


class ExchangeAnswer(Answer):
    """`token` is a JWT over `Caller`'s claims; `idle_in` the seconds until the inactivity limit."""

    token: str
    caller: Caller
    idle_in: float


class SignOut(Command):
    """End this session now."""

    service: ClassVar[str] = "identity"
    cookie: SecretStr


class OpenStaffAccount(Command):
    """Operators add a staff account (command line)."""

    service: ClassVar[str] = "identity"
    email: Phi[Email]
    name: ShortText
    role: Literal["provider", "support", "clinic", "policy", "sre"]
    provider: Id | None = None
    password: SecretStr


class MayNotify(Query):
    """The notifier asks before each e-mail; no answer means no mail (fail closed).

    `reference` is an invitation's id for `invitation` and `address-notice`, else the event's id.
    """

    service: ClassVar[str] = "identity"
    kind: ShortText
    patient: Id
    reference: Id


class MayNotifyAnswer(Answer):
    """`address` is None when nothing may be sent. An invitation also gets `link` (the secret part of
    its address, not a whole URL) and `code`."""

    address: Phi[str | None]
    reason: ShortText = ""
    given: Phi[str] = ""
    link: Phi[str] = ""
    code: Phi[str] = ""
