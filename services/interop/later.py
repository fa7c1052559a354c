"""What was kept for a service that is there by now goes to it: in the order in which it came.

The bytes are translated again (docs/decisions/0015), and each command has the key that it would have
had at first: what was cut off goes on, and doing it again changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator

from kernel.decider import Refused
from kernel.envelope import Command
from services.interop.handing import message_of, named, size_of
from services.interop.intake import Intake, key_prefix
from services.interop.keeping import Host
from services.interop.parcel import Parcel, Translated
from services.interop.tally import about_the_message
from services.interop.views.waiting import COUNTS, MESSAGES_FOR

PAGE = 100
PAUSE_SECONDS = 10.0
log = logging.getLogger("interop.later")


class Later:
    """Hands over what waits for the services that are there."""

    def __init__(self, host: Host, intake: Intake) -> None:
        self._host = host
        self._intake = intake

    async def run(self) -> None:
        """Until nothing waits that could go; while a service does not answer, again and again."""
        while True:
            try:
                await self.hand_over()
                return
            except Exception as error:  # noqa: BLE001  # nothing that waits may stop the intake
                log.warning("handing over stopped (%s) and goes on later", type(error).__name__)
            await asyncio.sleep(PAUSE_SECONDS)

    async def hand_over(self) -> int:
        """Every message that waits for a service that is there; how many. Raises Unavailable."""
        done = 0
        for service in sorted({row["service"] for row in await self._host.fetch(COUNTS)}):
            if service not in self._intake.handing.served:
                continue
            while rows := await self._host.fetch(MESSAGES_FOR, service=service, count=PAGE):
                for row in rows:
                    await self._one(row["message"], service)
                done += len(rows)
            log.info("what waited for %s is handed over", service)
        return done

    async def _one(self, id: str, service: str) -> None:
        state = await self._intake.keeping.state(id)
        raw = await self._intake.bytes_of(id)
        counts: Counter[str] = Counter()
        refused: list[str] = []
        _, translated = await self._intake.translated(raw or b"", state)
        prefix = key_prefix(id, state.attempt)
        for parcel, commands in _asked_of(translated, service):
            await self._parcel(parcel, commands, prefix, counts, refused)
        if not counts:  # its bytes are gone, or its sender is read in another way by now
            refused.append("The message does not ask for it any more")
        await self._intake.keeping.handed_over(id, service, dict(counts), tuple(refused))

    async def _parcel(
        self,
        parcel: Parcel,
        commands: list[tuple[int, Command]],
        prefix: str,
        counts: Counter[str],
        refused: list[str],
    ) -> None:
        """One patient's commands. A refusal is noted, and does not stop the others."""
        try:
            key = f"{prefix}-{commands[0][0]}-whom"
            patient = await self._intake.handing.known(parcel, key)
        except Refused as refusal:
            about_the_message(refusal)
            counts["patient refused"] += 1
            refused.append(f"patient: {refusal.code}")
            return
        for ordinal, command in commands:
            name = type(command).__name__
            try:
                asked = named(command, patient, message_of(prefix))
                await self._intake.handing.post(asked, f"{prefix}-{ordinal}")
                counts[f"{name} applied"] += 1
            except Refused as refusal:
                about_the_message(refusal)
                counts[f"{name} refused"] += 1
                refused.append(f"{name}: {refusal.code}")


def _asked_of(
    translated: list[Translated], service: str
) -> Iterator[tuple[Parcel, list[tuple[int, Command]]]]:
    """The parcels that ask something of a service, and what, each with its ordinal in the message."""
    ordinal = 0
    for parcel in (one.parcel for one in translated if one.parcel):
        first = ordinal + 1 + len(parcel.merges)
        ordinal += size_of(parcel)
        asked = [(n, c) for n, c in enumerate(parcel.commands, first) if c.service == service]
        if parcel.about is not None and asked:
            yield parcel, asked
