"""Signing in and keeping it safe: second factor, passkeys, devices, reset, change of address.

No SMS and no telephone as a factor (R63). Secrets are given once and never in a stored answer.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field, SecretStr

from contracts.common import Email, Id, ShortText
from kernel.envelope import Answer, Command, Contract, PublishedEvent, Query
from kernel.phi import Phi

Factor = Literal["totp", "recovery"]
Notice = Literal[
    "password-reset", "address-old", "address-new", "patient-address", "security-changed",
    "turns-12-soon", "turned-12", "turns-18-soon", "turned-18", "relation-changed",
]  # fmt: skip
"""Letters to an account. `address-*` and `patient-address` and `password-reset` carry a link."""


class ConfirmSecondFactor(Command):
    """The second step of signing in: a code of the authenticator app, or a recovery code.

    The gateway adds `cookie`, the session that waits for it. The session gets a new cookie.
    """

    service: ClassVar[str] = "identity"
    cookie: SecretStr = SecretStr("")
    code: SecretStr = Field(min_length=6, max_length=40)


class BeginPasskeySignIn(Query):
    """A challenge for signing in with a passkey; says nothing about any account."""

    service: ClassVar[str] = "identity"


class PasskeyOptions(Answer):
    """WebAuthn options as JSON text, as `navigator.credentials` wants them (base64url). Once, 5 minutes."""

    options: str


class SignInWithPasskey(Command):
    """WebAuthn assertion as JSON text. A passkey with user verification is both factors."""

    service: ClassVar[str] = "identity"
    credential: SecretStr = Field(max_length=20_000)
    device: SecretStr = SecretStr("")
    label: ShortText = ""


class GetSecurity(Query):
    """How the caller signs in, and where they are signed in."""

    service: ClassVar[str] = "identity"


class PasskeyRow(Contract):
    """One passkey."""

    passkey: Id
    name: Phi[ShortText]
    added: datetime
    used: datetime | None


class DeviceRow(Contract):
    """One browser that signed in. `current`: this one; `active`: it has an open session."""

    device: Id
    label: ShortText
    first: datetime
    last: datetime
    current: bool
    active: bool


class SecurityAnswer(Answer):
    """`email_waits` is the new address of a change that is not confirmed at both addresses yet."""

    email: Phi[str]
    email_waits: Phi[str] = ""
    totp: bool
    recovery_left: int
    must_set_up: bool = False
    passkeys: tuple[PasskeyRow, ...]
    devices: tuple[DeviceRow, ...]


class ChangePassword(Command):
    """Refused `wrong-password`, or `weak-password`. Signs out everywhere else."""

    service: ClassVar[str] = "identity"
    current: SecretStr = Field(min_length=1, max_length=200)
    password: SecretStr = Field(min_length=1, max_length=200)


class BeginTotp(Command):
    """A new secret for an authenticator app. Nothing changes until a code of it comes back.

    Needs the password (`wrong-password`), except of staff who are setting up their first factor.
    """

    service: ClassVar[str] = "identity"
    password: SecretStr = Field(default=SecretStr(""), max_length=200)


class TotpOffer(Answer):
    """`uri` is the otpauth address that a QR code shows."""

    secret: Phi[str]
    uri: Phi[str]


class ConfirmTotp(Command):
    """A code of the offered secret: from now on signing in asks for one. Refused `wrong-code`."""

    service: ClassVar[str] = "identity"
    code: SecretStr = Field(min_length=6, max_length=10)


class RecoveryCodes(Answer):
    """Ten codes, each good once, shown once. Earlier ones are void."""

    codes: Phi[tuple[str, ...]]


class NewRecoveryCodes(Command):
    """Void the old codes and give ten new ones."""

    service: ClassVar[str] = "identity"
    password: SecretStr = Field(min_length=1, max_length=200)


class RemoveTotp(Command):
    """Sign in without the authenticator app. Refused `needed` for staff who have no passkey."""

    service: ClassVar[str] = "identity"
    password: SecretStr = Field(min_length=1, max_length=200)


class BeginPasskey(Command):
    """A challenge to make a passkey for this account. Needs the password as `BeginTotp` does."""

    service: ClassVar[str] = "identity"
    password: SecretStr = Field(default=SecretStr(""), max_length=200)


class AddPasskey(Command):
    """WebAuthn attestation as JSON text. Refused `passkey` when it does not check."""

    service: ClassVar[str] = "identity"
    credential: SecretStr = Field(max_length=40_000)
    name: Phi[ShortText] = Field(min_length=1)


class RemovePasskey(Command):
    """Refused `needed` for staff who have no other second factor."""

    service: ClassVar[str] = "identity"
    passkey: Id
    password: SecretStr = Field(min_length=1, max_length=200)


class RemoveFactors(Command):
    """Somebody lost their authenticator and their recovery codes, and `evidence` says how it was
    checked who they are. All second factors go, and every session ends; the password stays.

    Support does it for patients and proxies, the operator for staff.
    """

    service: ClassVar[str] = "identity"
    email: Phi[Email]
    evidence: Phi[ShortText] = Field(min_length=3)


class EndDevice(Command):
    """Sign a browser out, and forget it."""

    service: ClassVar[str] = "identity"
    device: Id


class SignOutEverywhere(Command):
    """End every session of this account, this one too."""

    service: ClassVar[str] = "identity"


class RequestReset(Command):
    """The same answer whoever has this address, or nobody: a link goes to an account's address."""

    service: ClassVar[str] = "identity"
    email: Phi[Email]


class OpenLink(Query):
    """What an e-mailed link of ours is good for. Asked by POST; consumes nothing."""

    service: ClassVar[str] = "identity"
    link: SecretStr


class LinkAnswer(Answer):
    """`open` for which purpose, or why not."""

    state: Literal["open", "expired", "used", "unknown"]
    purpose: Literal["", "password-reset", "address-old", "address-new", "patient-address"] = ""


class ResetPassword(Command):
    """With the link of a reset: a new password. Ends every session and opens none."""

    service: ClassVar[str] = "identity"
    link: SecretStr
    password: SecretStr = Field(min_length=1, max_length=200)


class ChangeEmail(Command):
    """Sign in with another address: links go to the old and to the new one, and both must be
    confirmed within a day. The answer is the same where the new address is somebody's (R44).
    """

    service: ClassVar[str] = "identity"
    email: Phi[Email]
    password: SecretStr = Field(min_length=1, max_length=200)


class ConfirmAddress(Command):
    """With one of the links of a change of address."""

    service: ClassVar[str] = "identity"
    link: SecretStr


class AccountNotice(PublishedEvent):
    """Somebody who signs in is to get a letter; where to, and its link, only identity knows."""

    service: ClassVar[str] = "identity"
    topic: ClassVar[str] = "notice"
    about: ClassVar[str | None] = "account"  # letters wait for the same account's, and no other's
    notice: Notice
    account: Id
    reference: Id


class MayNotifyAccount(Query):
    """The notifier asks before each letter to an account: no answer, no letter. Answered with
    `MayNotifyAnswer`, whose `link` is the secret part of the letter's address.
    """

    service: ClassVar[str] = "identity"
    notice: Notice
    account: Id
    reference: Id
