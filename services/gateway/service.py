"""Composition root of the gateway: connects, and serves HTTP until stopped."""

from __future__ import annotations

import asyncio

import uvicorn

from kernel import telemetry
from kernel.bus.connect import connect
from kernel.settings import Settings
from services.gateway.app import Gateway, Straight


async def run(settings: Settings, host: str, port: int, secure: bool) -> None:
    """Serve until cancelled or told to stop."""
    client = await connect(settings.nats, "gateway", settings.credential)
    config = uvicorn.Config(
        Straight(Gateway(client, secure).application()),
        host=host,
        port=port,
        log_config=None,
        server_header=False,
        access_log=False,
        lifespan="off",
        proxy_headers=False,  # the gateway reads the address that the frontend states
        timeout_graceful_shutdown=3,
    )
    server = uvicorn.Server(config)
    try:
        await server.serve()
    finally:
        await asyncio.shield(client.drain())
        telemetry.stop()
