"""ORM, OML and OMG to PostOrder; RDE, RDS and ORM with a drug to PostMedication."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from contracts.labs import PostOrder, PostReport
from contracts.records import PostMedication
from tests.unit.interop.samples import MSH, OBR, OBX, PID, asked, fields, header, parcel, problem

ORC = fields("ORC|NW|P1^EHR|F1^LAB", _9="20260101070000", _12="222^Hill^Eve")
RXE = fields(
    "RXE||00071^Aspirin^NDC|1",
    _7="^Take one a day~^with food",
    _10="30",
    _11="TAB^tablets",
    _12="5",
    _15="RX7",
    _17="2",
    _40="CP^Corner Pharmacy",
)
RXD = fields("RXD|1|00071^Aspirin^NDC|20260110|30|TAB^tablets||RX7|4", _30="CP^Corner Pharmacy")
TQ1 = "TQ1|1||QD|||30^days|20260101|20260131"


def order(kind: str, *segments: str) -> PostOrder:
    """The only order of tests in the message."""
    [made] = asked(PostOrder, kind, *segments)
    return made


def drug(kind: str, *segments: str) -> PostMedication:
    """The only medication in the message."""
    [made] = asked(PostMedication, kind, *segments)
    return made


@pytest.mark.parametrize("kind", ["ORM^O01", "OML^O21", "OML^O33", "OML^O35", "OMG^O19"])
def test_an_order_of_a_test(kind: str) -> None:
    made = order(kind, ORC, OBR, OBX, "DG1|1||R10^Pain")
    assert made.numbers == ("F1", "P1")
    assert (made.codes, made.orderer.ids, made.cancelled) == (("Hemoglobin",), ("111",), False)
    assert made.ordered == datetime(2026, 1, 1, 15, tzinfo=UTC)
    assert (made.patient, made.sender) == ("pending", "LAB")
    assert parcel(header(kind), PID, ORC, OBR, OBX).commands == (made,)  # an OBX is no result here


def test_a_result_has_the_numbers_of_its_order() -> None:
    [result] = asked(PostReport, "ORU^R01", fields(OBR, _2="P1"), OBX)
    assert set(result.numbers) & set(order("ORM^O01", ORC, OBR).numbers)


@pytest.mark.parametrize("control", ["CA", "DC", "OC", "CR", "OD", "UA"])
def test_a_cancelled_order_keeps_its_name(control: str) -> None:
    booked, gone = order("ORM^O01", ORC, OBR), order("ORM^O01", fields(ORC, _1=control), OBR)
    assert (gone.order, gone.cancelled) == (booked.order, True)
    alone = order("ORM^O01", fields(ORC, _1=control))
    assert (alone.order, alone.cancelled, alone.codes) == (booked.order, True, ())


def test_a_status_may_say_that_an_order_has_ended() -> None:
    assert order("ORM^O01", fields(ORC, _1="SC", _5="CA"), OBR).cancelled
    assert not order("ORM^O01", fields(ORC, _1="UC", _5="IP"), OBR).cancelled


def test_orders_of_one_number_and_of_other_patients_are_told_apart() -> None:
    other = fields(OBR, _4="4548-4^A1c^LN")
    first, second = asked(PostOrder, "OML^O21", ORC, OBR, other)
    assert first.order != second.order
    assert (first.codes, second.codes) == (("Hemoglobin",), ("A1c",))
    [elsewhere] = parcel(header("OML^O21"), fields(PID, _3="78^^^NORTH"), ORC, OBR).commands
    assert isinstance(elsewhere, PostOrder)
    assert elsewhere.order != first.order


def test_earlier_results_beside_an_order_are_none() -> None:
    earlier = fields(ORC, _1="PR", _2="P0", _3="F0")
    assert order("OML^O21", ORC, OBR, earlier, OBR, OBX).numbers == ("F1", "P1")


def test_diets_and_supplies_are_counted() -> None:
    made = parcel(header("ORM^O01"), PID, ORC, "ODS|D||X^Soft", ORC, OBR)
    assert made.left == {"other order": 1}
    assert len(made.commands) == 1


def test_an_order_needs_a_number_and_a_test() -> None:
    orm = header("ORM^O01")
    bare = fields(OBR, _2="", _3="")
    assert problem(orm, PID, fields(ORC, _2="", _3=""), bare).where == "ORC"
    assert problem(orm, PID, ORC, fields(OBR, _4="")).where == "OBR"
    assert problem(orm, PID).code == "100"


@pytest.mark.parametrize("kind", ["RDE^O11", "RDE^O25", "RDE^O01", "ORM^O01"])
def test_a_prescription(kind: str) -> None:
    made = drug(kind, ORC, TQ1, "RXO|1^Other", RXE)
    assert (made.kind, made.status, made.source) == ("prescribed", "active", "P1^EHR")
    assert (made.codes[0].text, made.directions) == ("Aspirin", "Take one a day\nwith food")
    assert (made.quantity, made.days, made.refills) == ("30 tablets", 30, 3)
    assert (made.prescriber, made.prescriber_name) == (("222",), "Hill, Eve")
    assert made.pharmacy == "Corner Pharmacy"
    assert made.started == datetime(2026, 1, 1, 8, tzinfo=UTC)
    assert made.ended == datetime(2026, 1, 31, 8, tzinfo=UTC)


def test_refills_are_those_that_are_left() -> None:
    assert drug("RDE^O11", ORC, fields(RXE, _16="1")).refills == 1
    assert drug("RDE^O11", ORC, fields(RXE, _16="0")).refills == 0
    assert drug("RDE^O11", ORC, fields(RXE, _12="1", _17="5")).refills == 0
    assert drug("RDE^O11", ORC, fields(RXE, _12="", _17="")).refills is None
    assert drug("RDE^O11", ORC, fields(RXE, _12="many")).refills is None


@pytest.mark.parametrize(
    ("control", "status", "expected"),
    [("CA", "", "cancelled"), ("DC", "", "stopped"), ("HD", "", "on-hold"), ("NW", "CM", "completed"),
     ("RL", "IP", "active"), ("XO", "DC", "stopped")],
)  # fmt: skip
def test_how_far_a_prescription_is(control: str, status: str, expected: str) -> None:
    assert drug("RDE^O11", fields(ORC, _1=control, _5=status), RXE).status == expected


def test_a_month_is_no_number_of_days_and_old_timings_are_read() -> None:
    assert drug("RDE^O11", ORC, TQ1.replace("30^days", "1^month"), RXE).days is None
    old = drug("RDE^O01", fields(ORC, _7="^BID^W2^20260101^20260115"), RXE)
    assert (old.days, old.started) == (14, datetime(2026, 1, 1, 8, tzinfo=UTC))


def test_directions_are_the_senders_words_and_codes_only_where_there_are_none() -> None:
    assert drug("RDE^O11", ORC, TQ1, fields(RXE, _7="")).directions == "QD"
    of_request = drug("RDE^O11", ORC, fields("RXO|1^X", _7="^As told"), fields(RXE, _7=""))
    assert of_request.directions == "As told"


def test_a_dispense() -> None:
    made = drug("RDS^O13", ORC, RXE, RXD)
    assert (made.kind, made.status, made.source) == ("dispensed", "completed", "RX7#1")
    assert (made.quantity, made.refills) == ("30 tablets", 4)
    assert made.started == datetime(2026, 1, 10, 8, tzinfo=UTC)
    second = drug("RDS^O13", ORC, RXE, fields(RXD, _1="2"))
    assert second.source == "RX7#2"


def test_a_drug_needs_a_name_and_a_number() -> None:
    rde = header("RDE^O11")
    assert problem(rde, PID, ORC, fields(RXE, _2="")).where == "RXE"
    assert problem(rde, PID, fields(ORC, _2="", _3=""), fields(RXE, _15="")).code == "101"
    assert problem(header("RDS^O13"), PID, ORC, RXE).where == "RXD"
    assert problem(header("RDS^O13"), PID, ORC, fields(RXD, _2="")).where == "RXD"
    assert problem(MSH.replace("ORU^R01", "RAS^O17"), PID, ORC, RXE).code == "200"
