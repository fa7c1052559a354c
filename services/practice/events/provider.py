"""Events of a directory entry. These names are the storage format: never rename them."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.practice import Provider
from kernel.phi import PhiRepr


@dataclass(frozen=True, slots=True, repr=False)
class ProviderEntered(PhiRepr):
    """A directory entry from now on, whole. It holds no patient data."""

    provider: Provider
