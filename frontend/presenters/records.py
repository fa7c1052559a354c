"""In whose record one is, and in whose one could be (the person switcher)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from contracts.common import Caller
from contracts.identity import RecordChoice

Words = Callable[..., str]

CHOOSABLE = ("open", "agreement-due")


@dataclass(frozen=True, slots=True)
class Choice:
    """One person to switch to. `due`: their agreement comes first."""

    href: str
    given: str
    who: str
    current: bool
    due: bool


@dataclass(frozen=True, slots=True)
class Whose:
    """The record in view. `other`: it is somebody else's, and every page says so plainly."""

    given: str
    other: bool
    says: str
    choices: tuple[Choice, ...]


def whose(caller: Caller | None, records: Iterable[RecordChoice], t: Words) -> Whose | None:
    """None while no record is in view."""
    if caller is None or caller.patient is None:
        return None
    known = tuple(records)
    given = next((r.given for r in known if r.patient == caller.patient), "") or caller.name
    basis = caller.basis or "self"
    return Whose(
        given=given,
        other=basis != "self",
        says=t(f"switch.in_{basis}", name=given),
        choices=choices(known, caller.patient, t),
    )


def choices(records: Iterable[RecordChoice], current: str | None, t: Words) -> tuple[Choice, ...]:
    """Whom one can switch to, in identity's order: the own record first."""
    return tuple(
        Choice(
            href="/home" if each.basis == "self" else f"/for/{each.patient}/home",
            given=each.given,
            who=t(f"switch.who_{each.basis}"),
            current=each.patient == current,
            due=each.state == "agreement-due",
        )
        for each in records
        if each.state in CHOOSABLE
    )
