"""Opaque ids: 48 bits of time (so that they sort), 80 random bits, in Crockford's base 32."""

from __future__ import annotations

import os

from kernel.clock import Clock, micros

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]
_SHIFTS = range(120, -1, -10)


def new_id(clock: Clock) -> str:
    """A new id of 26 characters; later ones sort after earlier ones (to the millisecond)."""
    value = (micros(clock.now()) // 1000 << 80) | int.from_bytes(os.urandom(10))
    return "".join([_PAIRS[(value >> shift) & 1023] for shift in _SHIFTS])
