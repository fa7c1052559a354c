"""Events of an orderer as a sender names them: who staff said that is (S5)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OrdererMapped:
    """What this sender's orders carry means a directory entry, or `external`.

    `key` is one of those that find a report (`release/orderer.py`): of an id, or of a bare name.
    """

    sender: str
    key: str
    provider: str
