"""What staff may see of a kept message: its structure, and nothing that names anybody."""

from __future__ import annotations

import json
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.interop import OutlineSegment
from services.interop.outline import MOST_SEGMENTS, outline, people
from tests.unit.interop.samples import MSH, OBR, OBX, feed, raw

PID = (
    "PID|1|2200|77^^^NORTH&1.2.840.99&ISO^MR~123-45-6789^^^SSA^SS~88||Roe^Ada^M^^^^L|Stone"
    "|19800229|F|||1 Elm St^^Town^CA^90001-1234||5550001111"
)
NK1 = "NK1|1|Roe^Max|FTH|1 Elm St|5550002222"


def shown(*segments: str, tests: bool = True) -> dict[tuple[str, int], str]:
    """What is shown of a message, by segment and field."""
    made = outline(raw(*segments), "hl7v2", tests)
    return {(s.name, f.number): f.shown for s in made for f in s.fields if f.shown}


def test_the_header_the_codes_and_who_gave_a_number_are_shown() -> None:
    said = shown(MSH, PID, OBR + "|||||||||||||", OBX)
    assert said["MSH", 4] == "LAB"
    assert said["MSH", 9] == "ORU^R01"
    assert said["MSH", 10] == "C1"
    assert said["PID", 3] == "^^^NORTH&1.2.840.99&ISO^MR~^^^SSA^SS"
    assert said["OBR", 4] == said["OBX", 3] == "718-7^Hemoglobin^LN"
    assert (said["OBX", 2], said["OBX", 6], said["OBX", 11]) == ("NM", "g/dL", "F")
    assert said["OBR", 25] == "F"


def test_of_everything_else_only_the_length_is_said() -> None:
    made = outline(raw(MSH, PID, NK1, OBX, "ZPI|Roe|77"), "hl7v2", True)
    [pid] = [segment for segment in made if segment.name == "PID"]
    lengths = {field.number: (field.shown, field.length) for field in pid.fields}
    assert lengths[5] == ("", len("Roe^Ada^M^^^^L"))
    assert lengths[7] == ("", 8)
    assert 4 not in lengths
    [own] = [segment for segment in made if segment.name == "ZPI"]
    assert [(field.shown, field.length) for field in own.fields] == [("", 3), ("", 2)]
    [value] = [f for s in made if s.name == "OBX" for f in s.fields if f.number == 5]
    assert value.shown == ""


def test_support_does_not_read_which_test_a_person_had() -> None:
    said = shown(MSH, PID, OBR, OBX, tests=False)
    assert ("OBX", 3) not in said
    assert ("OBR", 4) not in said
    assert said["OBX", 11] == "F"


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("OBX|1|{}", "Roe^Ada"),
        ("OBX|1|NM|718-7||13|{}", "positive"),
        ("OBX|1|NM|718-7||13|{}", "Roe"),
        ("OBX|1|NM|718-7||13|{}", "120/80"),
        ("OBX|1|NM|718-7||13|g/dL|||||{}", "Roe"),
        ("OBR|1|||{}", "5550001111^ada@example.org"),
        ("PID|1||77^^^{}", "900112233"),
        ("PID|1||77^^^{}", "ada@example.org"),
        ("PID|1||77^^^NORTH^{}", "ROE"),
        ("EVN|{}", "Roe"),
        ("SCH|||||||||||||||||||||||||{}", "Roe"),
        ("FT1|||||{}", "Roe"),
        ("ORC|{}", "Ada"),
    ],
)
def test_a_name_where_a_code_belongs_is_masked(place: str, value: str) -> None:
    said = " ".join(shown(MSH, place.format(value)).values())
    assert not re.search(r"Roe|ROE|Ada\b|positive|120|5550001111|example|900112233", said)


def test_a_person_whose_line_ran_into_the_header_is_masked() -> None:
    said = shown(MSH + PID)
    assert set(said) <= {("MSH", n) for n in range(1, 12)}
    assert "Roe" not in str(said)


def test_other_delimiters_are_understood() -> None:
    odd = "MSH$@~\\&$APP$LAB$$$20260102030405$$ORU@R01$C1$P$2.5.1"
    assert shown(odd, "PID$1$$77@@@NORTH@MR$$Roe@Ada")["PID", 3] == "^^^NORTH^MR"


def test_what_cannot_be_read_has_no_structure() -> None:
    assert outline(b"no message at all", "hl7v2", True) == ()
    assert outline(b"", "hl7v2", True) == ()
    assert outline(b"{", "fhir", True) == ()
    assert people(b"no message at all", "hl7v2", "") == ()
    assert people(b"[1]", "fhir", "") == ()


def test_a_dump_is_cut() -> None:
    assert len(outline(raw(MSH, *[OBX] * 2000), "hl7v2", True)) == MOST_SEGMENTS


WORD = "Qzxjwvq"
"""In no table, and no word of any language."""


def masked(made: tuple[OutlineSegment, ...]) -> str:
    return json.dumps([segment.model_dump() for segment in made])


@given(st.data())
def test_a_name_put_into_any_field_that_is_no_free_name_is_never_shown(data: st.DataObject) -> None:
    lines = [line.split("|") for line in (MSH, PID, NK1, OBR, OBX)]
    line = data.draw(st.sampled_from(lines[1:]))
    line[data.draw(st.integers(1, len(line) - 1))] = f"{WORD}^Ada"
    said = shown(*["|".join(line) for line in lines])
    said.pop(("OBR", 4), None)  # the texts of tests are free
    said.pop(("OBX", 3), None)
    assert WORD not in str(said)


def test_no_shared_message_shows_a_name_a_number_or_a_birth_date() -> None:
    for path in feed("hl7v2"):
        sent = path.read_bytes()
        made = outline(sent, "hl7v2", True)
        said = masked(tuple(segment for segment in made if segment.name != "MSH"))
        for person in people(sent, "hl7v2", ""):
            secrets = [person.name.family, person.name.given, person.born.replace("-", "")]
            secrets += [one.value for one in person.identifiers]
            for secret in secrets:
                if len(secret) > 3:
                    assert f'"{secret}"' not in said, path.name
                    assert f"^{secret}^" not in said, path.name


def test_mutants_of_the_shared_messages_never_break_it() -> None:
    dice = random.Random(4)
    for path in feed("hl7v2"):
        sent = bytearray(path.read_bytes()[:20_000])
        for _ in range(20):
            sent[dice.randrange(len(sent))] = dice.choice(b"|^~\\&\r\n\x00\xffA")
        outline(bytes(sent), "hl7v2", True)
        people(bytes(sent), "hl7v2", "")


def test_whom_a_message_names() -> None:
    [ada, old, max_] = people(raw(MSH, PID, "MRG|66^^^SOUTH^MR", NK1), "hl7v2", "")
    assert (ada.segment, ada.name.family, ada.name.given) == ("PID", "Roe", "Ada M")
    assert (ada.born, ada.sex) == ("1980-02-29", "F")
    numbers = {(one.authority, one.value) for one in ada.identifiers}
    assert numbers == {("NORTH", "77"), ("SSA", "***-**-6789"), ("", "88"), ("", "2200")}
    assert (old.segment, old.identifiers[0].value) == ("MRG", "66")
    assert (max_.segment, max_.name.given, max_.born) == ("NK1", "Max", "")


def test_a_birth_date_that_is_none_is_shown_as_written() -> None:
    [person] = people(raw(MSH, PID.replace("19800229", "29 feb")), "hl7v2", "")
    assert person.born == "29 feb"


PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [{"family": "Roe", "given": ["Ada"]}],
    "birthDate": "1980-02-29",
    "gender": "female",
    "identifier": [
        {"system": "urn:north", "value": "77"},
        {"system": "http://hl7.org/fhir/sid/us-ssn", "value": "123-45-6789"},
    ],
}
RESULT = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "718-7", "display": "Hemoglobin"}]},
    "valueQuantity": {"value": 13.5, "unit": "g/dL"},
}
ILLNESS = {
    "resourceType": "Condition",
    "status": "Roe",
    "code": {"coding": [{"code": "38341003", "display": "Hypertension"}]},
}


def bundle(*resources: object) -> bytes:
    """A collection of these."""
    entries = [{"resource": resource} for resource in resources]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


def test_a_bundle_is_its_resources_with_status_and_test_codes() -> None:
    made = outline(bundle(PATIENT, RESULT, ILLNESS), "fhir", True)
    assert [segment.name for segment in made] == ["Bundle", "Patient", "Observation", "Condition"]
    said = [field.shown for segment in made for field in segment.fields if field.shown]
    assert said == ["status: final", "code: 718-7, Hemoglobin"]
    assert all(field.length for segment in made for field in segment.fields)
    assert "Hemoglobin" not in masked(outline(bundle(RESULT), "fhir", False))


def test_a_resource_of_no_known_type_does_not_say_its_name() -> None:
    assert [s.name for s in outline(bundle({"resourceType": "Roe"}), "fhir", True)][1:] == ["?"]


def test_one_resource_per_line_is_read_too() -> None:
    lines = b"\n".join(json.dumps(one).encode() for one in (PATIENT, RESULT))
    assert [s.name for s in outline(lines, "fhir", True)] == ["Patient", "Observation"]


def test_whom_a_bundle_names() -> None:
    [ada] = people(bundle(PATIENT, RESULT), "fhir", "")
    assert (ada.segment, ada.name.family, ada.born, ada.sex) == (
        "Patient", "Roe", "1980-02-29", "female",
    )  # fmt: skip
    assert [one.value for one in ada.identifiers] == ["77", "***-**-6789"]
