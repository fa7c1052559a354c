"""The OpenAPI document: every operation of the catalog that has a door to the outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema

from contracts.catalog import Door, Operation
from contracts.common import Id
from kernel.envelope import Contract
from services.gateway.cookies import FILLED

RECORD = "X-Patient"
"""The header that chooses the record in view; without it identity does."""
REF = "#/components/schemas/{model}"
PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}


def openapi(operations: Sequence[Operation]) -> dict[str, Any]:
    """OpenAPI 3.1 for these operations."""
    models: list[type[Contract]] = []
    for each in operations:
        models += [each.message, each.answer]
    refs, definitions = models_json_schema(
        [(model, "validation") for model in dict.fromkeys(models)], ref_template=REF
    )
    schemas = {**definitions["$defs"], "Problem": PROBLEM}
    for each in operations:
        if each.door is Door.COOKIE:
            for model in (each.message, each.answer):
                schemas[model.__name__] = _as_browsers_see_it(schemas[model.__name__])
    return {
        "openapi": "3.1.0",
        "info": {"title": "MyPortal", "version": "1"},
        "paths": {o.path: {o.method.lower(): _described(o, refs, schemas)} for o in operations},
        "components": {
            "schemas": schemas,
            "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": "sid"}},
        },
    }


def _described(operation: Operation, refs: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": {"$ref": REF.format(model="Problem")}}}
    shown: dict[str, Any] = {
        "operationId": operation.message.__name__,
        "tags": [operation.service],
        "summary": (operation.message.__doc__ or "").strip().split("\n")[0],
        "responses": {
            str(operation.status): {
                "description": (operation.answer.__doc__ or "").strip().split("\n")[0],
                "content": {"application/json": {"schema": refs[operation.answer, "validation"]}},
            },
            "default": {"description": "Problem details (RFC 9457)", "content": problem},
        },
    }
    if operation.door is Door.SESSION:
        shown["security"] = [{"session": []}]
    if operation.method == "POST":
        body = {"application/json": {"schema": refs[operation.message, "validation"]}}
        shown["requestBody"] = {"required": True, "content": body}
        shown["parameters"] = [
            {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}
        ]
    else:
        shown["parameters"] = _parameters(schemas[operation.message.__name__])
    if operation.chart:
        shape = TypeAdapter(Id).json_schema()
        header = {"name": RECORD, "in": "header", "required": False, "schema": shape}
        shown["parameters"].append(header)
    return shown


def _as_browsers_see_it(schema: dict[str, Any]) -> dict[str, Any]:
    """Without what the gateway itself fills in and takes out."""
    properties = schema.get("properties", {})
    seen = {name: shape for name, shape in properties.items() if name not in FILLED}
    needed = [name for name in schema.get("required", []) if name in seen]
    return {**schema, "properties": seen, "required": needed}


def _parameters(schema: dict[str, Any]) -> list[dict[str, Any]]:
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": shape}
        for name, shape in schema.get("properties", {}).items()
    ]
