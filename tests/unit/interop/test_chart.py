"""Allergies, problems, procedures, vaccinations and documents from HL7 v2 to the chart."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from contracts.records import (
    PostAllergies,
    PostDocument,
    PostImmunisation,
    PostProblem,
    PostProcedure,
)
from tests.unit.interop.samples import PID, asked, fields, header, parcel, problem

AL1 = "AL1|1|DA^Drug|PCN^Penicillin^L|SV^Severe|Rash~Hives"
IAM = fields("IAM|1|DA^Drug|PCN^Penicillin^L|SV|Rash", _6="A", _7="A7^EHR", _11="2019", _17="C")
PRB = fields("PRB|AD|20260101080000|R10^Pain^I10|PR7^EHR", _14="Active", _16="20251201")
RXA = fields("RXA|0|1|20260105||08^HepB^CVX|1", _15="LOT1", _20="CP")
TXA = fields("TXA|1|DS^Discharge summary|TX", _6="20260105", _9="111^Gray^Max", _12="D7", _17="AU")


def test_allergies_without_an_action_are_the_whole_list() -> None:
    [made] = asked(PostAllergies, "ADT^A31", AL1, "AL1|2|FA|NUT^Peanut^L")
    assert made.whole
    first, second = made.allergies
    assert (first.codes[0].text, first.kind, first.severity) == ("Penicillin", "Drug", "Severe")
    assert first.reactions == ("Rash", "Hives")
    assert (second.codes[0].text, second.kind, second.none) == ("Peanut", "FA", False)
    assert asked(PostAllergies, "ADT^A31") == asked(PostAllergies, "ADT^A31", "AL1|1") == []


@pytest.mark.parametrize(
    "said", ["716186003^No known allergy^SCT", "NKDA^^L", "X^No known drug allergies", "^NKA"]
)
def test_that_there_is_none_differs_from_saying_nothing(said: str) -> None:
    [made] = asked(PostAllergies, "ADT^A08", f"AL1|1||{said}")
    assert [one.none for one in made.allergies] == [True]


def test_a60_states_allergies_by_their_action() -> None:
    added, gone = asked(PostAllergies, "ADT^A60", IAM, fields(IAM, _6="D", _7="A8"))
    assert (added.whole, added.removed, added.source) == (False, False, "A7^EHR")
    assert added.allergies[0].onset == datetime(2019, 1, 1, 8, tzinfo=UTC)
    assert (gone.removed, gone.allergies[0].status) == (True, "wrong")
    assert asked(PostAllergies, "ADT^A60", fields(IAM, _6="X")) == []
    [changed] = asked(PostAllergies, "ADT^A60", fields(IAM, _6="U", _17="I"))
    assert (changed.source, changed.allergies[0].status) == ("A7^EHR", "inactive")


def test_a_snapshot_is_one_whole_list() -> None:
    second = fields(IAM, _3="NUT^Peanut", _6="S", _7="A8")
    [made] = asked(PostAllergies, "ADT^A60", fields(IAM, _6="S"), second)
    assert made.whole
    assert [one.source for one in made.allergies] == ["A7^EHR", "A8"]


def test_an_allergy_needs_a_code_and_two_hundred_are_enough() -> None:
    assert problem(header("ADT^A60"), PID, fields(IAM, _3="", _7="")).where == "IAM"
    assert asked(PostAllergies, "ADT^A08", "IAM|1") == []  # the rest of the message counts
    assert problem(header("ADT^A60"), PID, *[AL1] * 201).where == "AL1"


def test_a_problem() -> None:
    [made] = asked(
        PostProblem, "PPR^PC1", PRB, "NTE|1||seen twice", "PV1|1|O", "NTE|1||of the visit"
    )
    assert (made.source, made.status, made.codes[0].text) == ("PR7^EHR", "active", "Pain")
    assert made.onset == datetime(2025, 12, 1, 8, tzinfo=UTC)
    assert (made.note, made.removed) == ("seen twice", False)


def test_a_problem_ends_or_is_taken_back() -> None:
    [ended] = asked(PostProblem, "PPR^PC2", fields(PRB, _9="20260201", _14=""))
    assert (ended.status, ended.resolved) == ("resolved", datetime(2026, 2, 1, 8, tzinfo=UTC))
    [said] = asked(PostProblem, "PPR^PC2", fields(PRB, _13="RESOLVED", _14=""))
    assert said.status == "resolved"
    [deleted] = asked(PostProblem, "PPR^PC3", PRB)
    assert (deleted.removed, deleted.status, deleted.source) == (True, "wrong", "PR7^EHR")
    assert problem(header("PPR^PC1"), PID, fields(PRB, _3="", _4="")).where == "PRB"
    assert problem(header("PPR^PC1"), PID).where == "PRB"


def test_diagnoses_and_procedures_of_an_admission() -> None:
    dg1, pr1 = "DG1|1||R10^Pain^I10||20260105|W", "PR1|1||0DJD^Colonoscopy^P||20260106"
    made = parcel(header("ADT^A01"), PID, dg1, pr1, "DG1|2", "PR1|2").commands
    diagnosis, procedure = made
    assert isinstance(diagnosis, PostProblem)
    assert isinstance(procedure, PostProcedure)
    assert (diagnosis.status, diagnosis.note) == ("unknown", "Working diagnosis")
    assert procedure.done == datetime(2026, 1, 6, 8, tzinfo=UTC)
    [old] = asked(PostProblem, "ADT^A01", "DG1|1|I9|715.96|Osteoarthritis")
    assert (old.codes[0].system, old.codes[0].text) == ("I9", "Osteoarthritis")
    [gone] = asked(PostProblem, "ADT^A08", fields(dg1, _21="D"))
    assert (gone.removed, gone.source) == (True, diagnosis.source)


def test_what_has_no_number_is_named_by_its_patient_too() -> None:
    dg1 = "DG1|1||R10^Pain^I10"
    [mine] = asked(PostProblem, "ADT^A01", dg1)
    [theirs] = parcel(header("ADT^A01"), fields(PID, _3="78^^^NORTH"), dg1).commands
    assert isinstance(theirs, PostProblem)
    assert mine.source != theirs.source


def test_vaccinations() -> None:
    given, refused, deleted = asked(
        PostImmunisation,
        "VXU^V04",
        *("ORC|RE|P1|F1", RXA, "ORC|RE|P2|F2", fields(RXA, _18="00^Parent refused", _20="RE")),
        *("ORC|RE|P3|F3", fields(RXA, _21="D")),
    )
    assert (given.source, given.status, given.lot) == ("F1", "completed", "LOT1")
    assert given.given == datetime(2026, 1, 5, 8, tzinfo=UTC)
    assert (refused.status, refused.given, refused.note) == ("not-done", None, "Parent refused")
    assert (deleted.status, deleted.removed) == ("wrong", True)


def test_vaccinations_under_one_order_are_told_apart_and_a_forecast_is_none() -> None:
    forecast = fields(RXA, _5="998^none^CVX")
    made = parcel(header("VXU^V04"), PID, "ORC|RE||F1", RXA, RXA, forecast)
    sources = [one.source for one in made.commands if isinstance(one, PostImmunisation)]
    assert (sources, made.left) == (["F1", "F1#2"], {"vaccination forecast": 1})
    assert problem(header("VXU^V04"), PID, fields(RXA, _5="")).where == "RXA"
    assert problem(header("VXU^V04"), PID).where == "RXA"


def test_a_document_with_its_text() -> None:
    lines = ("OBX|1|TX|DS^Summary||Went home.", "OBX|2|FT|DS^Summary||Feels\\.br\\well")
    pdf = "OBX|3|ED|PDF^Scan||^application^pdf^Base64^AAAA"
    [made] = asked(PostDocument, "MDM^T02", TXA, *lines, pdf)
    assert (made.source, made.status, made.author) == ("D7", "final", "Gray, Max")
    assert made.text == "Went home.\nFeels\nwell"
    assert (made.title, made.replaces, made.removed) == ("Summary", "", False)
    [heading] = asked(PostDocument, "MDM^T01", TXA, *lines)
    assert heading.text == ""


@pytest.mark.parametrize(
    ("event", "completion", "status"),
    [("T01", "DI", "preliminary"), ("T01", "LA", "final"), ("T07", "AU", "corrected"),
     ("T09", "AU", "corrected"), ("T05", "AU", "final"), ("T03", "", "unknown")],
)  # fmt: skip
def test_how_far_a_document_is(event: str, completion: str, status: str) -> None:
    [made] = asked(PostDocument, f"MDM^{event}", fields(TXA, _17=completion))
    assert made.status == status


def test_a_replacement_names_what_it_replaces_and_an_addendum_does_not() -> None:
    for event, replaced in [("T09", "D6"), ("T10", "D6"), ("T05", ""), ("T01", "")]:
        [made] = asked(PostDocument, f"MDM^{event}", fields(TXA, _13="D6"))
        assert made.replaces == replaced


def test_a_cancelled_document_is_removed() -> None:
    [cancelled] = asked(PostDocument, "MDM^T11", TXA)
    [deleted] = asked(PostDocument, "MDM^T03", fields(TXA, _19="CA"))
    assert [(one.removed, one.status) for one in (cancelled, deleted)] == [(True, "wrong")] * 2
    assert problem(header("MDM^T02"), PID, fields(TXA, _12="")).where == "TXA"
    assert problem(header("MDM^T02"), PID).where == "TXA"
