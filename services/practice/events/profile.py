"""Events of the practice's profile. These names are the storage format: never rename them."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.practice import Profile
from kernel.phi import PhiRepr


@dataclass(frozen=True, slots=True, repr=False)
class ProfileSet(PhiRepr):
    """The practice's profile from now on, whole. It holds no patient data."""

    profile: Profile
