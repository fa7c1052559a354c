"""One way to connect to NATS: reconnect for ever, and make a denied permission loud."""

from __future__ import annotations

import logging
from typing import Any

import nats
from nats.aio.client import Client

from kernel.telemetry import meter

OLDEST_SERVER = (2, 12)
PENDING_BYTES = 16 * 2**20
log = logging.getLogger(__name__)
_denied = meter(__name__).create_counter("portal_permission_violations_total")


class ServerTooOld(Exception):
    """This nats-server lacks what the portal's safety stands on."""


async def connect(url: str, name: str, credential: str = "") -> Client:
    """A connection that lives as long as the process. Raises ServerTooOld."""
    client = await nats.connect(url, **options(name, credential))
    version = client.connected_server_version
    if (version.major, version.minor) < OLDEST_SERVER:
        await client.close()
        raise ServerTooOld(f"nats-server {version.major}.{version.minor} is older than 2.12")
    return client


def options(name: str, credential: str = "") -> dict[str, Any]:
    """The options of every connection; `credential` is the path of an nkey seed."""
    chosen: dict[str, Any] = {
        "name": name,
        "max_reconnect_attempts": -1,
        "reconnect_time_wait": 0.1,
        "connect_timeout": 5,
        "pending_size": PENDING_BYTES,
        "error_cb": _complain,
        "inbox_prefix": inbox_prefix(name),
    }
    if credential:
        chosen["nkeys_seed"] = credential
    return chosen


def inbox_prefix(name: str) -> str:
    """Where one connection's answers go: a prefix of its own, so that nobody else may listen."""
    return f"_INBOX_{name}"


async def _complain(error: Exception) -> None:
    # The server answers a denied publish with silence for the caller, and with this for us.
    if "permissions violation" in str(error).lower():
        _denied.add(1)
        log.error("permission denied by the bus: %s", error)
    else:
        log.warning("bus: %s", type(error).__name__)
