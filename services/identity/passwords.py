"""Passwords: what is strong enough, and argon2id in a small pool of threads.

The pool bounds memory and processor time: at most two hashes at once, whoever knocks how often.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from zxcvbn import zxcvbn

from kernel.decider import Refused
from services.identity.names import plain

SHORTEST = 15
_STRONG = 3
_OWN = 8  # letters that are not the person's name or address
_THREADS = 2
# Guessing strength is measured on the beginning only: the estimate's cost grows with the square.
_MEASURED = 72


class Passwords:
    """Hashes and checks passwords away from the event loop."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        # OWASP's and ASVS 5's floor: 19 MiB, two passes, one lane.
        self._hasher = hasher or PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="argon2")
        self._nobody = self._hasher.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """An argon2id hash with its parameters and salt."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._hasher.hash, password)

    async def fits(self, known: str | None, password: str) -> bool:
        """Whether a password fits a hash. Without a hash the same work is done, and it does not."""
        loop = asyncio.get_running_loop()
        fits = await loop.run_in_executor(self._pool, self._verify, known or self._nobody, password)
        return fits and known is not None

    async def check(self, password: str, about: Sequence[str]) -> None:
        """Refuse (`weak-password`) what is short, or easy to guess for who knows the person."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._pool, check_strength, password, about)

    def close(self) -> None:
        """Let the threads go."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _verify(self, known: str, password: str) -> bool:
        try:
            return self._hasher.verify(known, password)
        except (VerifyMismatchError, InvalidHashError):
            return False


def check_strength(password: str, about: Sequence[str]) -> None:
    """15 characters or more, and hard to guess; raises Refused `weak-password`."""
    if len(password) < SHORTEST:
        raise _weak(f"Use at least {SHORTEST} characters. A few unrelated words work well.")
    words = [word for text in about for word in plain(text).split()]
    if len(_without(password, words)) < _OWN:
        raise _weak("Use words that have nothing to do with your name or your e-mail address.")
    if zxcvbn(password[:_MEASURED], user_inputs=words)["score"] < _STRONG:
        raise _weak("This password is easy to guess. Use a few unrelated words instead.")


def _without(password: str, words: Sequence[str]) -> str:
    """What of a password is not the person's own name or address."""
    left = plain(password).replace(" ", "")
    for word in sorted(words, key=len, reverse=True):
        left = left.replace(word, "") if len(word) > 2 else left
    return left


def _weak(sentence: str) -> Refused:
    return Refused("weak-password", sentence, 422, {"password": sentence})
