"""An item on support's desk: asked, taken by one person, done or refused (S1, S3, S13)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from contracts.identity import ItemKind
from kernel.decider import Decider, Refused
from services.identity.asking import Asked
from services.identity.events.item import (
    ItemDone,
    ItemOpened,
    ItemOverdue,
    ItemRejected,
    ItemTaken,
)

Stage = Literal["none", "open", "taken", "done", "rejected"]


@dataclass(frozen=True, slots=True)
class Item:
    """One item on its way."""

    stage: Stage = "none"
    kind: str = ""
    account: str = ""
    taken_by: str = ""


def evolve(state: Item, event: Any) -> Item:
    """The item after an event."""
    match event:
        case ItemOpened(kind=kind, account=account):
            return Item("open", kind, account)
        case ItemTaken(by=by):
            return replace(state, stage="taken", taken_by=by)
        case ItemDone():
            return replace(state, stage="done")
        case ItemRejected():
            return replace(state, stage="rejected")
    return state


ITEM = Decider("item", Item(), evolve)


def open_(
    item: str, kind: ItemKind, account: str, patient: str, asked: Asked, now: datetime
) -> list[Any]:
    """Support has something to do."""
    return [ItemOpened(item, kind, account, patient, asked, now)]


def take(state: Item, item: str, by: str, name: str) -> list[Any]:
    """Work on it; two people cannot (S1)."""
    _check_waiting(state)
    if state.stage == "taken":
        if state.taken_by == by:
            return []
        raise _colleague()
    return [ItemTaken(item, by, name)]


def done(state: Item, item: str, kind: ItemKind, by: str, now: datetime) -> list[Any]:
    """What was asked for is done, by whoever took it."""
    _check_mine(state, by)
    if state.kind != kind:
        raise Refused("kind", "This item asks for something else.", 422)
    return [ItemDone(item, by, now)]


def reject(state: Item, item: str, by: str, answer: str, now: datetime) -> list[Any]:
    """Refuse it, or close a notice."""
    _check_mine(state, by)
    return [ItemRejected(item, by, answer, now)]


def overdue(state: Item, item: str, due: datetime) -> list[Any]:
    """Its time has passed; nothing happens to an item that has had its answer."""
    return [ItemOverdue(item, due)] if state.stage in ("open", "taken") else []


def _check_waiting(state: Item) -> None:
    if state.stage == "none":
        raise Refused("not-found", "There is no such item.", 404)
    if state.stage not in ("open", "taken"):
        raise Refused("closed", "This item is closed.")


def _check_mine(state: Item, by: str) -> None:
    _check_waiting(state)
    if state.stage == "open":
        raise Refused("not-taken", "Take the item first, so that nobody else works on it.")
    if state.taken_by != by:
        raise _colleague()


def _colleague() -> Refused:
    return Refused("taken", "A colleague is working on this item.")
