"""`make contracts`: writes what the contracts are today into files that are committed.

`schemas/` holds the JSON Schema of every contract, `examples/` golden payloads of published
events (kept for ever: an old one must stay readable), `asyncapi/` one document per service.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from contracts.catalog import (
    HEARD,
    LATER,
    OPERATIONS,
    PUBLISHED,
    SERVICES,
    durable_of,
    operations_of,
)
from contracts.sample import sample
from kernel.envelope import Contract, Envelope, PublishedEvent

HERE = Path(__file__).parent
SCHEMAS, EXAMPLES, ASYNCAPI = HERE / "schemas", HERE / "examples", HERE / "asyncapi"


def contracts() -> dict[str, type[Contract]]:
    """Every contract by the name of its schema file."""
    named: dict[str, type[Contract]] = {"envelope.Envelope": Envelope}
    for event in PUBLISHED:
        named[f"{event.service}.{event.__name__}"] = event
    for operation in OPERATIONS:
        for model in (operation.message, operation.answer):
            named[f"{operation.service}.{model.__name__}"] = model
    for command in LATER:
        named[f"{command.service}.{command.__name__}"] = command
    return named


def schema(model: type[Contract]) -> dict[str, Any]:
    """Today's JSON Schema of one contract."""
    return TypeAdapter(model).json_schema()


def asyncapi(service: str) -> dict[str, Any]:
    """AsyncAPI 3.0: what a service publishes, hears and answers."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    for event in (e for e in PUBLISHED if e.service == service):
        _add(channels, operations, messages, event, "send", _subject(event))
    for event in HEARD.get(service, ()):
        durable = durable_of(service, event.service, event.topic)
        _add(channels, operations, messages, event, "receive", _subject(event), durable)
    for operation in operations_of(service):
        _add(channels, operations, messages, operation.message, "receive", operation.subject)
    return {
        "asyncapi": "3.0.0",
        "info": {"title": service, "version": "1"},
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }


def _subject(event: type[PublishedEvent]) -> str:
    return f"evt.{event.service}.{event.topic}.{event.__name__}.{{bucket}}"


def _add(
    channels: dict[str, Any], operations: dict[str, Any], messages: dict[str, Any],
    model: type[Contract], action: str, address: str, durable: str | None = None,
) -> None:  # fmt: skip
    name = model.__name__
    channels[name] = {
        "address": address,
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
    }
    if "{bucket}" in address:
        channels[name]["parameters"] = {"bucket": {"description": "hash of the patient, 00 to 63"}}
    operations[f"{action}{name}"] = {
        "action": action,
        "channel": {"$ref": f"#/channels/{name}"},
        **({"x-durable": durable} if durable else {}),
    }
    service = getattr(model, "service", "")
    messages[name] = {
        "summary": (model.__doc__ or "").strip().split("\n")[0],
        "payload": {"$ref": f"../schemas/{service}.{name}.json"},
    }


def files() -> Iterator[tuple[Path, str]]:
    """Every generated file with what it should hold. Golden examples are only ever added."""
    for name, model in sorted(contracts().items()):
        yield SCHEMAS / f"{name}.json", _text(schema(model))
    for service in SERVICES:
        yield ASYNCAPI / f"{service}.json", _text(asyncapi(service))


def new_examples() -> Iterator[tuple[Path, str]]:
    """A golden example for each event whose newest one is not what it would be today."""
    for event in PUBLISHED:
        name = f"{event.service}.{event.__name__}"
        kept = sorted(EXAMPLES.glob(f"{name}.*.json"))
        today = _text(sample(event))
        if not kept or kept[-1].read_text() != today:
            yield EXAMPLES / f"{name}.{len(kept) + 1:03d}.json", today


def _text(value: Any) -> str:
    return json.dumps(value, indent=2, sort_keys=True) + "\n"


def main() -> None:
    """Write everything, and say what changed."""
    for folder in (SCHEMAS, EXAMPLES, ASYNCAPI):
        folder.mkdir(exist_ok=True)
    for path, text in [*files(), *new_examples()]:
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"wrote {path.relative_to(HERE.parent)}")


if __name__ == "__main__":
    main()
