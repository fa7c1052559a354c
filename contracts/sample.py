"""A plain, always equal example of a contract, made from its own JSON Schema."""

from __future__ import annotations

from typing import Any

from kernel.envelope import Contract

_BY_FORMAT = {
    "date": "2026-03-01",
    "date-time": "2026-03-01T17:04:05.000006Z",
}


def sample(model: type[Contract]) -> dict[str, Any]:
    """JSON that the model accepts, with every field filled."""
    schema = model.model_json_schema()
    made: dict[str, Any] = _made(schema, schema.get("$defs", {}), "")
    model.model_validate(made)
    return made


def _made(shape: dict[str, Any], defs: dict[str, Any], name: str) -> Any:
    if "$ref" in shape:
        return _made(defs[shape["$ref"].rsplit("/", 1)[1]], defs, name)
    if "const" in shape:
        return shape["const"]
    if "enum" in shape:
        return next(value for value in shape["enum"] if value != "")
    if "anyOf" in shape:
        return _made(next(s for s in shape["anyOf"] if s.get("type") != "null"), defs, name)
    if shape.get("type") == "object":
        fields = shape.get("properties", {})
        return {field: _made(inner, defs, field) for field, inner in fields.items()}
    return _simple(shape, defs, name)


def _simple(shape: dict[str, Any], defs: dict[str, Any], name: str) -> Any:
    kind = shape.get("type")
    if kind == "array":
        return [_made(shape["items"], defs, name)]
    if kind in ("integer", "number"):
        return max(shape.get("minimum", 0), 1)
    if kind == "boolean":
        return True
    if "examples" in shape:
        return shape["examples"][0]
    if "format" in shape:
        return _BY_FORMAT[shape["format"]]
    return "someone@mail.example" if name == "email" else f"a-{name}"
