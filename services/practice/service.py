"""Composition root of practice."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from contracts.common import Caller
from kernel.projection import Record
from kernel.service import Service, Settings
from services.practice.api import API
from services.practice.events import CODEC
from services.practice.events.profile import ProfileSet
from services.practice.opening import holidays_of
from services.practice.policies import POLICIES
from services.practice.publisher import PUBLISHER
from services.practice.subscribers import HEARS
from services.practice.views import VIEWS


async def warm(service: Service[None]) -> None:
    """Import the holiday tables away from the event loop, before the first visitor needs them."""
    await asyncio.to_thread(holidays_of, "US", service.clock.now().year)


def live(event: Any, record: Record) -> Iterable[str]:
    """Whoever looks at operations sees that the profile changed."""
    return ("staff.sre",) if isinstance(event, ProfileSet) else ()


def build(settings: Settings) -> Service[None]:
    """practice, ready to start."""
    return Service(
        name="practice",
        settings=settings,
        codec=CODEC,
        publisher=PUBLISHER,
        hears=HEARS,
        views=VIEWS,
        policies=POLICIES,
        api=API,
        deps=None,
        caller=Caller,
        background=(warm,),
        live=live,
    )
