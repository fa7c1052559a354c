"""Events of a sender: what staff said is different about it."""

from __future__ import annotations

from dataclasses import dataclass

from kernel.phi import PhiRepr


@dataclass(frozen=True, slots=True, repr=False)
class SenderMapped(PhiRepr):
    """How its messages are read from now on; the whole profile, as in `SenderProfile`."""

    sender: str
    authorities: dict[str, str]
    kinds: dict[str, str]
    zone: str
    charset: str
