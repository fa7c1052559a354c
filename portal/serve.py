"""`python -m portal serve <part>`: one part of the portal in a process (a container) of its own.

Everything comes from the environment (`kernel/settings.py`): PORTAL_NATS, PORTAL_DATABASE,
PORTAL_KEYS, PORTAL_PUBLIC_KEYS, and for the gateway and the frontend PORT and GATEWAY_URL.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

import uvicorn
import uvloop

from kernel import telemetry
from kernel.settings import Settings
from portal.run import BUILDERS, PRIVATE, alone

ANYWHERE = "0.0.0.0"  # noqa: S104  # inside a container: what reaches it is the network's decision


def serve(part: str) -> None:
    """Run one service, `gateway` or `frontend` until told to stop."""
    os.umask(PRIVATE)
    logging.basicConfig(level=os.environ.get("PORTAL_LOG", "INFO"))
    data = Path(os.environ.get("PORTAL_DATA", "var"))
    port = int(os.environ.get("PORT", "8080"))
    telemetry.start(part)
    if part in BUILDERS:
        alone(BUILDERS[part](Settings(service=part, data=data)).run())
    elif part == "gateway":
        from services.gateway.service import run

        secure = os.environ.get("PORTAL_HTTPS") == "1"
        uvloop.run(run(Settings(service=part, data=data), ANYWHERE, port, secure))
    elif part == "frontend":
        from frontend.app import build

        app = build(os.environ["GATEWAY_URL"], None)
        uvicorn.run(app, host=ANYWHERE, port=port, log_config=None, server_header=False)
    else:
        raise SystemExit(f"There is no part {part}: {', '.join(BUILDERS)}, gateway, frontend.")
