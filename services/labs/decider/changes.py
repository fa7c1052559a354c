"""What staff may write into a set of changes (S6): every mistake is named beside its field. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from contracts.labs import PolicyChange
from kernel.decider import Refused
from services.labs.release.loinc import is_loinc
from services.labs.release.names import plain
from services.labs.shapes import Change

MODES: Final = ("always", "never", "unless released")
OF_CATEGORY: Final = ("mode", "add-codes", "remove-codes", "add-words", "remove-words")
OF_CODES: Final = ("add-codes", "remove-codes", "allow", "disallow")
OF_WORDS: Final = ("add-words", "remove-words")
IMAGING: Final = ("release-imaging", "hide-imaging")
SHORTEST: Final = 2


def checked(written: tuple[PolicyChange, ...], categories: Collection[str]) -> tuple[Change, ...]:
    """The changes as they are kept: what a kind does not use is left out.

    Refuses `unknown-category`, `mode`, `not-loinc` and `empty`, whichever comes first.
    """
    return tuple(_checked(each, f"changes.{n}", categories) for n, each in enumerate(written))


def _checked(written: PolicyChange, where: str, categories: Collection[str]) -> Change:
    kind = written.kind
    of_codes, of_words = kind in (*OF_CODES, *IMAGING), kind in (*OF_WORDS, *IMAGING)
    change = Change(
        kind=kind,
        category=written.category.strip() if kind in OF_CATEGORY else "",
        mode=" ".join(written.mode.split()) if kind == "mode" else "",
        codes=_each_once(written.codes) if of_codes else (),
        words=_each_once(written.words) if of_words else (),
        reason=written.reason.strip(),
    )
    if kind in OF_CATEGORY and change.category not in categories:
        raise _refused("unknown-category", f"{where}.category", "There is no such category.")
    if kind == "mode":
        _check_mode(change, where, categories)
    wrong = [code for code in change.codes if not is_loinc(code)]
    if wrong:
        said = f"Not LOINC numbers: {', '.join(wrong[:5])}."
        raise _refused("not-loinc", f"{where}.codes", said)
    _check_given(change, where)
    return change


def _check_mode(change: Change, where: str, categories: Collection[str]) -> None:
    """`with` another category, which is not itself ruled by a third: its own word is enough."""
    other = change.mode.removeprefix("with ")
    together = other != change.mode and other in categories and other != change.category
    if change.mode not in MODES and not together:
        said = "One of: always, never, unless released, or with and another category."
        raise _refused("mode", f"{where}.mode", said)


def _check_given(change: Change, where: str) -> None:
    if change.kind in OF_CODES and not change.codes:
        raise _refused("empty", f"{where}.codes", "Enter at least one LOINC number.")
    if change.kind in OF_WORDS and not change.words:
        raise _refused("empty", f"{where}.words", "Enter at least one word or phrase.")
    if change.kind in IMAGING and not (change.codes or change.words):
        said = "Enter a type of imaging, or its LOINC number."
        raise _refused("empty", f"{where}.words", said)
    if any(sum(c.isalnum() for c in plain(word)) < SHORTEST for word in change.words):
        said = f"A word needs at least {SHORTEST} letters or digits."
        raise _refused("empty", f"{where}.words", said)


def _each_once(said: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(" ".join(each.split()) for each in said if each.strip()))


def _refused(code: str, field: str, said: str) -> Refused:
    return Refused(code, said, 422, {field: said})
