"""The orderer gate (R20): was the order given by somebody of this practice, at that time?"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from contracts.practice import Provider
from services.labs.shapes import Standing

EXTERNAL = "external"
TITLES = frozenset(
    {"md", "do", "np", "pa", "pac", "rn", "aprn", "fnp", "dnp", "phd", "dr", "mr", "mrs", "ms"}
    | {"prof", "facp", "faap", "facog", "crnp", "cnm", "dds", "dpm", "od", "mbbs"}
)


@dataclass(frozen=True, slots=True)
class Ordered:
    """How the orderer stands. `provider` and `name` come from the directory, never the sender."""

    standing: Standing
    provider: str = ""
    name: str = ""
    matcher: str = "unknown orderer"


@lru_cache(maxsize=4096)
def name_key(name: str) -> str:
    """A name without accents, titles, initials and order: "Jean M. Smith, MD" = "SMITH^JEAN"."""
    flat = unicodedata.normalize("NFKD", name)
    flat = "".join(c for c in flat if not unicodedata.combining(c)).lower()
    words = re.split(r"[\s,;^&/]+", flat.replace(".", "").replace("'", ""))
    return " ".join(sorted(w for w in words if len(w) > 1 and w not in TITLES))


def id_key(id: str) -> str:
    """An id without spaces and case."""
    return "".join(id.split()).upper()


def entry_keys(provider: Provider) -> frozenset[str]:
    """What a directory entry is found by. An alias may be an id or a name as senders write it."""
    ids = {provider.id, provider.npi, *provider.aliases}
    names = {f"a:{name_key(alias)}" for alias in provider.aliases if name_key(alias)}
    own = {f"n:{name_key(provider.name)}"} if name_key(provider.name) else set()
    return frozenset({f"i:{id_key(i)}" for i in ids if id_key(i)} | names | own)


@lru_cache(maxsize=4096)
def order_keys(ids: tuple[str, ...], name: str) -> tuple[str, ...]:
    """What an order's giver is looked up by.

    A bare name counts only when the order carries no id at all: beside an id that nobody here
    has, an equal name is more likely a namesake elsewhere. An alias counts always.
    """
    own = tuple(f"i:{id_key(i)}" for i in ids if id_key(i))
    key = name_key(name)
    if not key:
        return own
    return (*own, f"a:{key}") if own else (f"a:{key}", f"n:{key}")


def stand(found: Iterable[Provider], day: date, resolved: str = "") -> Ordered:
    """Judge the directory entries that an order's keys found, on the day of the order.

    `resolved` is what staff said (S5): a directory id, or `external`.
    """
    if resolved == EXTERNAL:
        return Ordered("external", matcher="resolved as external")
    entries = {provider.id: provider for provider in found}
    if resolved:
        entries = {id: entry for id, entry in entries.items() if id == resolved}
    if len(entries) != 1:
        why = "unknown orderer" if not entries else "orderer matches several directory entries"
        return Ordered("unknown", matcher=why)
    entry = next(iter(entries.values()))
    if any(a.since <= day and (a.until is None or day < a.until) for a in entry.affiliations):
        return Ordered("ours", entry.id, entry.name, "affiliated when ordered")
    return Ordered("external", entry.id, entry.name, "not affiliated when ordered")
