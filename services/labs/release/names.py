"""Name patterns: what a test's text says when its code says nothing (sensitive results, step 5)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

MATCHED_LENGTH = 40


@lru_cache(maxsize=16384)
def plain(text: str) -> str:
    """Lower case, no accents, underscores as spaces, single spaces; `|` never occurs."""
    flat = unicodedata.normalize("NFKD", text)
    flat = "".join(c for c in flat if not unicodedata.combining(c))
    return " ".join(flat.lower().replace("_", " ").replace("|", " ").split())


def union(patterns: tuple[str, ...]) -> re.Pattern[str] | None:
    """One expression that matches where any of these does; None for none."""
    return re.compile("|".join(f"(?:{p})" for p in patterns)) if patterns else None


def phrase(words: str) -> str:
    """A pattern for these words as they stand, not inside a longer word or number."""
    flat = plain(words)
    before = "(?<![a-z0-9])" if flat[:1].isdigit() else "(?<![a-z])"
    after = "(?![a-z0-9])" if flat[-1:].isdigit() else "(?![a-z])"
    return f"{before}{re.escape(flat)}{after}"


@dataclass(frozen=True, slots=True)
class NameRule:
    """Phrases that are struck out of a text (false friends), then phrases that hit what is left.

    Striking out, unlike an overall exception, keeps "HBs antibody and HBs antigen" a hit.
    `words` and `not_words` are the phrases that staff added and took out (S6): an added one counts
    before anything is struck out, so that of two words in conflict the one that blocks wins.
    """

    exclude: re.Pattern[str] | None
    include: re.Pattern[str] | None
    words: re.Pattern[str] | None = None
    not_words: re.Pattern[str] | None = None

    def hit(self, text: str) -> str:
        """What hit in a text already made `plain`, or ""."""
        found = self.words.search(text) if self.words else None
        if found is None and self.include is not None:
            left = self.not_words.sub(" ", text) if self.not_words else text
            found = self.include.search(self.exclude.sub(" ", left) if self.exclude else left)
        return found.group(0).strip()[:MATCHED_LENGTH] if found else ""


@dataclass(frozen=True, slots=True)
class OrdinaryNames:
    """Names of everyday tests: `analytes` say something themselves, `generic` only in an order."""

    analytes: re.Pattern[str]
    generic: re.Pattern[str]
    veto: re.Pattern[str]
    excuse: re.Pattern[str]

    def known(self, text: str) -> bool:
        """Is this (plain) text the name of an ordinary test?"""
        return bool(self.analytes.search(text)) and not self.vetoed(text)

    def is_generic(self, text: str) -> bool:
        """Does it only name a part of an order, such as a comment?"""
        return bool(self.generic.search(text)) and not self.vetoed(text)

    def vetoed(self, text: str) -> bool:
        """Does it hold a word that an ordinary name never holds ("tissue culture")?"""
        return bool(self.veto.search(self.excuse.sub(" ", text)))
