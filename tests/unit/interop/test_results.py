"""ORU to PostReport: statuses, values, orderers, dates, ids."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from contracts.labs import PostReport
from services.interop.hl7v2 import dates
from tests.unit.interop.samples import (
    MSH,
    OBR,
    OBX,
    PID,
    READ,
    asked,
    fields,
    parcel,
    problem,
    report,
    reports,
)

READ_IN = dates.zones("", READ)


def obx(value: str, kind: str = "NM", **changed: str) -> str:
    """The sample OBX with another value, and fields by number (`_8="C"`)."""
    fields = OBX.split("|")
    fields[2], fields[5] = kind, value
    for name, text in changed.items():
        fields[int(name[1:])] = text
    return "|".join(fields)


def test_a_plain_result() -> None:
    made = report(OBR, OBX, "NTE|1||first line", "NTE|2||second line")
    [value] = made.observations
    assert (value.key, value.value, value.number, value.unit) == ("718-7", "13.5", 13.5, "g/dL")
    assert (value.range_text, value.flag, value.status) == ("12-16", "", "final")
    assert value.note == "first line\nsecond line"
    assert value.codes[0].system == "loinc"
    assert (made.sender, made.status, made.patient) == ("LAB", "final", "pending")
    assert made.reported == datetime(2026, 1, 1, 8, tzinfo=UTC)  # midnight in Los Angeles


@pytest.mark.parametrize(
    ("obx11", "obr25", "expected"),
    [
        ("P", "F", "preliminary"), ("I", "F", "preliminary"), ("R", "F", "preliminary"),
        ("S", "F", "preliminary"), ("F", "F", "final"), ("C", "F", "corrected"),
        ("W", "F", "wrong"), ("D", "F", "wrong"), ("X", "F", "cannot-obtain"),
        ("", "C", "corrected"), ("", "", "preliminary"), ("?", "F", "preliminary"),
    ],
)  # fmt: skip
@pytest.mark.rule("R19")
def test_status_comes_from_obx_11_and_not_from_obr_25(
    obx11: str, obr25: str, expected: str
) -> None:
    obr = OBR.split("|")
    obr[25] = obr25
    [value] = report("|".join(obr), obx("13.5", _11=obx11)).observations
    assert value.status == expected


def test_the_report_is_as_cautious_as_its_values() -> None:
    wrong, corrected = obx("1", _11="W"), obx("2", _11="C", _3="x^y^L")
    assert report(OBR, wrong).status == "wrong"
    assert report(OBR, OBX, corrected).status == "corrected"
    assert report(OBR, OBX, obx("3", _11="P", _3="x^y^L")).status == "preliminary"
    assert report(OBR[:-1] + "P", OBX).status == "preliminary"
    assert report(OBR[:-1] + "C").status == "corrected"  # no OBX at all


@pytest.mark.parametrize(
    ("sent", "kind", "value", "number"),
    [
        ("<5", "NM", "<5", None), ("5.10", "NM", "5.10", 5.1), ("1e999", "NM", "1e999", None),
        (">^11.0", "SN", ">11.0", None), ("^76", "SN", "76", 76.0), ("^1^:^40", "SN", "1:40", None),
        ("260373001^Detected^SCT", "CWE", "Detected", None), ("~A~B", "ST", "A; B", None),
        ('""', "ST", "", None), ("^application^pdf^Base64^AAAA", "ED", "document attached", None),
        ("20260103", "DT", "2026-01-03", None), ("a\\T\\b\\.br\\c", "TX", "a&b\nc", None),
    ],
)  # fmt: skip
def test_values_by_type(sent: str, kind: str, value: str, number: float | None) -> None:
    [made] = report(OBR, obx(sent, kind)).observations
    assert (made.value, made.number) == (value, number)


def test_a_flag_c_is_critical_and_not_corrected() -> None:
    [value] = report(OBR, obx("13.5", _8="C")).observations
    assert (value.flag, value.status) == ("critical", "final")
    [value] = report(OBR, obx("13.5", _8="H~POS")).observations
    assert value.flag == "high"


def test_text_lines_of_one_code_become_one_value() -> None:
    lines = [obx(text, "TX") for text in ("one", "", "  three")]
    [value] = report(OBR, *lines).observations
    assert value.value == "one\n\n  three"
    [value] = report(OBR, obx("kept", "TX"), obx("void", "TX", _11="W")).observations
    assert (value.value, value.status) == ("kept", "corrected")


def test_keys_are_unique_and_order_details_are_no_values() -> None:
    made = report(OBR, OBX, OBX, obx("1", _4="2"), obx("x", "ST", _11="O"))
    assert [value.key for value in made.observations] == ["718-7", "718-7#2", "718-7/2"]


@pytest.mark.rule("R20")
def test_the_orderer_is_obr_16_else_orc_12_and_never_the_sender() -> None:
    orc = "ORC|RE|P1|F1|||||||||222^Hill^Eve"
    bare = OBR.split("|")
    assert report(orc, OBR, OBX).orderer.ids == ("111",)
    bare[16] = ""
    assert report(orc, "|".join(bare), OBX).orderer.ids == ("222",)
    assert report("|".join(bare), OBX).orderer == report("|".join(bare)).orderer
    assert report("|".join(bare), OBX).orderer.ids == ()
    bare[16] = "^Hill^Eve"
    assert report(orc, "|".join(bare), OBX).orderer.ids == ("222",)
    bare[16] = "^Other^Ann"
    assert report(orc, "|".join(bare), OBX).orderer.ids == ()
    bare[16] = "1^Gray^Max~2^Gray^Max~3^Hill^Eve"
    assert report("|".join(bare), OBX).orderer.ids == ("1", "2")


@pytest.mark.rule("R54")
def test_acquisition_is_the_collection_and_never_the_result_date() -> None:
    assert report(OBR, OBX).acquired == datetime(2026, 1, 1, 16, tzinfo=UTC)
    bare = OBR.split("|")
    bare[7] = ""
    assert report("|".join(bare), OBX).acquired is None
    spm = "SPM|1|||BLD^Blood||||||||||||20251231"
    assert report("|".join(bare), OBX, spm.replace("||||||||||||", "|||||||||||||")).acquired == (
        datetime(2025, 12, 31, 8, tzinfo=UTC)
    )
    bare[7] = "202601"
    assert report("|".join(bare), OBX).acquired is None  # a month judges no age


def test_an_offset_in_msh_7_holds_for_the_message() -> None:
    made = parcel(MSH.replace("20260102030405", "20260102030405-0500"), PID, OBR, OBX)
    assert reports(made)[0].acquired == datetime(2026, 1, 1, 13, tzinfo=UTC)


@pytest.mark.rule("R54")
def test_a_mere_day_is_that_day_at_the_practice_whatever_the_senders_offset() -> None:
    day_only = OBR.replace("20260101080000", "20260101")
    for offset in ("", "-0500", "+0200", "Z"):
        made = parcel(MSH.replace("20260102030405", f"20260102030405{offset}"), PID, day_only, OBX)
        assert reports(made)[0].acquired == datetime(2026, 1, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "Aug 15, 1942", "20261301", "99999999", "DOB"])
def test_bad_dates_are_none(text: str) -> None:
    assert dates.moment(text, READ_IN) is None or text == ""
    assert dates.day(text) is None


def test_dates_of_every_precision() -> None:
    assert dates.moment("2026", READ_IN) == datetime(2026, 1, 1, 8, tzinfo=UTC)
    assert dates.moment("20260102030405.1234+0530", READ_IN) == datetime(
        2026, 1, 1, 21, 34, 5, 123400, tzinfo=UTC
    )
    assert dates.day("19850916000000") == date(1985, 9, 16)


def test_report_ids_are_stable_and_tell_orders_apart() -> None:
    first, second = report(OBR, OBX), report(OBR, obx("14", _11="C"))
    assert first.report == second.report
    assert len(first.report) <= 64
    other = OBR.replace("718-7", "4548-4")
    ids = {made.report for made in reports(parcel(MSH, PID, OBR, OBX, other, OBX, OBR, OBX))}
    assert len(ids) == 3  # one filler number, two codes, one of them twice
    long = OBR.replace("F1", "F" * 300).replace("718-7", "c" * 300)
    assert len(report(long, OBX).report) <= 64


def test_an_order_without_number_goes_by_patient_test_and_time() -> None:
    bare = OBR.replace("P1|F1^LAB", "|")
    assert report(bare, OBX).report == report(bare, obx("15")).report
    nothing = bare.replace("20260101080000", "")
    assert problem(MSH, PID, nothing, OBX).code == "101"


def test_a_result_without_obr_or_test_code_is_quarantined() -> None:
    assert problem(MSH, PID, OBX).where == "OBR"
    assert problem(MSH, PID, OBR.replace("718-7^Hemoglobin^LN", ""), OBX).verdict == "quarantined"


def test_a_report_has_the_numbers_of_its_order_by_which_it_is_found() -> None:
    assert report(OBR, OBX).numbers == ("F1", "P1")
    assert report("ORC|RE|P2^EHR|F1^LAB", OBR, OBX).numbers == ("F1", "P1", "P2")
    assert report(fields(OBR, _2="^P9"), OBX).numbers == ("F1", "P9")


SPM = "SPM|1|||BLD^Blood|||||||||||||20251231"
BARE = fields(OBR, _7="")


def test_in_an_oul_the_specimen_stands_above_its_orders_and_orc_behind_its_obr() -> None:
    orc, of_specimen = "ORC|RE|||||||||||222^Hill^Eve", fields(OBX, _5="99")
    second, tissue = fields(BARE, _3="F2", _16=""), fields(SPM, _4="TISS^Tissue", _17="20251230")
    first, other = asked(
        PostReport,
        "OUL^R22",
        *(SPM, of_specimen, BARE, OBX, tissue, of_specimen, second, orc, fields(OBX, _5="14")),
    )
    assert [value.value for value in first.observations] == ["13.5"]
    assert [value.value for value in other.observations] == ["14"]
    assert (first.specimen, other.specimen) == ("BLD Blood", "TISS Tissue")
    assert first.acquired == datetime(2025, 12, 31, 8, tzinfo=UTC)
    assert other.acquired == datetime(2025, 12, 30, 8, tzinfo=UTC)
    assert (first.orderer.ids, other.orderer.ids) == (("111",), ("222",))


def test_one_specimen_may_stand_above_several_orders_and_an_orc_in_front_of_them() -> None:
    orc = "ORC|RE|||||||||||222^Hill^Eve"
    for kind in ("OUL^R21", "OUL^R23"):
        both = asked(
            PostReport, kind, SPM, orc, fields(BARE, _16=""), OBX, fields(BARE, _3="F2"), OBX
        )
        assert [made.specimen for made in both] == ["BLD Blood", "BLD Blood"]
        assert [made.orderer.ids for made in both] == [("222",), ("111",)]


def test_in_an_oul_by_order_the_specimens_follow_as_in_an_oru() -> None:
    first, other = asked(PostReport, "OUL^R24", BARE, OBX, SPM, fields(BARE, _3="F2"), OBX)
    assert (first.specimen, other.specimen) == ("BLD Blood", "")
    assert other.acquired is None


@pytest.mark.parametrize("kind", ["OUL^R22", "ORU^R30", "ORU^R32"])
def test_an_order_without_a_test_code_is_quarantined_whatever_the_kind(kind: str) -> None:
    found = problem(MSH.replace("ORU^R01", kind), PID, SPM, fields(OBR, _4=""), OBX)
    assert (found.code, found.where, found.verdict) == ("101", "OBR", "quarantined")
