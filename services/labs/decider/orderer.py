"""An orderer as a sender names them, and who staff said that is (S5)."""

from __future__ import annotations

import hashlib
from typing import Any

from kernel.decider import Decider
from services.labs.events.orderer import OrdererMapped
from services.labs.release.orderer import id_key, name_key


def evolve(state: str, event: Any) -> str:
    """The state is a directory id or `external`, "" before anybody said."""
    return event.provider if isinstance(event, OrdererMapped) else state


ORDERER = Decider("orderer", "", evolve)


def named_by(ids: tuple[str, ...], name: str) -> tuple[str, ...]:
    """What an order names its giver by: every id, or the name when it carries no id.

    Nothing when it names nobody.
    """
    found = dict.fromkeys(f"i:{id_key(id)}" for id in ids if id_key(id))
    if found or not name_key(name):
        return tuple(found)
    return (f"n:{name_key(name)}",)


def sender_key(sender: str, key: str) -> str:
    """What a mapping is looked up by: it counts for this sender only."""
    return f"{sender}|{key}"


def orderer_id(sender: str, key: str) -> str:
    """The stream of such a key; keys are of any length and alphabet."""
    return hashlib.sha256(sender_key(sender, key).encode()).hexdigest()


def map_orderer(state: str, sender: str, key: str, provider: str) -> list[OrdererMapped]:
    """Say who that is; the same again changes nothing."""
    return [] if state == provider else [OrdererMapped(sender, key, provider)]
