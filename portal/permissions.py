"""Who may say what on the bus: NATS users with the least they need, made from the catalog.

`python -m portal permissions FOLDER` makes an nkey per part and writes `users.json`, which a
nats-server reads as `include`d configuration (JSON is part of its language).
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import nkeys

from contracts.catalog import (
    HEARD,
    OPERATIONS,
    PUBLISHED,
    SERVICES,
    Door,
    durable_of,
    operations_of,
    stream_of,
)
from kernel.operations import GetHealth, GetParked, RetryParked, SkipParked
from kernel.settings import write_private

SESSIONS = "KV_sessions"
MICRO = ("$SRV.PING", "$SRV.INFO", "$SRV.STATS")
OPERATING = (GetHealth, GetParked, RetryParked, SkipParked)
PARTS = (*SERVICES, "gateway", "operator")


def permissions_of(part: str) -> dict[str, Any]:
    """What one part may publish and subscribe to."""
    if part in SERVICES:
        return _service(part)
    return _gateway() if part == "gateway" else _operator()


def _service(name: str) -> dict[str, Any]:
    publish = [_asked(o) for o in OPERATIONS if name in o.senders]
    publish += ["live.>", "$JS.API.INFO"]
    subscribe = [f"_INBOX_{name}.>", f"_INBOX_{name}-events.>"]
    subscribe += [f"{o.subject} {name}" for o in operations_of(name)]
    subscribe += [f"{kind}.{name}.* {name}" for kind in ("cmd", "qry")]
    subscribe += [*MICRO, f"$SRV.*.{name}", f"$SRV.*.{name}.*"]
    if any(event.service == name for event in PUBLISHED):
        publish += [f"evt.{name}.>", *_stream_calls(stream_of(name))]
    for source, topic in {(e.service, e.topic) for e in HEARD.get(name, ())}:
        publish += _consumer_calls(source, durable_of(name, source, topic))
    if name == "identity":
        publish += _session_calls()
    return _allowed(publish, subscribe)


def _stream_calls(stream: str) -> list[str]:
    return [f"$JS.API.STREAM.{call}.{stream}" for call in ("INFO", "CREATE", "UPDATE", "MSG.GET")]


def _consumer_calls(source: str, durable: str) -> list[str]:
    """Take a topic, keep its consumer in place, and ask its source about holes."""
    stream = stream_of(source)
    return [
        f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}",
        f"$JS.API.CONSUMER.INFO.{stream}.{durable}",
        f"$JS.API.CONSUMER.DURABLE.CREATE.{stream}.{durable}",
        f"$JS.API.CONSUMER.CREATE.{stream}.{durable}.>",
        f"$JS.ACK.{stream}.{durable}.>",
        f"qry.{source}.PublishedSince",
    ]


def _session_calls() -> list[str]:
    """Identity alone keeps the sessions' bucket."""
    return [
        "$KV.sessions.>",
        *_stream_calls(SESSIONS),
        f"$JS.API.DIRECT.GET.{SESSIONS}.>",
        f"$JS.API.CONSUMER.CREATE.{SESSIONS}.>",
        f"$JS.API.CONSUMER.DELETE.{SESSIONS}.>",
        f"$JS.API.CONSUMER.INFO.{SESSIONS}.>",
        f"$JS.API.CONSUMER.CREATE.{SESSIONS}",
    ]


def _gateway() -> dict[str, Any]:
    doors = [o for o in OPERATIONS if o.door is not Door.INTERNAL or "gateway" in o.senders]
    publish = [_asked(o) for o in doors]
    publish += [_operating(service, message) for service in SERVICES for message in OPERATING]
    return _allowed(publish, ["_INBOX_gateway.>", "live.>"])


def _operator() -> dict[str, Any]:
    return _allowed(["cmd.>", "qry.>"], ["_INBOX_operator.>"])


def _asked(operation: Any) -> str:
    return str(operation.subject)


def _operating(service: str, message: type[Any]) -> str:
    kind = "qry" if message in (GetHealth, GetParked) else "cmd"
    return f"{kind}.{service}.{message.__name__}"


def _allowed(publish: list[str], subscribe: list[str]) -> dict[str, Any]:
    return {
        "publish": sorted(set(publish)),
        "subscribe": sorted(set(subscribe)),
        "allow_responses": {"max": 1, "expires": "60s"},
    }


def write(folder: Path) -> Path:
    """Make the missing seeds (`<part>/bus.nk`, for that part only) and write `users.json`."""
    users = []
    for part in PARTS:
        seed = folder / part / "bus.nk"
        if not seed.exists():
            seed.parent.mkdir(parents=True, exist_ok=True)
            write_private(seed, _new_seed())
        public = nkeys.from_seed(bytearray(seed.read_bytes())).public_key.decode()
        users.append({"nkey": public, "permissions": permissions_of(part)})
    path = folder / "users.json"
    path.write_text(json.dumps({"authorization": {"users": users}}, indent=1))
    return path


def _new_seed() -> bytes:
    return bytes(nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER))
