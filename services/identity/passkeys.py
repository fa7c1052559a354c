"""Passkeys (WebAuthn) as the portal uses them: discoverable, with the user verified. Pure.

Everything that a browser sends is hostile until it checks, so whatever the library says of it
becomes one refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    options_to_json,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from contracts.practice import Profile
from kernel.decider import Refused
from services.identity.challenges import OPEN

_MILLISECONDS: Final = int(OPEN.total_seconds() * 1000)
_SELECTION: Final = AuthenticatorSelectionCriteria(
    resident_key=ResidentKeyRequirement.REQUIRED,
    user_verification=UserVerificationRequirement.REQUIRED,
)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """Where passkeys are good: the portal's host, its origin, and the name that people see."""

    host: str
    origin: str
    name: str


@dataclass(frozen=True, slots=True)
class Made:
    """A new passkey: its credential id and public key in base64url, and its counter."""

    credential: str
    key: str
    count: int


def place_of(profile: Profile) -> Place:
    """The place that the practice's portal address means."""
    parts = urlsplit(profile.portal_url)
    return Place(parts.hostname or "", f"{parts.scheme}://{parts.netloc}", profile.name)


def options_to_make(
    place: Place, account: str, email: str, challenge: bytes, known: Sequence[str]
) -> str:
    """For `navigator.credentials.create`. An authenticator that is `known` makes no second one."""
    made = webauthn.generate_registration_options(
        rp_id=place.host,
        rp_name=place.name,
        user_id=account.encode(),
        user_name=email,
        challenge=challenge,
        timeout=_MILLISECONDS,
        authenticator_selection=_SELECTION,
        exclude_credentials=[PublicKeyCredentialDescriptor(base64url_to_bytes(k)) for k in known],
    )
    return options_to_json(made)


def options_to_sign_in(place: Place, challenge: bytes) -> str:
    """For `navigator.credentials.get`: whichever passkey the user chooses."""
    asked = webauthn.generate_authentication_options(
        rp_id=place.host,
        challenge=challenge,
        timeout=_MILLISECONDS,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(asked)


def made_for(credential: str) -> bytes:
    """The challenge that a new passkey answers."""

    def read() -> bytes:
        parsed = parse_registration_credential_json(credential)
        return parse_client_data_json(parsed.response.client_data_json).challenge

    return _checked(read)


def signed_for(credential: str) -> bytes:
    """The challenge that a signature answers."""

    def read() -> bytes:
        parsed = parse_authentication_credential_json(credential)
        return parse_client_data_json(parsed.response.client_data_json).challenge

    return _checked(read)


def owner_of(credential: str) -> tuple[str, str]:
    """Credential id, and the account that the authenticator says it is for (or empty)."""

    def read() -> tuple[str, str]:
        parsed = parse_authentication_credential_json(credential)
        handle = parsed.response.user_handle
        return bytes_to_base64url(parsed.raw_id), handle.decode() if handle else ""

    return _checked(read)


def check_made(place: Place, credential: str, challenge: bytes) -> Made:
    """A new passkey that answers our challenge, at our place, with its user verified."""

    def read() -> Made:
        verified = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            require_user_verification=True,
        )
        return Made(
            bytes_to_base64url(verified.credential_id),
            bytes_to_base64url(verified.credential_public_key),
            verified.sign_count,
        )

    return _checked(read)


def check_signed(place: Place, credential: str, challenge: bytes, key: str, count: int) -> int:
    """A signature by this key over our challenge, at our place; gives the new count."""

    def read() -> int:
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            credential_public_key=base64url_to_bytes(key),
            credential_current_sign_count=count,
            require_user_verification=True,
        )
        return verified.new_sign_count

    return _checked(read)


def refused() -> Refused:
    """The one refusal for every passkey that does not check, whyever."""
    said = "This passkey did not work here. Please try again, or use another way."
    return Refused("passkey", said, 422)


def _checked(read: Callable[[], T]) -> T:
    try:
        return read()
    except Exception:  # noqa: BLE001  # hostile bytes: the parsers raise all kinds of errors
        raise refused() from None
