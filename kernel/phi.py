"""`Phi[...]`: the mark on every field that holds patient data.

A marked field prints as `***` wherever a value is shown (repr, logs, error texts), carries
`x-phi: true` in JSON Schema, and is what the codec encrypts under the patient's key.
The mark is `Annotated`, so a `Phi[str]` stays a plain `str` to the code that uses it.
"""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, TypeVar, get_type_hints

from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue

T = TypeVar("T")
HIDDEN = "***"
_KNOWN: dict[type, frozenset[str]] = {}


class PhiMark:
    """Says in annotations and in JSON Schema that a field holds patient data."""

    def __get_pydantic_json_schema__(
        self, schema: Any, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        shown = handler(schema)
        shown["x-phi"] = True
        return shown


MARK = PhiMark()
Phi = Annotated[T, MARK]


def phi_fields(owner: type) -> frozenset[str]:
    """The names of the marked fields of a dataclass or model."""
    known = _KNOWN.get(owner)
    if known is None:
        known = _KNOWN[owner] = _find(owner)
    return known


def _find(owner: type) -> frozenset[str]:
    hints = get_type_hints(owner, include_extras=True)
    return frozenset(n for n, h in hints.items() if MARK in getattr(h, "__metadata__", ()))


class PhiRepr:
    """Base of private events: a repr that never shows a marked field."""

    __slots__ = ()

    def __repr__(self) -> str:
        hidden = phi_fields(type(self))
        fields = dataclasses.fields(self)  # type: ignore[arg-type]  # every subclass is a dataclass
        shown = (
            f"{f.name}={HIDDEN if f.name in hidden else getattr(self, f.name)!r}" for f in fields
        )
        return f"{type(self).__name__}({', '.join(shown)})"
