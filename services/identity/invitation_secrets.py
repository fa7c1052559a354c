"""The two secrets of an invitation, derived and never stored (decision m).

Both come from the service's own secret and the invitation's id by HMAC-SHA256, so whoever reads
the log, the views or a backup learns neither. The link finds its invitation; the code is typed.
"""

from __future__ import annotations

import base64
import binascii
import hmac

_LINK_BYTES = 20
_CODE_LETTERS = 10
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# What people type for what they read: Crockford's base 32 has no O, I and L.
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})


class InvitationSecrets:
    """Derives and checks; every comparison takes the same time whatever differs."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def link(self, invitation: str) -> str:
        """The token in the e-mailed address: the id, and 160 bits that only we can make."""
        mac = base64.urlsafe_b64encode(self._mac("link", invitation)[:_LINK_BYTES])
        return f"{invitation}.{mac.decode().rstrip('=')}"

    def invitation(self, link: str) -> str | None:
        """The id of the invitation that a token belongs to; None for a token that is not ours."""
        invitation, _, given = link.strip().rpartition(".")
        try:
            mac = base64.urlsafe_b64decode(given + "=" * (-len(given) % 4))
        except (binascii.Error, ValueError):
            return None
        right = hmac.compare_digest(mac, self._mac("link", invitation)[:_LINK_BYTES])
        return invitation if right and invitation else None

    def code(self, invitation: str) -> str:
        """The code as the e-mail shows it: ten letters (50 bits) in two groups, `7K3QM-0ZB4T`."""
        bits = int.from_bytes(self._mac("code", invitation)[:8])
        letters = "".join(_CROCKFORD[(bits >> 5 * n) & 31] for n in range(_CODE_LETTERS))
        return f"{letters[:5]}-{letters[5:]}"

    def is_code(self, invitation: str, typed: str) -> bool:
        """Whether a typed code is this invitation's, however it is spaced or cased."""
        right = _normal(self.code(invitation)).encode()
        return hmac.compare_digest(right, _normal(typed).encode())

    def _mac(self, purpose: str, invitation: str) -> bytes:
        return hmac.digest(self._secret, f"invitation-{purpose}|{invitation}".encode(), "sha256")


def _normal(code: str) -> str:
    return "".join(c for c in code.upper() if c.isalnum()).translate(_READ_AS)
