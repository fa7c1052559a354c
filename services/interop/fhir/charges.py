"""FHIR Claim and ExplanationOfBenefit to billing.PostCharges. Amounts never pass through floats."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from contracts.billing import Charge, PostCharges
from contracts.labs import Coding
from services.interop.fhir.bundle import Bundle
from services.interop.fhir.json import Json, at, codes, day, items, text
from services.interop.fhir.origin import named_source, source_of, stated_at
from services.interop.fhir.values import codings
from services.interop.fhir.whom import Subject
from services.interop.parcel import PENDING, Unusable
from services.interop.text import WITHOUT_CENTS, short

CLAIM, BENEFIT = "Claim", "ExplanationOfBenefit"
MOST_LINES = 998
"""Of one claim: a total and a payment have room beside them."""

MOST_DIAGNOSES = 50
MOST = Decimal(10) ** 12


def charges(bundle: Bundle, subject: Subject, received: datetime) -> Iterator[PostCharges]:
    """Claims and what became of them. A question about a price is no charge: counted as left."""
    kinds: tuple[tuple[str, Literal["claim", "benefit"]], ...] = (
        (CLAIM, "claim"),
        (BENEFIT, "benefit"),
    )
    for kind, meant in kinds:
        for one in bundle.all(kind):
            if text(one, "use") != "claim":
                bundle.leave(kind)
                continue
            yield PostCharges(
                patient=PENDING,
                sender=subject.sender,
                source=source_of(bundle, one),
                stated=stated_at(bundle, one, received),
                kind=meant,
                visit=_visit(bundle, one),
                status=text(one, "status"),
                charges=_lines(bundle, one),
            )


def _visit(bundle: Bundle, one: Json) -> str:
    """The visit that it is for, by the name that the visit itself is handed over with."""
    for item in items(one, "item"):
        for reference in items(item, "encounter"):
            return named_source(bundle, reference, one, "Encounter")
    return ""


def _lines(bundle: Bundle, one: Json) -> tuple[Charge, ...]:
    listed = items(one, "item")
    if len(listed) > MOST_LINES:
        raise Unusable("More lines in one claim than can be taken")
    diagnosed = _diagnoses(bundle, one)
    lines = [_line(one, item, diagnosed) for item in listed]
    if all(line.cents is None for line in lines):
        lines += _total(one)
    paid = at(one, "payment", "amount")
    if (cents := cents_of(paid)) is not None:
        when = day(text(one, "payment", "date"))
        lines.append(
            Charge(source="payment", kind="payment", on=when, cents=cents, currency=_currency(paid))
        )
    return tuple(lines)


def _line(one: Json, item: Json, diagnosed: dict[int, tuple[Coding, ...]]) -> Charge:
    """An item with its own amount, and the diagnoses that it points at."""
    amount = at(item, "net")
    named = at(item, "diagnosisSequence")
    sequences = named if isinstance(named, list) else []
    return Charge(
        source=str(at(item, "sequence"))[:20],
        kind="charge",
        codes=codings(item.get("productOrService")),
        on=_served(item) or _day_of(text(one, "billablePeriod", "start")),
        quantity=_quantity(at(item, "quantity", "value")),
        cents=cents_of(amount),
        currency=_currency(amount),
        diagnoses=tuple(
            code for n in sequences if isinstance(n, int) for code in diagnosed.get(n, ())
        )[:MOST_DIAGNOSES],
    )


def _served(item: Json) -> date | None:
    return day(text(item, "servicedDate")) or _day_of(text(item, "servicedPeriod", "start"))


def _day_of(written: str) -> date | None:
    """The calendar day of a date or time, where its sender stands."""
    return day(written[:10])


def _quantity(value: object) -> int:
    """Whole pieces; 1 where it is not said or no whole number."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return 1
    return int(value) if 0 < value <= 1_000_000 and value == int(value) else 1


def _total(one: Json) -> list[Charge]:
    """What was asked for in all, where the items say nothing: a Claim's total, or `submitted`."""
    for total in items(one, "total"):
        kinds = {code for _, code in codes(total, "category")}
        amount = at(total, "amount") if kinds else total
        cents = cents_of(amount)
        if cents is not None and (not kinds or "submitted" in kinds):
            when = _day_of(text(one, "billablePeriod", "start"))
            currency = _currency(amount)
            return [Charge(source="total", kind="charge", on=when, cents=cents, currency=currency)]
    return []


def _diagnoses(bundle: Bundle, one: Json) -> dict[int, tuple[Coding, ...]]:
    """The diagnoses by their number in the claim."""
    found: dict[int, tuple[Coding, ...]] = {}
    for each in items(one, "diagnosis"):
        stated = codings(at(each, "diagnosisCodeableConcept"))
        meant = bundle.find(text(each, "diagnosisReference", "reference"), one)
        sequence = at(each, "sequence")
        if isinstance(sequence, int):
            found[sequence] = stated or codings(at(meant, "code"))
    return found


def _currency(money: object) -> str:
    return short(text(money, "currency")) or "USD"


def cents_of(money: object) -> int | None:
    """A Money as a whole number of the currency's smallest unit; None when there is no amount."""
    value = at(money, "value")
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    amount = Decimal(value)
    if not abs(amount) < MOST:
        raise Unusable("An amount beyond reason", code="103")
    unit = 1 if _currency(money) in WITHOUT_CENTS else 100
    return int((amount * unit).quantize(Decimal(1), ROUND_HALF_UP))
