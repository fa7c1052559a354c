"""Accounts, sessions, and who may be written to (R45)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, SecretStr

from contracts.common import Caller, Email, Id, ShortText
from contracts.identity.connections import RecordChoice
from contracts.identity.security import Factor
from kernel.envelope import Answer, Command, Query
from kernel.phi import Phi


class SignIn(Command):
    """Open a session. Not kept in the log's idempotency record: a repeat opens another session.

    The gateway adds `device`, the value by which it knows the browser (empty at first), and `label`,
    what kind of browser it is. From a known device wrong tries of others lock nobody out.
    """

    service: ClassVar[str] = "identity"
    email: Phi[Email]
    password: SecretStr = Field(min_length=1, max_length=200)
    device: SecretStr = SecretStr("")
    label: ShortText = ""


class SessionAnswer(Answer):
    """`cookie` is the 256-bit random value, given once, at sign-in only; `device` the value by which
    the browser is known next time.

    With a `second_factor` the session waits for `ConfirmSecondFactor`, five minutes at most, and
    `caller` is anonymous until then.
    """

    cookie: str | None = None
    device: str | None = None
    second_factor: tuple[Factor, ...] = ()
    caller: Caller
    idle_seconds: int
    expires_in: int


class Exchange(Query):
    """The gateway trades a session for a signed token of at most 30 s.

    `active` moves the inactivity limit; background calls do not (R45). `patient` is whose record is
    asked for; without it the caller's own, or the first that they may see. One that this account may
    not see now is refused as `not-found`.
    """

    service: ClassVar[str] = "identity"
    cookie: SecretStr
    active: bool
    patient: Id | None = None


class ExchangeAnswer(Answer):
    """`token` is a JWT over `Caller`'s claims; `idle_in` the seconds until the inactivity limit;
    `records` everybody whose record this account is connected to.
    """

    token: str
    caller: Caller
    idle_in: float
    records: tuple[RecordChoice, ...] = ()


class SignOut(Command):
    """End this session now."""

    service: ClassVar[str] = "identity"
    cookie: SecretStr


class OpenStaffAccount(Command):
    """Operators add a staff account (command line)."""

    service: ClassVar[str] = "identity"
    email: Phi[Email]
    name: ShortText
    role: Literal["provider", "support", "clinic", "billing", "policy", "sre"]
    provider: Id | None = None
    password: SecretStr


class MayNotify(Query):
    """The notifier asks before each e-mail; no answer means no mail (fail closed).

    `reference` is an invitation's id for `invitation` and `address-notice`, else the event's id.
    `account` asks for one of the patient's accounts; without it the answer is for the first, and names
    the others.
    """

    service: ClassVar[str] = "identity"
    kind: ShortText
    patient: Id
    reference: Id
    account: Id | None = None


class MayNotifyAnswer(Answer):
    """`address` is None when nothing may be sent. An invitation also gets `link` (the secret part of
    its address, not a whole URL) and `code`. `others` are the accounts to be asked about as well."""

    address: Phi[str | None]
    reason: ShortText = ""
    given: Phi[str] = ""
    link: Phi[str] = ""
    code: Phi[str] = ""
    others: tuple[Id, ...] = ()
