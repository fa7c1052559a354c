"""Every gate's word on one report, and what a value is ruled by; no value itself (S6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from contracts.labs import ExplainAnswer, ExplainedValue
from frontend.presenters.categories import code_in_words, in_words, matcher_in_words

OPEN: Final = ("Open", "green")
CLOSED: Final = ("Closed", "red")
HELD: Final = ("Held", "amber")
RULINGS: Final[dict[str, tuple[str, str]]] = {
    "release": ("May be shown", "green"),
    "block": ("Blocked", "red"),
    "hold": ("Held", "amber"),
}
EXTERNAL: Final = "external"
NO_TIME: Final = "collection time not known"
UNKNOWN_CODE: Final = "unknown code"
WITH_ORDER: Final = "With the whole order"


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate: its tag (words, kind), what it says, and what hit."""

    name: str
    tag: tuple[str, str]
    says: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Value:
    """How one value is ruled."""

    name: str
    codes: tuple[str, ...]
    tag: tuple[str, str]
    category: str
    why: str


def gates(report: ExplainAnswer) -> list[Gate]:
    """In the order in which they are asked."""
    return [_orderer(report), _order(report), _values(report), _age(report), _review(report)]


def verdict(report: ExplainAnswer) -> tuple[str, str, str]:
    """Whether a patient sees it today: in a few words, why, and the kind of the banner."""
    if report.visible:
        held_back = any(value.ruling != "release" for value in report.values)
        more = "Without the values below that are not released." if held_back else ""
        return "In the portal today", more or "With every value.", "success"
    closed = [gate.name for gate in gates(report) if gate.tag != OPEN]
    if closed:
        return "Not in the portal", f"What keeps it back: {', '.join(closed).lower()}.", "warning"
    why = "Every gate is open: it was withdrawn, or has nothing to show."
    return "Not in the portal", why, "info"


def values(report: ExplainAnswer) -> list[Value]:
    """Every value's ruling."""
    return [_value(each, report) for each in report.values]


def _value(each: ExplainedValue, report: ExplainAnswer) -> Value:
    """What hit the order is said once, above; a value's own code may be the one that is not known."""
    as_order = (each.ruling, each.category, each.matcher) == (
        report.ruling, report.category, report.matcher,
    )  # fmt: skip
    with_order = as_order and each.ruling != "release" and each.matcher != UNKNOWN_CODE
    return Value(
        name=each.name or "Without a name",
        codes=tuple(code_in_words(code) for code in each.codes),
        tag=RULINGS[each.ruling],
        category="" if with_order else in_words(each.category),
        why=WITH_ORDER if with_order else matcher_in_words(each.matcher),
    )


def _orderer(report: ExplainAnswer) -> Gate:
    """Only what somebody of this practice ordered is shown (R20)."""
    decides = report.category == EXTERNAL or (report.ruling == "hold" and report.standing != "ours")
    why = matcher_in_words(report.matcher) if decides and report.matcher != UNKNOWN_CODE else ""
    name = report.orderer or "Nobody is named"
    match report.standing:
        case "ours":
            return Gate("Who ordered", OPEN, f"{name}, of this practice on the day of the order.")
        case "external":
            return Gate("Who ordered", CLOSED, f"{name}: not of this practice on that day.", why)
        case "unknown":
            return Gate("Who ordered", HELD, f"{name}: not known in the directory.", why)


def _order(report: ExplainAnswer) -> Gate:
    """A hit on the order itself hides all of it (R22-R31)."""
    if report.ruling == "block" and report.category != EXTERNAL:
        why = matcher_in_words(report.matcher)
        return Gate("What was ordered", CLOSED, f"{in_words(report.category)}.", why)
    if report.ruling == "hold" and report.matcher == UNKNOWN_CODE:
        return Gate("What was ordered", HELD, "Its code is not known.")
    return Gate("What was ordered", OPEN, "Nothing on the order itself is blocked.")


def _values(report: ExplainAnswer) -> Gate:
    """One value may be hidden and the rest shown (R30)."""
    shown = sum(each.ruling == "release" for each in report.values)
    says = f"{shown} of {len(report.values)} may be shown."
    if shown or not report.values:
        return Gate("Its values", OPEN, says)
    is_held = any(each.ruling == "hold" for each in report.values)
    return Gate("Its values", HELD if is_held else CLOSED, says)


def _age(report: ExplainAnswer) -> Gate:
    """What was collected at 12 to 17 stays out of the portal (R54)."""
    if report.ruling == "hold" and report.matcher == NO_TIME:
        return Gate("When it was collected", HELD, "The collection time is not known.")
    if report.age:
        says = "At 12 to 17 years, or that cannot be told: shown to nobody."
        return Gate("When it was collected", CLOSED, says)
    return Gate("When it was collected", OPEN, "Not at 12 to 17 years.")


def _review(report: ExplainAnswer) -> Gate:
    """Nothing is shown before a provider has looked at it (R18)."""
    if report.verified and report.waiting:
        return Gate("Review", HELD, "Verified before. What came since waits for a provider.")
    if report.verified:
        return Gate("Review", OPEN, "A provider has verified it.")
    return Gate("Review", HELD, "Waits for a provider.")
