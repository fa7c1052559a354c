"""A local code and what staff said it means (S5)."""

from __future__ import annotations

import hashlib
from typing import Any

from kernel.decider import Decider
from services.labs.events.code import CodeMapped
from services.labs.shapes import Code


def evolve(state: str, event: Any) -> str:
    """The state is the category, "" before anybody said."""
    return event.category if isinstance(event, CodeMapped) else state


CODE = Decider("code", "", evolve)


def code_id(key: str) -> str:
    """The stream of a code key; keys are of any length and alphabet."""
    return hashlib.sha256(key.encode()).hexdigest()


def map_code(state: str, key: str, sender: str, code: Code, category: str) -> list[CodeMapped]:
    """Say what a code means; the same again changes nothing."""
    return [] if state == category else [CodeMapped(key, sender, code, category)]
