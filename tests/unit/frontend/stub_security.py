"""Canned answers about signing in: second steps, passkeys, devices, e-mailed links."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from starlette.responses import Response

from contracts import identity
from contracts.common import Caller, Done, Nothing, Role

if TYPE_CHECKING:
    from tests.unit.frontend.stub import Stub

NOW = datetime(2026, 3, 4, 20, 0, tzinfo=UTC)
PASSWORD = "lantern-orchard-seven-tides"
CODE = "492817"
RECOVERY = "7QK4M-2XW9A"
WAITING = Caller(subject="a6", role=Role.ANONYMOUS)
NEW_STAFF = Caller(subject="s9", role=Role.ENROLLING, name="Nia Osei")
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
URI = (
    "otpauth://totp/Harbor%20View%20Medical%20Group:rosa%40mail.example"
    f"?secret={SECRET}&issuer=Harbor%20View%20Medical%20Group"
)
CODES = tuple(f"{number}QK4M-2XW9{number}" for number in range(10))
CREDENTIAL = '{"id": "a passkey of cardboard"}'


def device(number: int, label: str, current: bool = False, active: bool = False) -> Any:
    """A browser that signed in so many days ago."""
    last = NOW - timedelta(days=number)
    return identity.DeviceRow(
        device=f"d{number}",
        label=label,
        first=last - timedelta(days=90),
        last=last,
        current=current,
        active=active,
    )


SECURITY = identity.SecurityAnswer(
    email="rosa.alvarez@mail.example",
    email_waits="rosa.new@mail.example",
    totp=True,
    recovery_left=2,
    passkeys=(
        identity.PasskeyRow(passkey="k1", name="My phone", added=NOW, used=NOW),
        identity.PasskeyRow(passkey="k2", name="Laptop at home", added=NOW, used=None),
    ),
    devices=(
        device(3, "Firefox on Windows", active=True),
        device(0, "Chrome on Android", current=True, active=True),
        device(40, "Safari on an iPad"),
    ),
)


def refusal(status: int, code: str, errors: dict[str, str] | None = None) -> Response:
    """What the gateway says when identity refuses."""
    from tests.unit.frontend.stub import problem  # that module is made with this one

    return problem(status, code, "A sentence of identity.", errors)


def answer(**changes: Any) -> identity.SecurityAnswer:
    """How somebody signs in, otherwise than usual."""
    return SECURITY.model_copy(update=changes)


def _confirmed(made: Stub, fields: dict[str, Any]) -> BaseModel | Response:
    if fields["code"] not in (CODE, RECOVERY):
        return refusal(422, "wrong-code")
    return _session(made)


def _session(made: Stub) -> identity.SessionAnswer:
    return identity.SessionAnswer(
        caller=made.callers["patient"], idle_seconds=600, expires_in=43200
    )


def _with_password(done: BaseModel, name: str = "password") -> Any:
    def answered(fields: dict[str, Any]) -> BaseModel | Response:
        return done if fields[name] == PASSWORD else refusal(422, "wrong-password")

    return answered


def _with_code(done: BaseModel) -> Any:
    def answered(fields: dict[str, Any]) -> BaseModel | Response:
        return done if fields["code"] == CODE else refusal(422, "wrong-code")

    return answered


def _passkey(made: Stub, fields: dict[str, Any]) -> BaseModel | Response:
    if fields["credential"] != CREDENTIAL:
        return refusal(401, "passkey")
    return _session(made)


def add(made: Stub) -> None:
    """The answers of the security pages, a session that waits, and staff without a second factor."""
    made.callers |= {"new-staff": NEW_STAFF, "waiting": WAITING}
    made.answers |= {
        identity.ConfirmSecondFactor: lambda fields: _confirmed(made, fields),
        identity.SignInWithPasskey: lambda fields: _passkey(made, fields),
        identity.BeginPasskeySignIn: identity.PasskeyOptions(options="{}"),
        identity.BeginPasskey: identity.PasskeyOptions(options="{}"),
        identity.GetSecurity: SECURITY,
        identity.ChangePassword: _with_password(Done(id="a1"), "current"),
        identity.BeginTotp: identity.TotpOffer(secret=SECRET, uri=URI),
        identity.ConfirmTotp: _with_code(identity.RecoveryCodes(codes=CODES)),
        identity.NewRecoveryCodes: _with_password(identity.RecoveryCodes(codes=CODES)),
        identity.RemoveTotp: _with_password(Done(id="a1")),
        identity.AddPasskey: Done(id="k3"),
        identity.RemovePasskey: _with_password(Done(id="k1")),
        identity.EndDevice: Done(id="d3"),
        identity.SignOutEverywhere: Done(id="a1"),
        identity.ChangeEmail: _with_password(Nothing()),
        identity.RequestReset: Nothing(),
        identity.OpenLink: identity.LinkAnswer(state="open", purpose="password-reset"),
        identity.ResetPassword: Done(id="a1"),
        identity.ConfirmAddress: identity.LinkAnswer(state="open", purpose="address-old"),
    }
