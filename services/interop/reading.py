"""How one sender's messages are read: what its profile says, and the practice's zone behind it.

A sender without a profile is read as the standard says: `Reading(practice)`. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from zoneinfo import ZoneInfo

from contracts.interop import SenderProfile


@dataclass(frozen=True, slots=True)
class Reading:
    """What the translators ask of a profile (`contracts.interop.SenderProfile`).

    `practice` is where a mere day begins (R54), and a time without offset too, unless `zone` says
    where this sender's clock stands. `charset` is of HL7 table 0211, for messages whose MSH-18
    names none that is known.
    """

    practice: tzinfo
    zone: tzinfo | None = None
    authorities: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    charset: str = ""

    def authority(self, *names: str) -> str | None:
        """Who gave a number, known by any of these names, the most precise first.

        The last name is the one that it has without a profile. None: such numbers name nobody.
        """
        for name in names:
            if name in self.authorities:
                return self.authorities[name] or None
        return names[-1]

    def kind(self, stated: str) -> str:
        """The kind as which a message of this kind is read, such as `ORU^R01`."""
        return self.kinds.get(stated, stated)


def reading_of(profile: str, practice: tzinfo) -> Reading:
    """What a kept profile (JSON) says."""
    said = SenderProfile.model_validate_json(profile)
    return Reading(
        practice=practice,
        zone=ZoneInfo(said.zone) if said.zone else None,
        authorities=said.authorities,
        kinds=said.kinds,
        charset=said.charset,
    )
