"""Composition root of notifier."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from contracts.common import Caller
from kernel.projection import Record
from kernel.service import Service, Settings
from services.notifier.api import API
from services.notifier.delivery import Deps
from services.notifier.events import CODEC, Rejected
from services.notifier.policies import POLICIES
from services.notifier.publisher import PUBLISHER
from services.notifier.smtp import Mailer, Server
from services.notifier.subscribers import HEARS
from services.notifier.views import VIEWS


async def take_leave(service: Service[Deps]) -> None:
    """Close the kept connections politely when the service stops."""
    try:
        await asyncio.Event().wait()
    finally:
        await service.deps.mailer.close()


def live(event: Any, record: Record) -> Iterable[str]:
    """Whoever looks at operations sees a failure at once."""
    return ("staff.sre",) if isinstance(event, Rejected) else ()


def build(settings: Settings) -> Service[Deps]:
    """notifier, ready to start. `SMTP_URL` says where mail goes out (see `smtp.Server`)."""
    server = Server.from_url(settings.env("SMTP_URL", "smtp://127.0.0.1:2525"))
    return Service(
        name="notifier",
        settings=settings,
        codec=CODEC,
        publisher=PUBLISHER,
        hears=HEARS,
        views=VIEWS,
        policies=POLICIES,
        api=API,
        deps=Deps(mailer=Mailer(server)),
        caller=Caller,
        background=(take_leave,),
        live=live,
    )
