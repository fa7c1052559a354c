"""The release policy as data: dated categories, the allow-list, and the codes that are known.

Each category is one file in `data/`; several files of one category are versions of it, of which
the newest in force counts. Nothing about a category stands in code. What staff change (`changes.py`)
comes on top of these files.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from services.labs.release.loinc import is_loinc
from services.labs.release.names import NameRule, OrdinaryNames, plain, union
from services.labs.shapes import Code

DATA = Path(__file__).parent / "data"
NO_CATEGORY = "none"
OFF = "never"
LOINC = "loinc"
SHORT = 60
REMEMBERED = 20_000
K = TypeVar("K")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Category:
    """What is blocked and by which matchers.

    `mode` is `always`, `never`, `unless released` or `with <other>`. `patterns` are those of the
    files; `words` and `not_words` the phrases that staff added and took out.
    """

    name: str
    effective_from: date
    mode: str
    source: str
    rules: tuple[str, ...]
    loinc: frozenset[str]
    classes: tuple[str, ...]
    sections: frozenset[str]
    specimens: frozenset[str]
    specimen_words: re.Pattern[str] | None
    specimen_excuse: re.Pattern[str] | None
    names: NameRule
    mention: NameRule
    patterns: tuple[str, ...]
    words: tuple[str, ...] = ()
    not_words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A category that a code or a text falls in, and the matcher that said so."""

    category: Category
    matcher: str


@dataclass(frozen=True, eq=False)
class Policy:
    """The rules in force on one day. `version` names them: the day they began and their content.

    `shown_imaging` and `hidden_imaging` are types that staff released or hid besides the profile's.
    """

    version: str
    categories: tuple[Category, ...]
    allowed: Mapping[str, str]
    class_of: Mapping[str, str]
    ordinary: OrdinaryNames
    shown_imaging: frozenset[str] = frozenset()
    hidden_imaging: frozenset[str] = frozenset()
    _hits: dict[Code, tuple[Hit, ...]] = field(default_factory=dict, init=False)
    _known: dict[Code, bool] = field(default_factory=dict, init=False)
    _texts: dict[str, Hit | None] = field(default_factory=dict, init=False)

    def category(self, name: str) -> Category | None:
        """The category of this name."""
        return next((c for c in self.categories if c.name == name), None)

    def code_hits(self, code: Code) -> tuple[Hit, ...]:
        """Every category of one coding: by number, by class, and always by its text too."""
        found = self._hits.get(code)
        if found is None:
            hits = list(self._number_hits(code.code)) if _is_number(code) else []
            for text in _texts(code):
                hits.extend(self._name_hits(text))
            found = _remember(self._hits, code, tuple(hits))
        return found

    def knows(self, code: Code) -> bool:
        """Is this an ordinary test that we know: by a listed number, or by its name?"""
        found = self._known.get(code)
        return _remember(self._known, code, self._is_known(code)) if found is None else found

    def _is_known(self, code: Code) -> bool:
        if _is_number(code) and (code.code in self.class_of or code.code in self.allowed):
            return True
        if any(code.code in c.loinc for c in self.categories if c.mode.startswith("with ")):
            return True
        if any(hit.category.mode == OFF for hit in self.code_hits(code)):
            return True  # a category that is switched off is a list of ordinary tests
        return any(self.ordinary.known(plain(text)) for text in _texts(code))

    def is_generic(self, code: Code) -> bool:
        """Does it name only a part of an order (a comment, an interpretation)?"""
        return any(self.ordinary.is_generic(plain(text)) for text in _texts(code))

    def is_listed(self, code: Code) -> bool:
        """Does the policy itself speak of this number?"""
        listed = code.code in self.class_of or code.code in self.allowed
        return _is_number(code) and (listed or any(code.code in c.loinc for c in self.categories))

    def mentions(self, text: str) -> Hit | None:
        """The category that a free text names, if any (a note, a narrative value)."""
        if not any(c.isalpha() for c in text):
            return None
        if len(text) > SHORT:
            return self._mentioned(plain.__wrapped__(text))
        if text in self._texts:
            return self._texts[text]
        return _remember(self._texts, text, self._mentioned(plain(text)))

    def _mentioned(self, flat: str) -> Hit | None:
        for category in self.categories:
            if category.mode == "always" and (found := category.mention.hit(flat)):
                return Hit(category, f"text:{found}")
        return None

    def _number_hits(self, number: str) -> Iterable[Hit]:
        listed = [c for c in self.categories if number in c.loinc]
        if listed:
            return [Hit(c, f"loinc:{number}") for c in listed]
        kind = self.class_of.get(number)
        if kind is None or number in self.allowed:
            return ()
        named = (c for c in self.categories if any(fnmatchcase(kind, p) for p in c.classes))
        return [Hit(c, f"class:{kind}") for c in named]

    def _name_hits(self, text: str) -> tuple[Hit, ...]:
        flat = plain(text)
        found = ((c, c.names.hit(flat)) for c in self.categories)
        return tuple(Hit(c, f"name:{what}") for c, what in found if what)


@dataclass(frozen=True, slots=True, eq=False)
class Policies:
    """Every version of every category. `at` gives the policy of a day, by the files alone.

    `composed` remembers what `changes.policy_of` made of it.
    """

    categories: tuple[Category, ...]
    allowed: Mapping[str, str]
    class_of: Mapping[str, str]
    ordinary: OrdinaryNames
    digest: str
    composed: dict[tuple[Any, ...], Policy] = field(default_factory=dict, init=False)
    _days: dict[date, Policy] = field(default_factory=dict, init=False)

    def at(self, day: date) -> Policy:
        """The policy in force on a day: of each category the newest that has begun."""
        start = max(c.effective_from for c in self.categories if c.effective_from <= day)
        if start not in self._days:
            chosen: dict[str, Category] = {}
            for category in sorted(self.categories, key=lambda c: c.effective_from):
                if category.effective_from <= start:
                    chosen[category.name] = category
            self._days[start] = Policy(
                f"{start.isoformat()}.{self.digest}",
                tuple(chosen.values()),
                self.allowed,
                self.class_of,
                self.ordinary,
            )
        return self._days[start]


@lru_cache(maxsize=4)
def load(folder: Path = DATA) -> Policies:
    """Read the policy files of a folder. Raises ValueError for a wrong LOINC number."""
    tables = {path.stem: tomllib.loads(path.read_text()) for path in sorted(folder.glob("*.toml"))}
    names = tables["ordinary"]
    ordinary = {key: union(tuple(names[key])) for key in ("analytes", "generic", "veto", "excuse")}
    digest = hashlib.sha256(b"".join(p.read_bytes() for p in sorted(folder.glob("*.toml"))))
    return Policies(
        tuple(_category(t) for t in tables.values() if "category" in t),
        _grouped(tables["allowed"]["allow"], "reason"),
        _grouped(tables["classes"]["class"], "name"),
        OrdinaryNames(**ordinary),  # type: ignore[arg-type]  # a missing list fails at the first use
        digest.hexdigest()[:8],
    )


def _category(table: dict[str, Any]) -> Category:
    include = tuple(table.get("include", ()))
    exclude = union(tuple(table.get("exclude", ())))
    mention = table.get("mention")
    mentioned = include if mention is None else (mention,) if mention else ()
    return Category(
        name=table["category"],
        effective_from=table["effective_from"],
        mode=table["mode"],
        source=table["source"],
        rules=tuple(table["rules"]),
        loinc=frozenset(_numbers(table.get("loinc", ""))),
        classes=tuple(table.get("classes", ())),
        sections=frozenset(table.get("sections", ())),
        specimens=frozenset(table.get("specimens", ())),
        specimen_words=_pattern(table.get("specimen_words")),
        specimen_excuse=_pattern(table.get("specimen_excuse")),
        names=NameRule(exclude, union(include)),
        mention=NameRule(exclude, union(mentioned)),
        patterns=include,
    )


def _remember(cache: dict[K, T], said: K, found: T) -> T:
    """Tests and short texts repeat all day; what a policy says of one never changes."""
    if len(cache) < REMEMBERED:
        cache[said] = found
    return found


def _pattern(text: str | None) -> re.Pattern[str] | None:
    return re.compile(text) if text else None


def _grouped(groups: list[dict[str, str]], key: str) -> dict[str, str]:
    return {number: group[key] for group in groups for number in _numbers(group["loinc"])}


def _numbers(text: str) -> list[str]:
    numbers = text.split()
    wrong = [number for number in numbers if not is_loinc(number)]
    if wrong:
        raise ValueError(f"not LOINC numbers: {', '.join(wrong)}")
    return numbers


def _is_number(code: Code) -> bool:
    """Senders label numbers wrongly both ways, so the form of the number counts, not the label."""
    return is_loinc(code.code)


def _texts(code: Code) -> tuple[str, ...]:
    """What can be read: the text, and a code that is no number (`HIVAB`)."""
    if _is_number(code) or not any(c.isalpha() for c in code.code):
        return (code.text,) if code.text else ()
    return (code.text, code.code) if code.text else (code.code,)
