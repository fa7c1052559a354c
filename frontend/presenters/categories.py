"""The release policy's own words in plain ones. The policy itself belongs to labs (S5, S6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

WORDS: Final = {
    "hiv": "HIV",
    "htlv": "HTLV",
    "hepatitis": "Hepatitis A to E",
    "toxicology": "Toxicology",
    "tissue": "Tissue and biopsies",
    "pap": "Pap smear",
    "hpv": "HPV with a Pap smear",
    "conception": "Products of conception",
    "marrow": "Bone-marrow morphology",
    "genetics": "Chromosome and genetic tests",
    "radiology": "Radiology",
    "external": "Ordered outside the practice",
}
NONE: Final = "none"
CHOICES: Final = (
    ("", "Choose what it means"),
    (NONE, "None of these: let it through"),
    *((name, f"Block: {words}") for name, words in WORDS.items() if name != "external"),
)
MODES: Final = {
    "always": "Always blocked",
    "never": "Not blocked",
    "unless released": "Blocked, except for types that are released",
}
COMPANION: Final = "with "
IN_TEXT: Final = "A text in it names it"
"""What hit in a free text is a part of the result, so it is not told to everybody."""
_MATCHERS: Final[dict[str, Callable[[str], str]]] = {
    "loinc": lambda number: f"LOINC number {number}",
    "class": lambda name: f"LOINC class {name}",
    "section": lambda name: f"Laboratory section {name}",
    "specimen": lambda words: f"The specimen: {words}",
    "name": lambda words: f"The name has “{words}”",
    "text": lambda words: f"The text names “{words}”",
    "mapped": lambda code: f"Staff mapped {code}",
}


def in_words(category: str) -> str:
    """A category that is new to this page is shown by its own name."""
    return WORDS.get(category, category)


def mode_in_words(mode: str) -> str:
    """How a category rules."""
    if mode.startswith(COMPANION):
        return f"Blocked in an order with {in_words(mode.removeprefix(COMPANION))}"
    return MODES.get(mode, mode)


def code_in_words(code: str) -> str:
    """`loinc 5196-1`, as staff know it; a code of the sender's own system is shown as it is."""
    system, _, number = code.partition(" ")
    return f"LOINC {number}" if system == "loinc" and number else code


def matcher_in_words(matcher: str) -> str:
    """What hit: `loinc:5196-1` is a number, `name:hep b` a phrase; the rest are words already."""
    kind, colon, what = matcher.partition(":")
    if colon and kind in _MATCHERS:
        return _MATCHERS[kind](what)
    return IN_TEXT if matcher == "text" else matcher[:1].upper() + matcher[1:]
