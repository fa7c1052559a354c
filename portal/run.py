"""`make run`: the whole portal on this machine, with the demo practice in it."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import uvicorn
import uvloop

from frontend.app import build as build_frontend
from kernel import telemetry
from kernel.bus.embedded import EmbeddedNats
from kernel.service import Service
from kernel.settings import Settings
from kernel.store import sqlite
from portal import permissions
from portal.demo.start import load_when_ready
from portal.mailbox import run_mailbox
from portal.places import LOOPBACK, Places, check_free, choose, hold
from portal.processes import Family, Part
from services.gateway import service as gateway
from services.identity.service import build as build_identity
from services.interop.service import build as build_interop
from services.labs.service import build as build_labs
from services.notifier.service import build as build_notifier
from services.practice.service import build as build_practice

BUILDERS: dict[str, Callable[[Settings], Service[Any]]] = {
    "practice": build_practice,
    "identity": build_identity,
    "labs": build_labs,
    "notifier": build_notifier,
    "interop": build_interop,
}


PRIVATE = 0o077
"""Every file that the portal makes is its user's own: views hold patient data in the clear."""


def run(demo: bool = True) -> None:
    """Start everything, and stay until Ctrl-C."""
    os.umask(PRIVATE)
    places = choose()
    started = time.monotonic()
    data = Path(places.data)
    lock = hold(data)
    check_free(places)
    os.environ["SMTP_URL"] = os.environ.get("SMTP_URL", f"smtp://{LOOPBACK}:{places.smtp}")
    os.environ["MLLP_PORT"] = str(places.mllp)
    _logging(data)
    say(f"Starting MyPortal; its data is in {data.resolve()} ...")
    parts = [Part(name, _service(name, places)) for name in BUILDERS]
    parts += [
        Part("gateway", _gateway(places)),
        Part("frontend", _frontend(places)),
        Part("mailbox", _mailbox(places)),
    ]
    if places.own_nats:
        parts.insert(0, Part("nats-server", _nats(places)))
    places.write()
    if demo:
        loads = Part("demo", lambda: alone(load_when_ready(places, started, say)), once=True)
        parts.append(loads)
    Family(parts, say, places.note, keep_from_children=(lock,)).run()
    say("Stopped.")


PRELOADED = (sqlite,)
"""Imported once, by the parent: what a child imports for itself it does not share."""


def say(sentence: str) -> None:
    """Progress for the person at the terminal."""
    print(sentence, flush=True)


def settings_of(name: str, places: Places, demo: bool = True) -> Settings:
    """One service's settings on this machine."""
    return Settings(
        service=name,
        data=Path(places.data),
        nats=places.nats,
        nats_credential=places.credential,
        demo=demo,
    )


def alone(work: Coroutine[Any, Any, Any]) -> None:
    """Run a coroutine as the whole life of this process; SIGTERM cancels it."""

    async def life() -> None:
        task = asyncio.ensure_future(work)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        try:
            await task
        except asyncio.CancelledError:
            logging.getLogger(__name__).debug("stopped")

    uvloop.run(life())


def _service(name: str, places: Places) -> Any:
    def start() -> None:
        telemetry.start(name)
        service = BUILDERS[name](settings_of(name, places))
        alone(service.run())

    return start


def _gateway(places: Places) -> Any:
    def start() -> None:
        telemetry.start("gateway")
        secure = os.environ.get("PORTAL_HTTPS") == "1"
        work = gateway.run(settings_of("gateway", places), LOOPBACK, places.gateway, secure)
        uvloop.run(work)

    return start


def _frontend(places: Places) -> Any:
    def start() -> None:
        clock = settings_of("frontend", places).clock
        app = build_frontend(places.gateway_url, places.mailbox_url, now=clock.now)
        uvicorn.run(
            app,
            host=LOOPBACK,
            port=places.port,
            log_config=None,
            server_header=False,
            access_log=False,
            timeout_graceful_shutdown=3,
        )

    return start


def _mailbox(places: Places) -> Any:
    def start() -> None:
        clock = settings_of("mailbox", places).clock
        store = Path(places.data) / "mail"
        alone(run_mailbox(places.smtp, places.mailbox, store, clock))

    return start


def _nats(places: Places) -> Any:
    """The nats-server's child: it becomes the server itself, so that killing it kills that.

    Its users may do what the catalog says, as in a deployment.
    """
    data = Path(places.data)
    users = json.loads(permissions.write(data / "bus").read_text())
    server = EmbeddedNats(data / "nats", places.nats_port, users)

    def start() -> None:
        server.become()

    return start


def _logging(data: Path) -> None:
    """Warnings and worse to a file: the terminal is for the person."""
    logging.basicConfig(
        filename=data / "portal.log",
        level=os.environ.get("PORTAL_LOG", "WARNING"),
        format="%(asctime)s %(process)d %(levelname)s %(name)s %(message)s",
    )
