"""What only we can make for an account: the values by which browsers are known, the hashes of
recovery codes. By HMAC-SHA256 from the service's own secret, so the log alone opens nothing.
"""

from __future__ import annotations

import hmac


class AccountSecrets:
    """Makes and checks; every comparison takes the same time whatever differs."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def device(self, device: str, account: str) -> str:
        """The value that a browser keeps: `<device id>.<mac>`, good for this account only."""
        return f"{device}.{self._mac('device', f'{account}|{device}')}"

    def device_of(self, value: str, account: str) -> str:
        """The device id in a value that we made for this account; empty for every other text."""
        device = value.partition(".")[0]
        right = hmac.compare_digest(value.encode(), self.device(device, account).encode())
        return device if right else ""

    def recovery(self, account: str, typed: str) -> str:
        """A recovery code as it is kept, however it is spaced or cased."""
        code = "".join(c for c in typed.upper() if c.isalnum())
        return self._mac("recovery", f"{account}|{code}")

    def _mac(self, purpose: str, text: str) -> str:
        return hmac.digest(self._secret, f"{purpose}|{text}".encode(), "sha256").hex()
