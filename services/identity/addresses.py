"""E-mail addresses as keys: which spellings are one mailbox (R44). Pure."""

from __future__ import annotations

import hashlib
import unicodedata

# Mailboxes at these domains ignore dots, as their makers document.
_DOTLESS = frozenset({"gmail.com", "googlemail.com"})


def normal(address: str) -> str:
    """One spelling per mailbox: case, spaces, `+tags`, international domains, Gmail's dots."""
    text = unicodedata.normalize("NFKC", address).strip().casefold()
    local, _, domain = text.rpartition("@")
    domain = _ascii_domain(domain.rstrip("."))
    local = local.partition("+")[0] or local
    if domain in _DOTLESS:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def key(address: str) -> str:
    """The stream id and view key of an address: SHA-256 of its normal spelling, in hex."""
    return hashlib.sha256(normal(address).encode()).hexdigest()


def _ascii_domain(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:  # not a name that DNS knows: its own spelling is its key
        return domain
