"""A sender: what staff said is different about it. Pure."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from contracts.interop import SenderProfile
from kernel.decider import Decider, Refused
from services.interop.events.sender import SenderMapped
from services.interop.hl7v2.normalise import CHARSETS
from services.interop.hl7v2.reader import KIND
from services.interop.hl7v2.translate import taken
from services.interop.text import digest, short

UNKNOWN = "unknown"
"""The kind of messages whose MSH-9 is none: a sender's may be known to be of one."""


def evolve(state: SenderMapped | None, event: Any) -> SenderMapped | None:
    """The state is its profile; None before anybody said anything."""
    return event if isinstance(event, SenderMapped) else state


SENDER: Decider[SenderMapped | None] = Decider("sender", None, evolve)


def sender_id(sender: str) -> str:
    """The stream of a sender; their names are of any alphabet."""
    return digest(sender, length=40)


def map_sender(state: SenderMapped | None, profile: SenderProfile) -> list[SenderMapped]:
    """Read it so from now on; the same again changes nothing.

    Refused `authority`, `kind`, `zone`, `charset` where it names what is not known.
    """
    _check(profile)
    mapped = SenderMapped(
        sender=short(profile.sender),
        authorities={short(name): short(to) for name, to in profile.authorities.items()},
        kinds=profile.kinds,
        zone=profile.zone,
        charset=profile.charset,
    )
    return [] if state == mapped else [mapped]


def _check(profile: SenderProfile) -> None:
    if not all(short(name) for name in profile.authorities):
        raise _unknown("authority", "authorities", "Say which name the messages use.")
    for stated, read_as in profile.kinds.items():
        if not (KIND.fullmatch(stated) or stated == UNKNOWN):
            raise _unknown("kind", "kinds", "Write message kinds as the queue does: ORU^R01.")
        if not taken(read_as):
            raise _unknown("kind", "kinds", "Messages can only be read as a kind that is taken.")
    if profile.zone and not _is_zone(profile.zone):
        raise _unknown("zone", "zone", "Use a time zone's name, such as America/Chicago.")
    if profile.charset and profile.charset.lower() not in CHARSETS:
        raise _unknown("charset", "charset", "Use a character set's HL7 name, such as 8859/1.")


def _unknown(code: str, field: str, sentence: str) -> Refused:
    return Refused(code, sentence, 422, {field: sentence})


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # no such file, a folder, a path that leads away
        return False
    return True
