"""Damaged messages of every kind: an outcome each, quickly, and never another patient's."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.interop.hl7v2.kinds import TRANSLATORS
from services.interop.hl7v2.merges import MERGES
from services.interop.hl7v2.translate import translate
from services.interop.parcel import Translated
from tests.unit.interop.samples import (
    MSH,
    NOW,
    OBR,
    OBX,
    PID,
    READ,
    fields,
    header,
    person,
    problem,
    raw,
)
from tests.unit.interop.test_charges import FT1
from tests.unit.interop.test_chart import AL1, IAM, PRB, RXA, TXA
from tests.unit.interop.test_orders import ORC, RXD, RXE, TQ1
from tests.unit.interop.test_visits import AIP, PV1, SCH

KINDS = sorted([*TRANSLATORS, *MERGES])
SEGMENTS = [
    PID, PV1, "MRG|88^^^NORTH", AL1, IAM, "DG1|1||R10^Pain^I10", "PR1|1||X^Y||20260101", ORC, OBR, OBX,
    "SPM|1|||BLD^Blood", TQ1, "RXO|1^X", RXE, RXD, SCH, "RGS|1", AIP, FT1, TXA, PRB, RXA, "NTE|1||x",
    "NK1|1|Roe^Ann|MTH", "EVN|A01|20260101",
]  # fmt: skip
SIGNS = [b"|", b"^", b"~", b"\\", b"&", b"\r", b'""', b"||||||", b"0", b"-", b"9" * 30]


def known(outcomes: list[Translated], survivors: set[str]) -> None:
    """Each is usable or says why not, and a usable one is about one of these."""
    assert outcomes
    for one in outcomes:
        assert (one.parcel is None) != (one.problem is None)
        if one.parcel is not None:
            assert person(one.parcel).identifiers[0].value in survivors


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(KINDS), st.lists(st.sampled_from(SEGMENTS), max_size=14))
def test_segments_in_any_order_and_number_have_an_outcome(kind: str, sent: list[str]) -> None:
    outcomes = translate(raw(header(kind), *sent), NOW, READ)
    known(outcomes, {"77"})
    if sent.count(PID) != 1 and kind not in MERGES:
        assert all(one.problem is not None for one in outcomes)


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_damaged_fields_have_an_outcome(data: st.DataObject) -> None:
    sent = bytearray(b"\r".join(segment.encode() for segment in SEGMENTS[1:]))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(sent) - 1))
        sent[at : at + data.draw(st.integers(0, 9))] = data.draw(st.sampled_from(SIGNS))
        sent = sent or bytearray(b"|")
    kind = data.draw(st.sampled_from(KINDS))
    for one in translate(raw(header(kind), PID) + b"\r" + bytes(sent), NOW, READ):
        assert (one.parcel is None) != (one.problem is None)


@pytest.mark.parametrize("kind", KINDS)
def test_two_patients_or_none_are_quarantined_in_every_kind(kind: str) -> None:
    other = fields(PID, _3="88^^^NORTH^MR")
    rest = SEGMENTS[3:]
    for sent in ([PID, other, *rest], [PID, *rest, other], rest):
        for one in translate(raw(header(kind), *sent), NOW, READ):
            assert one.problem is not None
            assert (one.problem.verdict, one.problem.code) == ("quarantined", "100")


HUGE = 350_000


@pytest.mark.parametrize(
    "segments",
    [
        (fields(OBX, _2="ST", _5="a~" * HUGE),),
        (fields(OBX, _2="XX", _5="a^" * HUGE),),
        (fields(OBR, _15="a^" * HUGE), OBX),
        (fields(OBR, _16="1^a~" * (HUGE // 2)), OBX),
        (fields(OBR, _4="a&" * HUGE), OBX),
        ("NTE|1||" + "x~" * HUGE,),
        ("OBX|1",) * (HUGE // 2),
        ("NTE|1",) * (HUGE // 2),
    ],
    ids=["values", "parts", "site", "people", "sub", "notes", "observations", "segments"],
)
def test_huge_repetition_takes_a_bounded_time(segments: tuple[str, ...]) -> None:
    began = time.perf_counter()
    [one] = translate(raw(MSH, PID, OBR, *segments), NOW, READ)
    assert (one.parcel is None) != (one.problem is None)
    assert time.perf_counter() - began < 20


def test_a_message_that_another_ran_into_is_about_nobody() -> None:
    glued = OBX + MSH
    for segments in (
        (MSH, OBR, OBX, PID, OBR),  # the results stand in front of whom they would be given to
        (MSH, "PV1|1|O", PID, OBR, OBX),
        (MSH, PID, OBR, glued, OBR, OBX),
        (MSH, OBR, glued, PID, OBR, OBX),
    ):
        refused = problem(*segments)
        assert (refused.verdict, refused.code) == ("quarantined", "100")
