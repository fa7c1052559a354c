"""What an item says: the words of whoever asks. Part of the storage format."""

from __future__ import annotations

from contracts.common import Basis
from contracts.identity import RelationPerson
from kernel.envelope import Contract
from kernel.phi import Phi


class Asked(Contract):
    """For a relation `basis` and `person`, for a correction `field`; `says` in their own words."""

    basis: Basis | None = None
    person: RelationPerson | None = None
    field: str = ""
    says: Phi[str] = ""
