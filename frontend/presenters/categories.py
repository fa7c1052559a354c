"""The categories of the release policy in words. The policy itself belongs to labs (S5)."""

from __future__ import annotations

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


def in_words(category: str) -> str:
    """A category that is new to this page is shown by its own name."""
    return WORDS.get(category, category)
