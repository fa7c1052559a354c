"""Links that we e-mail, derived and never stored.

A link is made by HMAC-SHA256 from the service's own secret, what it is for and the id that it opens,
so whoever reads the log, the views or a backup learns none of them.
"""

from __future__ import annotations

import base64
import binascii
import hmac

_LINK_BYTES = 20


class LinkSecrets:
    """Derives and checks; every comparison takes the same time whatever differs."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def link(self, purpose: str, id: str) -> str:
        """The token in the e-mailed address: the id, and 160 bits that only we can make."""
        mac = base64.urlsafe_b64encode(self.mac(purpose, id)[:_LINK_BYTES])
        return f"{id}.{mac.decode().rstrip('=')}"

    def id_of(self, purpose: str, link: str) -> str | None:
        """The id that a token for this purpose opens; None for a token that is not ours."""
        id, _, given = link.strip().rpartition(".")
        try:
            mac = base64.urlsafe_b64decode(given + "=" * (-len(given) % 4))
        except (binascii.Error, ValueError):
            return None
        right = hmac.compare_digest(mac, self.mac(purpose, id)[:_LINK_BYTES])
        return id if right and id else None

    def mac(self, purpose: str, id: str) -> bytes:
        """32 bytes that only we can make."""
        return hmac.digest(self._secret, f"{purpose}|{id}".encode(), "sha256")
