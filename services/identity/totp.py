"""Codes of authenticator apps (RFC 6238: six digits, 30 seconds), and recovery codes. Pure."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Final

import pyotp

Random = Callable[[int], bytes]
CODES: Final = 10
_STEP: Final = 30
_SECRET_BYTES: Final = 20  # as long as the hash, as RFC 4226 wants it
_RECOVERY_BYTES: Final = 10  # 80 bits, 16 letters


def new_secret(random: Random) -> str:
    """A secret as authenticator apps take it, in base 32."""
    return base64.b32encode(random(_SECRET_BYTES)).decode()


def uri(secret: str, email: str, issuer: str) -> str:
    """The address that a QR code shows to the app."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step that a code belongs to: the present one, or one beside it (clocks differ)."""
    typed = "".join(code.split())
    present = int(now.timestamp()) // _STEP
    found = None
    for step in (present - 1, present, present + 1):
        if hmac.compare_digest(pyotp.HOTP(secret).at(step).encode(), typed.encode()):
            found = step
    return found


def recovery_codes(random: Random) -> tuple[str, ...]:
    """Ten new ones, in groups of four: `ABCD-EFGH-IJKL-MNOP`."""
    return tuple(_grouped(base64.b32encode(random(_RECOVERY_BYTES)).decode()) for _ in range(CODES))


def _grouped(letters: str) -> str:
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))
