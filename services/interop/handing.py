"""One parcel to its owners: who it is about, or who became one, then what each service should take.

Each request has a key made of the message's id and its place in the message, so that doing it again
changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from contracts.common import Done
from contracts.identity import KnownPatient, PatientAnswer, RecordPatient
from contracts.labs import PostAnswer, PostReport
from contracts.records import PostDocument
from kernel.decider import Refused
from kernel.envelope import Answer, Command
from services.interop.parcel import Parcel
from services.interop.tally import Tally, about_the_message, reason_of, short_reasons

A = TypeVar("A", bound=Answer)

MOST_COMMAND = 900_000
"""Bytes of one command: the bus takes messages of 1 MB."""

AT_ONCE = 8
"""Commands of one message on their way together: none of them waits for another's effect."""

NAMES = {"PostReport": ("report", "OBR"), "PostOrder": ("order", "ORC")}
"""What counts call a command, and the segment that it comes from."""


class Asks(Protocol):
    """What this module uses of the service that it runs in."""

    async def request(self, message: Any, answer: type[A], key: str = "") -> A:
        """Ask another service. Raises Refused or Unavailable."""


@dataclass(frozen=True, slots=True)
class Handing:
    """Parcels on their way to the services that are `served`; what is for others waits."""

    host: Asks
    served: frozenset[str]

    async def hand_over(
        self, parcel: Parcel, prefix: str, ordinal: int, seen: Tally, moved: Callable[[int], None]
    ) -> None:
        """A whole parcel, whose first command has this ordinal. Raises Unavailable."""
        for kind, count in parcel.left.items():
            seen.counts[f"{kind} kept for later"] += count
        if parcel.about is None:
            seen.reason = seen.reason or "Kept for later: directories are not handled yet"
            return
        if parcel.merges:
            patient = await self._merge(parcel, prefix, ordinal + 1, seen)
        else:
            patient = await self._patient(parcel, f"{prefix}-{ordinal}", seen)
        if patient is None:
            return
        first = ordinal + 1 + len(parcel.merges)
        now = []
        for place, command in enumerate(parcel.commands, first):
            if command.service in self.served:
                now.append((named(command, patient, message_of(prefix)), f"{prefix}-{place}"))
            else:
                seen.wait(command)
        for start in range(0, len(now), AT_ONCE):
            moved(first + start)
            group = now[start : start + AT_ONCE]
            said = await asyncio.gather(
                *(self.post(command, key) for command, key in group), return_exceptions=True
            )
            for (command, _), answer in zip(group, said, strict=True):
                note(seen, command, answer)

    async def _patient(self, parcel: Parcel, key: str, seen: Tally) -> str | None:
        """Who it is; None when nobody may say so."""
        try:
            found = await self.host.request(parcel.about, PatientAnswer, key=key)
        except Refused as refusal:
            about_the_message(refusal)
            seen.counts["patient quarantined"] += 1
            seen.worse("quarantined", reason_of(refusal, "identity"), "204", "PID")
            return None
        seen.counts["patient applied"] += 1
        return found.patient

    async def _merge(self, parcel: Parcel, prefix: str, ordinal: int, seen: Tally) -> str | None:
        """Merges in their order; a refused one stops what comes behind it. Each also says who the one
        that stays is: asked for before, they would be a new patient, and a new number a conflict.
        """
        patient = None
        for place, merge in enumerate(parcel.merges, ordinal):
            try:
                patient = (
                    await self.host.request(merge, PatientAnswer, key=f"{prefix}-{place}")
                ).patient
            except Refused as refusal:
                about_the_message(refusal)
                seen.counts["merge quarantined"] += 1
                seen.worse("quarantined", reason_of(refusal, "identity"), "204", "MRG")
                return None
            seen.counts["merge applied"] += 1
        return patient

    async def known(self, parcel: Parcel, key: str) -> str:
        """Whom a parcel's numbers mean by now. Raises Refused or Unavailable.

        Who it is said to be is held against the index again: of several patients in one message one
        may have been refused, and its sender's numbers may be read in another way by now.
        """
        if parcel.about is None:
            raise ValueError("a parcel about nobody")
        asked = KnownPatient(identifiers=parcel.about.identifiers)
        found = (await self.host.request(asked, PatientAnswer)).patient
        if isinstance(parcel.about, RecordPatient):
            await self.host.request(parcel.about, PatientAnswer, key=key)
        return found

    async def post(self, command: Command, key: str) -> Answer:
        """One command to its service. Raises Refused or Unavailable."""
        if len(command.model_dump_json().encode()) > MOST_COMMAND:
            raise Refused("too-large", "Larger than can be handed over.", 413)
        kind: type[Answer] = PostAnswer if isinstance(command, PostReport) else Done
        return await self.host.request(command, kind, key=key)


def named(command: Command, patient: str, message: str) -> Command:
    """The command with the patient that it is about; a document also with where its bytes are kept."""
    known = {"patient": patient}
    if isinstance(command, PostDocument):
        known["message"] = message
    return command.model_copy(update=known)


def message_of(prefix: str) -> str:
    """The message's id, without the number of the try."""
    return prefix.partition("-")[0]


def note(seen: Tally, command: Command, answer: Answer | BaseException) -> None:
    """What became of one command. Raises Unavailable, and whatever is a bug."""
    name, where = NAMES.get(type(command).__name__, (type(command).__name__, "MSH"))
    if isinstance(answer, Refused):
        about_the_message(answer)
        seen.counts[f"{name} quarantined"] += 1
        if answer.code == "too-large":
            seen.worse("quarantined", f"A {name} is larger than can be handed over", "207", where)
        else:
            seen.worse("quarantined", reason_of(answer, command.service), "204", where)
    elif isinstance(answer, BaseException):
        raise answer
    elif isinstance(answer, PostAnswer):
        seen.counts[f"{name} {answer.outcome}"] += 1
        if answer.outcome == "held":
            seen.worse("held", short_reasons(answer.reasons))
    else:
        seen.counts[f"{name} applied"] += 1


def size_of(parcel: Parcel | None) -> int:
    """How many ordinals it takes."""
    return 1 + len(parcel.merges) + len(parcel.commands) if parcel else 0
