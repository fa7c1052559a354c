"""Every shared FHIR bundle, counted twice: by the translator, and from the raw JSON by this test."""

from __future__ import annotations

import csv
import gzip
import json
import time
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.billing import PostCharges
from contracts.identity import KnownPatient, RecordPatient
from contracts.labs import PostReport
from contracts.records import PostDocument, PostMedication
from services.interop.fhir.translate import translate
from services.interop.parcel import PENDING, Parcel
from tests.unit.interop.fhir_samples import ENCOUNTER, PATIENT, REPORT, VALUE, bundle, sent
from tests.unit.interop.samples import NOW, READ, SHARED, feed

FILES = feed("fhir")
PLAIN = {
    "PostVisit": ("Encounter",),
    "PostProblem": ("Condition",),
    "PostAllergies": ("AllergyIntolerance",),
    "PostMedication": ("MedicationRequest",),
    "PostImmunisation": ("Immunization",),
    "PostProcedure": ("Procedure",),
    "PostDocument": ("DocumentReference",),
    "PostCharges": ("Claim", "ExplanationOfBenefit"),
}
"""One command for each resource of these types."""

LOOKED_UP = {"Patient", "Practitioner", "PractitionerRole", "Medication", "Specimen"}
SENSITIVE = ("HIV", "Hepatitis", "antibody", "Antigen", "RNA")
"""Words of tests that one generation of these bundles has among its questionnaires."""


@cache
def entries(path: Path) -> dict[str, dict[str, Any]]:
    """What stands in the file, by its full name."""
    content = json.loads(gzip.decompress(path.read_bytes()))
    return {one.get("fullUrl", str(n)): one["resource"] for n, one in enumerate(content["entry"])}


@cache
def parcel_of(path: Path) -> Parcel:
    """What becomes of it."""
    began = time.perf_counter()
    [one] = translate(path.read_bytes(), NOW, READ)
    print(f"{path.name}: {time.perf_counter() - began:.2f} s")
    assert one.parcel is not None, (path.name, one.problem and one.problem.reason)
    return one.parcel


def is_in(resource: dict[str, Any], *wanted: str) -> bool:
    """Whether a resource is of one of these categories."""
    listed = [code for one in resource.get("category", []) for code in one.get("coding", [])]
    return any(code.get("code") in wanted for code in listed)


def is_result(observation: dict[str, Any]) -> bool:
    """Of the laboratory, or a test among the questionnaires."""
    named = json.dumps(observation["code"])
    asked = is_in(observation, "survey", "exam") and any(word in named for word in SENSITIVE)
    return is_in(observation, "laboratory") or asked


def expected(path: Path) -> tuple[Counter[str], Counter[str]]:
    """How many commands of each kind the raw file asks for, and what is left of it."""
    whole = entries(path)
    held = Counter(one["resourceType"] for one in whole.values())
    wanted = Counter({name: sum(held.pop(kind, 0) for kind in of) for name, of in PLAIN.items()})
    reported: set[str] = set()
    for one in whole.values():
        if one["resourceType"] == "DiagnosticReport":
            named = {each["reference"] for each in one.get("result", [])}
            if is_in(one, "LAB") or any(is_result(whole[name]) for name in named):
                wanted["PostReport"] += 1
                held["DiagnosticReport"] -= 1
                reported |= named
    for name, one in whole.items():
        if one["resourceType"] == "Observation":
            lone = name not in reported
            wanted["PostReport"] += lone and is_result(one)
            wanted["PostVitals"] += lone and not is_result(one) and is_in(one, "vital-signs")
            held["Observation"] -= not lone or is_result(one) or is_in(one, "vital-signs")
    return +wanted, +Counter({kind: n for kind, n in held.items() if kind not in LOOKED_UP})


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_shared_bundle_asks_for_what_stands_in_it(path: Path) -> None:
    parcel = parcel_of(path)
    if path.name.endswith("Information.json.gz"):
        held = Counter(one["resourceType"] for one in entries(path).values())
        assert (parcel.about, parcel.commands, parcel.left) == (None, (), held)
        return
    wanted, left = expected(path)
    assert Counter(type(one).__name__ for one in parcel.commands) == wanted
    assert parcel.left == left
    assert {one.model_dump()["patient"] for one in parcel.commands} == {PENDING}


def test_the_shared_values_are_those_of_the_manifest() -> None:
    if not FILES:
        return
    with (SHARED / "data/fhir/MANIFEST.csv").open() as manifest:
        rows = {row["file"].split("/")[-1]: row for row in csv.DictReader(manifest)}
    for path in FILES:
        results = [one for one in parcel_of(path).commands if isinstance(one, PostReport)]
        values = sum(len(one.observations) for one in results)
        listed = int(rows[path.name]["obs_lab"] or 0) if path.name in rows else 0
        assert values == (12 if path.name.startswith("h-") else listed), path.name


@pytest.mark.rule("R20")
def test_the_shared_results_name_their_orderers() -> None:
    for path in FILES:
        results = [one for one in parcel_of(path).commands if isinstance(one, PostReport)]
        assert all(one.orderer.ids for one in results)
        assert len({one.report for one in results}) == len(results)


def test_hiv_tests_under_survey_are_results_and_questionnaires_are_not() -> None:
    for path in FILES:
        names = {
            coding.text
            for report in parcel_of(path).commands
            if isinstance(report, PostReport)
            for value in report.observations
            for coding in value.codes
        }
        assert any("HIV" in name for name in names) == path.name.startswith("h-")
        assert not any("Drug Abuse Screening" in name for name in names)


def test_the_shared_notes_drugs_and_amounts_are_whole() -> None:
    for path in FILES:
        for one in parcel_of(path).commands:
            if isinstance(one, PostDocument):
                assert one.text
            if isinstance(one, PostMedication):
                assert one.codes
            if isinstance(one, PostCharges):
                assert any(line.cents is not None for line in one.charges), path.name
                assert one.visit.startswith("Encounter/")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["resourceType", "type", "entry", "resource", "id", "subject", "x"]),
            inner | st.sampled_from(["Bundle", "Patient", "Observation", "transaction"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


def outcomes(raw: bytes) -> None:
    """Each entry has one outcome, and whom it is about is one of the sample's patients."""
    found = translate(raw, NOW, READ)
    assert found
    for one in found:
        assert (one.parcel is None) != (one.problem is None)
        about = one.parcel.about if one.parcel else None
        if isinstance(about, RecordPatient | KnownPatient):
            assert about.identifiers


@settings(max_examples=300, deadline=None)
@given(JSON, st.booleans())
def test_any_json_has_an_outcome(content: Any, lines: bool) -> None:
    raw = json.dumps(content).encode()
    outcomes(raw + b"\n" + raw if lines else raw)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 4000), st.integers(0, 40))
def test_any_damage_to_the_bytes_has_an_outcome(put: bytes, at: int, cut: int) -> None:
    whole = bundle(PATIENT, ENCOUNTER, REPORT, VALUE)
    outcomes(whole[: at % len(whole)] + put + whole[at % len(whole) + cut :])


NUMBERS = st.sampled_from(["77", "78"])
WAYS = st.sampled_from(["reference", "identifier", "conditional", "contained", "both"])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(WAYS, NUMBERS), min_size=1, max_size=4), st.booleans(), st.booleans())
def test_no_file_names_two_patients(
    told: list[tuple[str, str]], with_patient: bool, as_lines: bool
) -> None:
    people = {
        number: PATIENT
        | {"id": f"p{number}", "identifier": [{"system": "urn:east", "value": number}]}
        for number in ("77", "78")
    }
    made = [named(VALUE | {"id": f"o{n}"}, way, number) for n, (way, number) in enumerate(told)]
    first = [people["77"]] if with_patient else []
    if as_lines:
        for one in translate(b"\n".join(map(sent, [*first, *made])), NOW, READ):
            check(one.parcel, told)
        return
    [one] = translate(bundle(*first, *made), NOW, READ)
    check(one.parcel, told)
    if one.parcel is not None and one.parcel.commands:
        assert len({number for _, number in told}) == 1


def named(resource: dict[str, Any], way: str, number: str) -> dict[str, Any]:
    """The resource, naming its patient in one of the ways."""
    own = {"system": "urn:east", "value": number}
    if way == "contained":
        inside = {"resourceType": "Patient", "id": "me", "identifier": [own]}
        return resource | {"contained": [inside], "subject": {"reference": "#me"}}
    ways: dict[str, dict[str, Any]] = {
        "reference": {"reference": f"Patient/p{number}"},
        "identifier": {"identifier": own},
        "conditional": {"reference": f"Patient?identifier=urn:east|{number}"},
        "both": {"reference": f"Patient/p{number}", "identifier": own},
    }
    return resource | {"subject": ways[way]}


def check(parcel: Parcel | None, told: list[tuple[str, str]]) -> None:
    """What is taken is about one person, of whom as many results were told at least."""
    if parcel is None or parcel.about is None:
        return
    numbers = {one.value for one in parcel.about.identifiers}
    assert len(numbers) == 1
    ids = {f"Observation/o{n}" for n, (_, number) in enumerate(told) if number in numbers}
    assert len(parcel.commands) <= len(ids)
