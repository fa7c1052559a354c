"""Small text helpers that every translator shares: clean, cut, slug, digest."""

from __future__ import annotations

import hashlib
import re

SHORT = 200
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
UNSAFE = re.compile(r"[^a-z0-9]+")


def clean(text: str) -> str:
    """Without control characters (databases refuse NUL) and lone surrogates; line ends as LF."""
    if text.isprintable():  # nearly every value, and quickly told
        return text
    return CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def short(text: str, limit: int = SHORT) -> str:
    """Cleaned, trimmed and at most `limit` characters, as the contracts' short texts want it."""
    return clean(text).strip()[:limit].rstrip()


def slug(text: str, limit: int) -> str:
    """Lower-case letters, digits and dashes only, at most `limit`; "x" when nothing is left."""
    return UNSAFE.sub("-", text.lower()).strip("-")[:limit].strip("-") or "x"


def digest(*parts: str, length: int = 10) -> str:
    """The start of a SHA-256 over the parts, which are kept apart from each other."""
    joined = "\x1f".join(part.strip() for part in parts)
    return hashlib.sha256(joined.encode("utf-8", "replace")).hexdigest()[:length]


WITHOUT_CENTS = frozenset({"JPY", "KRW", "VND", "CLP", "ISK", "UGX", "XAF", "XOF", "XPF", "PYG"})
"""Currencies whose smallest unit is the whole one (ISO 4217)."""


def whole(name: str) -> str:
    """A name that fits and is still told apart: one too long is replaced by its digest."""
    return name if len(name) <= SHORT else f"{name[:100]}...{digest(name, length=40)}"
