"""Bytes to parcels, as their sender is read by now: in a thread where that takes long."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from contracts.practice import PracticeConfigured
from kernel.bus.requests import Unavailable
from kernel.projection import Record
from kernel.store.port import Ask
from services.interop.events.message import Format
from services.interop.events.sender import SenderMapped
from services.interop.fhir.resources import sender_in
from services.interop.fhir.translate import translate as translate_fhir
from services.interop.hl7v2.translate import header_of
from services.interop.hl7v2.translate import translate as translate_hl7v2
from services.interop.parcel import Translated
from services.interop.reading import Reading, reading_of
from services.interop.views.practice import ZONE
from services.interop.views.senders import PROFILE

REMEMBERED = 1_000
SMALL = 32 * 1024
"""HL7 messages up to this size are translated at once (some ms); larger ones in a thread."""


class Reads(Protocol):
    """What this module uses of the service that it runs in."""

    async def fetch(self, ask: Ask, **params: Any) -> Sequence[Any]:
        """Read a view."""


class Translating:
    """The translators, and how each sender is read."""

    def __init__(self, host: Reads) -> None:
        self._host = host
        self._bundles = asyncio.Semaphore(1)
        self._known: dict[str, Reading] = {}
        self._changes = 0

    def committed(self, records: Sequence[Record]) -> None:
        """Forget how senders are read when that changes; call it with all that is committed."""
        if any(isinstance(record.event, SenderMapped | PracticeConfigured) for record in records):
            self._known.clear()
            self._changes += 1

    async def sender_in(self, raw: bytes, format: Format) -> str:
        """Who sent it, as far as that can be told before it is translated; else `unknown`."""
        if format == "fhir":
            return await asyncio.to_thread(sender_in, raw)
        return header_of(raw).sender or "unknown"

    async def reading(self, sender: str) -> Reading:
        """How a sender's messages are read, as of now: a retry knows what staff have mended."""
        known, changes = self._known.get(sender), self._changes
        if known is not None:
            return known
        rows = await self._host.fetch(ZONE)
        if not rows:  # nothing is translated before it is known where a day begins
            raise Unavailable("the practice's profile has not been heard yet")
        practice = ZoneInfo(rows[0]["zone"])
        found = await self._host.fetch(PROFILE, sender=sender)
        reading = reading_of(found[0]["body"], practice) if found else Reading(practice)
        if changes == self._changes and len(self._known) < REMEMBERED:
            self._known[sender] = reading
        return reading

    async def translate(
        self, raw: bytes, format: Format, received: datetime, reading: Reading
    ) -> list[Translated]:
        """In a thread where it takes long; one bundle at a time, for the memory it needs."""
        if format == "fhir":
            async with self._bundles:
                return await asyncio.to_thread(translate_fhir, raw, received, reading)
        if len(raw) <= SMALL:
            return translate_hl7v2(raw, received, reading)
        return await asyncio.to_thread(translate_hl7v2, raw, received, reading)
