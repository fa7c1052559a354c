"""From bytes to messages and patients: encodings, batches, delimiters, identities, nonsense."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.identity import Identifier
from services.interop.hl7v2.normalise import messages
from services.interop.hl7v2.translate import MOST_BYTES, header_of, translate
from services.interop.parcel import Parcel, Unusable
from tests.unit.interop.samples import (
    MSH,
    NOW,
    OBR,
    OBX,
    PID,
    READ,
    feed,
    fields,
    header,
    parcel,
    person,
    problem,
    raw,
    reports,
)

ADT = header("ADT^A08")


def pid(**changed: str) -> str:
    """The sample PID with some fields replaced by number."""
    return fields(PID, **changed)


def ids(*segments: str) -> list[tuple[str, str]]:
    """The identifiers of a message as pairs."""
    found = person(parcel(*segments)).identifiers
    return [(one.authority, one.value) for one in found]


@pytest.mark.parametrize("newline", ["\r", "\n", "\r\n"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\x0b", b"\xef\xbb\xbf\x0b", b"\n\n"])
def test_line_ends_and_marks(newline: str, start: bytes) -> None:
    sent = start + newline.join([MSH, PID, OBR, OBX, ""]).encode() + b"\x1c\r"
    [one] = translate(sent, NOW, READ)
    assert one.parcel is not None
    assert len(one.parcel.commands) == 1


@pytest.mark.parametrize(
    ("charset", "codec"),
    [("8859/1", "latin-1"), ("", "latin-1"), ("", "utf-8"), ("UNICODE UTF-8", "utf-8"),
     ("ASCII", "utf-8"), ("nonsense", "utf-8"), ("8859/15", "iso8859-15")],
)  # fmt: skip
def test_character_sets(charset: str, codec: str) -> None:
    msh = ADT + "||||||" + charset
    sent = "\r".join([msh, pid(_5="Muñoz^Zoë")]).encode(codec)
    [one] = translate(sent, NOW, READ)
    assert one.parcel is not None
    assert person(one.parcel).demographics.name.family == "Muñoz"


def test_utf_16_with_its_mark() -> None:
    [one] = translate("\r".join([ADT, pid(_5="Łuk^Ź")]).encode("utf-16"), NOW, READ)
    assert one.parcel is not None
    assert person(one.parcel).demographics.name.family == "Łuk"


def test_batches_and_bare_runs_are_split() -> None:
    batch = raw("FHS|^~\\&|X", "BHS|^~\\&|X", ADT, PID, ADT, PID, "BTS|2", "FTS|1")
    assert [one.parcel is not None for one in translate(batch, NOW, READ)] == [True, True]
    run = raw(ADT, PID, "garbage", ADT, PID, ADT)
    assert [one.parcel is not None for one in translate(run, NOW, READ)] == [True, True, False]


def test_a_header_that_a_sender_put_before_the_header_is_taken_off() -> None:
    doubled = b"MSH|^~\\&|MSH|^~\\&#|APP|LAB|||20260301||ORU^R01|1|P|2.5.1\rPID|1"
    assert messages(doubled) == ["MSH|^~\\&#|APP|LAB|||20260301||ORU^R01|1|P|2.5.1\rPID|1"]
    named_so = b"MSH|^~\\&|MSH|LAB|||20260301||ORU^R01|1|P|2.5.1"
    assert messages(named_so) == [named_so.decode()]


def test_unusual_delimiters() -> None:
    plain = raw(ADT, PID)
    odd = plain.replace(b"^", b"$").replace(b"|", b"#")
    [one] = translate(odd, NOW, READ)
    assert one.parcel is not None
    assert person(one.parcel).identifiers[0] == Identifier(authority="NORTH", value="77")
    doubled = raw(ADT.replace("^~\\&", "^~\\\\&"), PID)
    assert translate(doubled, NOW, READ)[0].parcel is not None


@pytest.mark.parametrize(
    "sent", [b"", b"\r\n", b"hello", b"MSH", b"MSH|", b"MSHA^~", b"MSH|abcd|x\rPID|1", b"\x00\xff"]
)
def test_what_is_no_message_is_refused(sent: bytes) -> None:
    for one in translate(sent, NOW, READ):
        assert one.problem is not None
        assert one.problem.verdict == "refused"


def test_segments_before_msh_are_refused_and_the_message_behind_them_is_taken() -> None:
    first, second = translate(raw("PID|1||9", ADT, PID), NOW, READ)
    assert first.problem is not None
    assert second.parcel is not None


def test_unsupported_kinds_versions_and_processing_ids() -> None:
    for kind in ("REF^I12", "ORL^O22", "RAS^O17", "QBP^Q11", ""):
        assert problem(header(kind), PID).code == "200"
    for kind in ("ADT^A24", "ADT^A37", "ADT^A35", "ORU^R03", "SIU^S18", "OML^O59", "MDM^T12"):
        refused = problem(header(kind), PID)
        assert (refused.code, refused.verdict) == ("201", "refused")
    assert problem(MSH.replace("|2.5.1", "|3.0"), PID).code == "203"
    assert problem(MSH.replace("|P|", "|Q|"), PID).code == "202"


def test_old_senders_leave_the_event_out_of_msh_9() -> None:
    assert parcel(MSH.replace("ORU^R01", "ORU"), PID, OBR, OBX).kind == "ORU^R01"
    assert parcel(MSH.replace("ORU^R01", "ADT"), "EVN|A08", PID).kind == "ADT^A08"
    [one] = translate(raw(MSH.replace("ORU^R01", "Roe, Ada^77"), PID), NOW, READ)
    assert one.header.kind == "unknown"


def test_a_message_is_never_attributed_to_the_first_of_several_patients() -> None:
    both = problem(MSH, PID, OBR, OBX, pid(_3="88^^^NORTH^MR"), OBR, OBX)
    assert (both.verdict, both.where) == ("quarantined", "PID")
    none = problem(MSH, OBR, OBX)
    assert (none.verdict, none.code) == ("quarantined", "100")


def test_identifiers_stay_within_their_authority() -> None:
    assert ids(ADT, pid(_3="1^^^NORTH&1.2.3&ISO^MR~2^^^&1.2.4&ISO")) == [
        ("NORTH", "1"),
        ("1.2.4", "2"),
    ]
    assert ids(ADT, pid(_3="5")) == [("LAB", "5")]
    assert ids(ADT, pid(_3="", _2="6")) == [("LAB", "6")]
    assert ids(ADT, pid(_3="", _4="7^^^EAST")) == [("EAST", "7")]
    assert ids(ADT, pid(_3="5^^^MRN")) == [("LAB:MRN", "5")]  # says nothing about who gave it
    assert ids(ADT, pid(_3="5^^^EAST", _2="6")) == [("EAST", "5")]


def test_accounts_and_social_security_numbers_are_no_record_numbers() -> None:
    sent = pid(_3="5^^^EAST^MR~9^^^EAST^AN~123-45-6789^^^USSSA^SS")
    assert ids(ADT, sent) == [("EAST", "5")]
    patient = person(parcel(ADT, sent))
    assert patient.demographics.ssn_last4 == "6789"
    assert "123-45" not in patient.model_dump_json()
    assert problem(ADT, pid(_3="123-45-6789^^^^SS")).code == "101"
    assert problem(ADT, pid(_3="000000")).code == "101"


def test_demographics_say_nothing_where_the_sender_wrote_nonsense() -> None:
    said = person(parcel(ADT, pid(_5='""', _7="Aug 15, 1942", _8="", _11='""'))).demographics
    assert (said.name.family, said.born, said.sex, said.address.zip) == ("", None, "unknown", "")
    assert person(parcel(ADT, pid(_7="20990101"))).demographics.born is None
    plain = person(parcel(ADT, PID))
    assert (plain.demographics.address.zip, plain.demographics.name.given) == ("90001", "Ada M")
    assert plain.at <= NOW


def test_no_patient_data_in_reasons() -> None:
    for path in feed("hl7v2"):
        for one in translate(path.read_bytes(), NOW, READ):
            if one.problem is not None:
                assert one.problem.reason.isascii()
                assert not any(c.isdigit() for c in one.problem.reason)


def test_sixteen_megabytes() -> None:
    document = "OBX|1|ED|PDF^x^L||^AP^^Base64^" + "A" * (15 * 2**20) + "||||||F"
    made = parcel(MSH, PID, OBR, document)
    assert reports(made)[0].observations[0].value == "document attached"
    [large] = translate(b"MSH|^~\\&|" + b"x" * MOST_BYTES, NOW, READ)
    assert large.problem is not None
    [dense] = translate(raw(MSH, PID, OBR, "OBX|1|TX|x^x||" + "^~" * 2**20), NOW, READ)
    assert dense.problem is not None
    assert header_of(raw(MSH, "x" * 2**20)).control == "C1"


SEGMENTS = st.sampled_from(
    [MSH, PID, OBR, OBX, "NTE|1||a", "ORC|RE|1|2", "SPM|1", "OBX", "PID|", ""]
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400) | st.lists(SEGMENTS, max_size=8).map(lambda x: raw(*x)))
def test_any_bytes_have_an_outcome(sent: bytes) -> None:
    outcomes = translate(sent, NOW, READ)
    assert outcomes
    for one in outcomes:
        assert isinstance(one.parcel, Parcel) or isinstance(one.problem, Unusable)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_any_damage_to_a_message_has_an_outcome(data: st.DataObject) -> None:
    sent = bytearray(raw(MSH, PID, OBR, OBX, "OBX|2|CWE|a^b^L|1|c^d~e||||||C", "NTE|1||x"))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(sent) - 1))
        length = data.draw(st.integers(0, 5))
        sent[at : at + length] = data.draw(
            st.binary(max_size=3) | st.sampled_from([b"|", b"^", b"~", b"\\", b"&", b"\r", b'""'])
        )
        sent = sent or bytearray(b"M")
    for one in translate(bytes(sent), NOW, READ):
        assert (one.parcel is None) != (one.problem is None)


@given(st.binary(max_size=300))
def test_the_normaliser_never_raises(sent: bytes) -> None:
    assert all("\x0b" not in text[:1] for text in messages(sent))


def test_a_number_without_an_authority_from_a_sender_without_a_name_is_nobodys() -> None:
    nameless = "MSH|^~\\&|||PORTAL|CLINIC|20260102030405||ADT^A08|C1|P|2.5.1"
    for number in ("77", "77^^^MRN^MR"):
        refused = problem(nameless, f"PID|1||{number}||Roe^Ada||19800229|F")
        assert (refused.code, refused.verdict) == ("101", "quarantined")
    assert parcel(nameless, "PID|1||77^^^NORTH^MR||Roe^Ada||19800229|F").about is not None
