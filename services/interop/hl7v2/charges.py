"""DFT and BAR to billing.PostCharges. Amounts never pass through floats."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from contracts.billing import Charge, PostCharges
from services.interop.hl7v2 import dates, values
from services.interop.hl7v2.case import Case, bare, number
from services.interop.hl7v2.reader import Segment
from services.interop.parcel import PENDING, Unusable
from services.interop.text import WITHOUT_CENTS, short

Kind = Literal["charge", "credit", "payment", "adjustment", "unknown"]
KINDS: dict[str, Kind] = {
    "CG": "charge", "CD": "credit", "CR": "credit", "PY": "payment", "CO": "payment",
    "AJ": "adjustment",
}  # fmt: skip
"""FT1-6 (table 0017)."""

ACCOUNTS = {
    "P01": "added", "P02": "purged", "P05": "updated", "P06": "ended", "P10": "updated",
    "P12": "updated",
}  # fmt: skip
"""What a BAR says happened to the account."""

MOST_LINES = 1000
MOST = Decimal(10) ** 12


def charges(case: Case) -> Iterator[PostCharges]:
    """All transactions of a DFT as one. Raises Unusable without any, or for a bad amount."""
    lines = case.all("FT1", MOST_LINES)
    if not lines:
        raise Unusable("No FT1 segment", code="100", where="FT1")
    control = case.message.header.control  # some senders start again at 1 every day
    yield PostCharges(
        patient=PENDING,
        sender=case.sender,
        source=case.unnumbered("charges", control, *map(_told, lines)),
        stated=case.stated,
        kind="charges",
        account=_account(case),
        visit=number(case.message.first("PV1"), 19),
        charges=tuple(map(_charge, lines)),
    )


def _told(ft1: Segment) -> str:
    return "|".join(ft1.get(field) for field in (2, 4, 6, 7, 11))


def accounts(case: Case) -> Iterator[PostCharges]:
    """The account of a BAR."""
    account, visit = _account(case), number(case.message.first("PV1"), 19)
    yield PostCharges(
        patient=PENDING,
        sender=case.sender,
        source=account or visit or case.unnumbered("account"),
        stated=case.stated,
        kind="account",
        account=account,
        visit=visit,
        status=ACCOUNTS[case.event],
    )


def _account(case: Case) -> str:
    return bare(case.message.first("PID"), 18)


def _charge(ft1: Segment) -> Charge:
    quantity = _decimal(ft1.get(10))
    cents, currency = _amount(ft1, quantity)
    codes = values.codings(ft1, 7)
    return Charge(
        source=number(ft1, 2),
        kind=KINDS.get(ft1.get(6).upper(), "unknown"),
        codes=codes + tuple(one for one in values.codings(ft1, 25) if one not in codes),
        on=dates.day(ft1.get(4)),
        quantity=int(quantity) if quantity and quantity == int(quantity) else 1,
        cents=cents,
        currency=currency,
        diagnoses=values.all_codings(ft1, 19),
    )


def _amount(ft1: Segment, quantity: Decimal | None) -> tuple[int | None, str]:
    """FT1-11, else FT1-12 (of one) times the quantity; with its currency."""
    for field, times in ((11, Decimal(1)), (12, quantity or Decimal(1))):
        stated = _decimal(ft1.get(field))
        if stated is not None:
            currency = short(ft1.get(field, 1, 1, 2)).upper() or "USD"
            unit = 1 if currency in WITHOUT_CENTS else 100
            total = stated * times * unit
            return int(total.quantize(Decimal(1), ROUND_HALF_UP)), currency
    return None, "USD"


def _decimal(text: str) -> Decimal | None:
    """A number as written; None for nothing. Raises Unusable for anything else."""
    if not text:
        return None
    if not values.NUMBER.match(text) or len(text) > 30 or abs(Decimal(text)) >= MOST:
        raise Unusable("An amount that is no number", code="102", where="FT1")
    return Decimal(text)
