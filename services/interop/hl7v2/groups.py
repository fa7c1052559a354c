"""The orders of an order message: each ORC with the segments that belong to it."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.interop.hl7v2.case import MOST_SEGMENTS
from services.interop.hl7v2.reader import Message, Segment
from services.interop.parcel import Unusable

EARLIER = "PR"
"""ORC-1 in front of earlier results, which come along with an order and are none."""


@dataclass(slots=True)
class Group:
    """One ORC and what belongs to it, up to the next."""

    orc: Segment | None
    segments: list[Segment] = field(default_factory=list)

    def first(self, *names: str) -> Segment | None:
        """The first segment of any of these names, in the order of the names."""
        return next((s for name in names for s in self.segments if s.name == name), None)

    @property
    def control(self) -> str:
        """What is to be done with the order (ORC-1)."""
        return self.orc.get(1).upper() if self.orc else ""

    @property
    def status(self) -> str:
        """How far it is (ORC-5)."""
        return self.orc.get(5).upper() if self.orc else ""


def groups(message: Message) -> list[Group]:
    """The orders of a message, those of earlier results left out. Raises Unusable without any."""
    found: list[Group] = []
    for segment in message.segments:
        if segment.name == "ORC":
            found.append(Group(orc=segment))
        elif segment.name in ("OBR", "RXO", "RXE", "RXD") and not found:
            found.append(Group(orc=None, segments=[segment]))
        elif found:
            found[-1].segments.append(segment)
    if not found:
        raise Unusable("No ORC segment", code="100", where="ORC")
    if len(found) > MOST_SEGMENTS:
        raise Unusable("More orders in one message than can be taken", where="ORC")
    return [group for group in found if group.control != EARLIER]
