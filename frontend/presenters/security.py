"""How somebody signs in, and where, in the words of the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from contracts.identity import SecurityAnswer

Words = Callable[..., str]
Moment = Callable[[datetime], str]

FEW_CODES = 3
_LONGEST_OFFER = 600


@dataclass(frozen=True, slots=True)
class PasskeyLine:
    """One passkey."""

    passkey: str
    name: str
    added: str
    used: str


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """One browser. `kind` colours `state`."""

    device: str
    label: str
    first: str
    last: str
    state: str
    kind: str


@dataclass(frozen=True, slots=True)
class Security:
    """Everything that the page shows. `codes` says how many recovery codes are left."""

    email: str
    email_waits: str
    totp: bool
    codes: str
    few_codes: bool
    passkeys: tuple[PasskeyLine, ...]
    devices: tuple[DeviceLine, ...]


def present(answer: SecurityAnswer, t: Words, moment: Moment) -> Security:
    """The answer in words. This browser comes first, then the others, the last used first."""
    devices = sorted(answer.devices, key=lambda d: (d.current, d.last), reverse=True)
    left = answer.recovery_left
    return Security(
        email=answer.email,
        email_waits=answer.email_waits,
        totp=answer.totp,
        codes=t("app.one_code" if left == 1 else "app.codes_left", count=left),
        few_codes=left < FEW_CODES,
        passkeys=tuple(
            PasskeyLine(
                each.passkey,
                each.name,
                moment(each.added),
                moment(each.used) if each.used else t("passkeys.unused"),
            )
            for each in answer.passkeys
        ),
        devices=tuple(
            DeviceLine(
                each.device,
                each.label or t("devices.unknown"),
                moment(each.first),
                moment(each.last),
                *_state(each.current, each.active, t),
            )
            for each in devices
        ),
    )


def _state(current: bool, active: bool, t: Words) -> tuple[str, str]:
    if current:
        return t("devices.current"), "accent"
    return (t("devices.active"), "green") if active else (t("devices.inactive"), "grey")


def secret_in(uri: str) -> str:
    """The secret of an otpauth address in groups of four, to type; empty if it is no such address."""
    if len(uri) > _LONGEST_OFFER or not uri.startswith("otpauth://totp/"):
        return ""
    secret = parse_qs(urlsplit(uri).query).get("secret", [""])[0]
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
