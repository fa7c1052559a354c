"""ADT and SIU to PostVisit: which visit, in which state, when, with whom."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from contracts.scheduling import PostVisit
from tests.unit.interop.samples import (
    PID,
    asked,
    fields,
    header,
    parcel,
    person,
    problem,
)

PV1 = fields(
    "PV1|1|O|UNIT^R1^B2^CLINIC^^^MAIN",
    _7="111^Gray^Max~222^Hill^Eve",
    _10="SUR",
    _19="V9^^^ACC",
    _44="20260101080000",
)
SCH = fields("SCH|PL1^EHR|FI1^SCHED", _7="R10^Headache", _8="FU^Follow-up", _9="30", _10="min")
AIP = fields("AIP|1||111^Gray^Max", _6="20260301090000", _9="20", _10="min")
START = datetime(2026, 3, 1, 17, tzinfo=UTC)  # nine o'clock in Los Angeles


def visit(kind: str, *segments: str) -> PostVisit:
    """The only visit that the message states."""
    [made] = asked(PostVisit, kind, *segments)
    return made


@pytest.mark.parametrize(
    ("event", "state"),
    [("A01", "admitted"), ("A03", "discharged"), ("A04", "arrived"), ("A08", "changed"),
     ("A11", "cancelled"), ("A13", "admitted")],
)  # fmt: skip
def test_an_adt_states_the_visit_and_the_person(event: str, state: str) -> None:
    made = visit(f"ADT^{event}", PV1)
    assert (made.state, made.trigger, made.source) == (state, f"ADT^{event}", "V9^ACC")
    assert (made.patient, made.sender) == ("pending", "LAB")
    assert made.starts == datetime(2026, 1, 1, 16, tzinfo=UTC)
    assert made.providers == ("111", "222")
    assert made.provider_names == ("Gray, Max", "Hill, Eve")
    assert made.place == "CLINIC, MAIN, UNIT, R1, B2"
    assert person(parcel(header(f"ADT^{event}"), PID, PV1)).identifiers[0].value == "77"


@pytest.mark.parametrize("event", ["A02", "A05", "A28", "A31"])
def test_events_about_the_person_state_no_visit(event: str) -> None:
    assert asked(PostVisit, f"ADT^{event}", PV1) == []


def test_a_visit_without_number_goes_by_its_admission_or_is_counted() -> None:
    unnumbered = fields(PV1, _19="")
    assert visit("ADT^A04", unnumbered).source == visit("ADT^A03", unnumbered).source
    assert visit("ADT^A04", fields(PV1, _19="", _50="ALT")).source == "ALT"
    nothing = parcel(header("ADT^A04"), PID, fields(PV1, _19="", _44=""))
    assert (nothing.commands, nothing.left) == ((), {"visit without number": 1})
    about_the_person = parcel(header("ADT^A08"), PID, unnumbered)
    assert (about_the_person.commands, about_the_person.left) == ((), {})


@pytest.mark.parametrize(
    ("event", "state"),
    [("S12", "booked"), ("S13", "rescheduled"), ("S14", "changed"), ("S15", "cancelled"),
     ("S16", "discontinued"), ("S17", "deleted"), ("S26", "no-show")],
)  # fmt: skip
def test_an_siu_states_an_appointment(event: str, state: str) -> None:
    of_staff = "NTE|1||Prepare the room"
    made = visit(f"SIU^{event}", SCH, "TQ1|1", "NTE|1||Bring your card", "RGS|1", AIP, of_staff)
    assert (made.state, made.source, made.starts) == (state, "FI1^SCHED", START)
    assert made.ends == datetime(2026, 3, 1, 17, 30, tzinfo=UTC)
    assert (made.reasons[0].text, made.kind[0].text) == ("Headache", "Follow-up")
    assert (made.providers, made.note, made.video) == (("111",), "Bring your card", False)


def test_every_state_of_one_appointment_has_its_name() -> None:
    booked, gone = visit("SIU^S12", SCH, AIP), visit("SIU^S15", SCH)
    assert booked.source == gone.source
    assert visit("SIU^S12", fields(SCH, _2=""), AIP).source == "PL1^EHR"


def test_what_a_change_was_may_stand_in_the_filler_status() -> None:
    for said, state in [("ARRIVED", "arrived"), ("No show", "no-show"), ("Scheduled", "changed")]:
        assert visit("SIU^S14", fields(SCH, _25=said), AIP).state == state
    assert visit("SIU^S12", fields(SCH, _25="ARRIVED"), AIP).state == "booked"


def test_times_come_from_tq1_else_sch_11_else_a_resource() -> None:
    old = fields(SCH, _11="^^30^20260302100000^20260302104500")
    tq1 = "TQ1|1||||||20260303110000|20260303113000"
    ais = fields("AIS|1||XR^X-ray", _4="20260304120000", _7="1", _8="h")
    assert visit("SIU^S12", old, tq1, AIP).starts == datetime(2026, 3, 3, 19, tzinfo=UTC)
    made = visit("SIU^S12", old, AIP)
    assert (made.starts, made.ends) == (
        datetime(2026, 3, 2, 18, tzinfo=UTC),
        datetime(2026, 3, 2, 18, 45, tzinfo=UTC),
    )
    of_resource = visit("SIU^S12", fields(SCH, _9="", _10=""), ais)
    assert of_resource.starts == datetime(2026, 3, 4, 20, tzinfo=UTC)
    assert of_resource.ends == datetime(2026, 3, 4, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("length", "unit", "minutes"),
    [("30", "", 30), ("30", "M", 30), ("90", "sec", 1.5), ("2", "HR", 120), ("1", "d", 1440)],
)
def test_durations_in_any_unit(length: str, unit: str, minutes: float) -> None:
    made = visit("SIU^S12", fields(SCH, _9=length, _10=unit), fields(AIP, _9=""))
    assert made.starts is not None
    assert made.ends is not None
    assert (made.ends - made.starts).total_seconds() == minutes * 60


@pytest.mark.parametrize(
    ("length", "unit"), [("0", "min"), ("-5", "min"), ("x", "min"), ("9999", "d"), ("5", "furlong")]
)
def test_a_duration_that_is_none_leaves_the_end_open(length: str, unit: str) -> None:
    made = visit("SIU^S12", fields(SCH, _9=length, _10=unit), fields(AIP, _9=""))
    assert (made.starts, made.ends) == (START, None)


def test_an_end_before_the_start_is_none() -> None:
    backwards = fields(SCH, _9="", _11="^^^20260302100000^20260302090000")
    assert visit("SIU^S12", backwards).ends is None


def test_a_video_visit_is_told_by_its_type_and_not_by_its_reason() -> None:
    assert visit("SIU^S12", fields(SCH, _8="TV^Telehealth visit"), AIP).video
    assert not visit("SIU^S12", fields(SCH, _7="V^Saw a video"), AIP).video


def test_an_appointment_needs_a_number_and_a_booked_one_a_time() -> None:
    siu = header("SIU^S12")
    assert problem(siu, PID, fields(SCH, _1="", _2=""), AIP).where == "SCH"
    assert problem(siu, PID, SCH).code == "101"
    assert problem(siu, PID, AIP).code == "100"
    assert problem(siu, PID, SCH, SCH, AIP).where == "SCH"
    assert visit("SIU^S15", SCH).starts is None


def test_the_people_of_pv1_count_where_nobody_is_booked() -> None:
    slot = fields("AIL|1||ROOM^^^CLINIC", _6="20260301090000")
    made = visit("SIU^S12", SCH, PV1, slot)
    assert (made.providers, made.place) == (("111", "222"), "CLINIC, ROOM")
