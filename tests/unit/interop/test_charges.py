"""DFT and BAR to PostCharges: whole cents, or nothing."""

from __future__ import annotations

from datetime import date

import pytest

from contracts.billing import Charge, PostCharges
from tests.unit.interop.samples import MSH, PID, asked, fields, header, problem

FT1 = fields(
    "FT1|1|T1||20260105|20260106|CG|99213^Office visit^C4",
    _10="1",
    _11="120.50&USD",
    _19="R10^Pain^I10~J00^Cold^I10",
)


def line(**changed: str) -> Charge:
    """The only line of a DFT."""
    [made] = asked(PostCharges, "DFT^P03", fields(FT1, **changed))
    [one] = made.charges
    return one


@pytest.mark.parametrize("kind", ["DFT^P03", "DFT^P11"])
def test_a_charge(kind: str) -> None:
    [made] = asked(PostCharges, kind, FT1, fields(FT1, _1="2", _2="T2", _6="PY", _11="20"))
    charge, payment = made.charges
    assert (charge.source, charge.kind, charge.cents) == ("T1", "charge", 12050)
    assert (charge.on, charge.quantity, charge.currency) == (date(2026, 1, 5), 1, "USD")
    assert [code.code for code in charge.diagnoses] == ["R10", "J00"]
    assert (payment.kind, payment.cents) == ("payment", 2000)
    assert (made.kind, made.patient) == ("charges", "pending")


@pytest.mark.parametrize(
    ("stated", "kind"),
    [("CG", "charge"), ("CD", "credit"), ("CR", "credit"), ("PY", "payment"), ("AJ", "adjustment"),
     ("", "unknown"), ("ZZ", "unknown")],
)  # fmt: skip
def test_kinds_of_transactions(stated: str, kind: str) -> None:
    assert line(_6=stated).kind == kind


@pytest.mark.parametrize(
    ("amount", "cents"),
    [("0.1", 10), ("0.29", 29), ("1.005", 101), ("-5.00", -500), ("100", 10000), ("", None),
     ("1e2", 10000), ("1200&JPY", 1200)],
)  # fmt: skip
def test_amounts_are_whole_cents(amount: str, cents: int | None) -> None:
    assert line(_11=amount).cents == cents


def test_a_price_of_one_is_taken_as_often_as_there_are() -> None:
    made = line(_10="3", _11="", _12="0.35&EUR")
    assert (made.cents, made.quantity, made.currency) == (105, 3, "EUR")
    assert line(_10="2", _12="60.25").cents == 12050  # the whole amount is stated
    assert line(_10="2.5", _11="", _12="2").cents == 500


@pytest.mark.parametrize("amount", ["$100", "1,200.00", "NaN", "Infinity", "abc", "1e40", "9" * 40])
def test_an_amount_that_is_no_number_is_quarantined(amount: str) -> None:
    found = problem(header("DFT^P03"), PID, FT1, fields(FT1, _11=amount))
    assert (found.code, found.where, found.verdict) == ("102", "FT1", "quarantined")


def test_a_dft_needs_a_transaction() -> None:
    assert problem(header("DFT^P03"), PID).where == "FT1"


def test_messages_with_one_control_id_are_told_apart() -> None:
    names = {
        made.source
        for amount in ("1", "2")
        for made in asked(PostCharges, "DFT^P03", fields(FT1, _11=amount))
    }
    assert len(names) == 2


@pytest.mark.parametrize(
    ("event", "status"),
    [("P01", "added"), ("P02", "purged"), ("P05", "updated"), ("P06", "ended")],
)
def test_an_account(event: str, status: str) -> None:
    sent = MSH.replace("ORU^R01", f"BAR^{event}")
    assert problem(sent, PID, PID).where == "PID"
    [made] = asked(PostCharges, f"BAR^{event}", "PV1|1|O" + "|" * 17 + "V9")
    assert (made.kind, made.status, made.visit, made.charges) == ("account", status, "V9", ())
