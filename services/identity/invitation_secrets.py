"""The two secrets of an invitation, derived and never stored (decision m).

Both come from the service's own secret and the invitation's id, as all our links do
(`link_secrets.py`). The link finds its invitation; the code is typed.
"""

from __future__ import annotations

import hmac

from services.identity.link_secrets import LinkSecrets

_LINK = "invitation-link"
_CODE = "invitation-code"
_CODE_LETTERS = 10
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# What people type for what they read: Crockford's base 32 has no O, I and L.
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})


class InvitationSecrets:
    """Derives and checks; every comparison takes the same time whatever differs."""

    def __init__(self, secret: bytes) -> None:
        self._links = LinkSecrets(secret)

    def link(self, invitation: str) -> str:
        """The token in the e-mailed address."""
        return self._links.link(_LINK, invitation)

    def invitation(self, link: str) -> str | None:
        """The id of the invitation that a token belongs to; None for a token that is not ours."""
        return self._links.id_of(_LINK, link)

    def code(self, invitation: str) -> str:
        """The code as the e-mail shows it: ten letters (50 bits) in two groups, `7K3QM-0ZB4T`."""
        bits = int.from_bytes(self._links.mac(_CODE, invitation)[:8])
        letters = "".join(_CROCKFORD[(bits >> 5 * n) & 31] for n in range(_CODE_LETTERS))
        return f"{letters[:5]}-{letters[5:]}"

    def is_code(self, invitation: str, typed: str) -> bool:
        """Whether a typed code is this invitation's, however it is spaced or cased."""
        right = _normal(self.code(invitation)).encode()
        return hmac.compare_digest(right, _normal(typed).encode())


def _normal(code: str) -> str:
    return "".join(c for c in code.upper() if c.isalnum()).translate(_READ_AS)
