"""Events of a local code: what staff said it means (S5)."""

from __future__ import annotations

from dataclasses import dataclass

from kernel.phi import PhiRepr
from services.labs.shapes import Code


@dataclass(frozen=True, slots=True, repr=False)
class CodeMapped(PhiRepr):
    """A sender's code means this category, or `none`. `key` is the code's key in this sender."""

    key: str
    sender: str
    code: Code
    category: str
