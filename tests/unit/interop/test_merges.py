"""ADT A40 and its older kin: each pair is its own, and what does not pair is touched by nobody."""

from __future__ import annotations

import pytest

from services.interop.hl7v2.translate import translate
from services.interop.parcel import Translated
from tests.unit.interop.samples import NOW, PID, READ, fields, header, parcel, person, problem, raw

A40 = header("ADT^A40")
MRG = "MRG|88^^^NORTH^MR"
OTHER = fields(PID, _3="99^^^NORTH^MR", _5="Poe^Eve")


def numbers(one: Translated) -> tuple[str, str]:
    """(survivor, retired) of one entry."""
    assert one.parcel is not None
    [merge] = one.parcel.merges
    return merge.survivor[0].value, merge.retired[0].value


@pytest.mark.parametrize("event", ["A18", "A34", "A36", "A39", "A40"])
def test_the_number_in_mrg_gives_way_to_the_one_in_pid(event: str) -> None:
    made = parcel(header(f"ADT^{event}"), PID, MRG)
    [merge] = made.merges
    assert [(one.authority, one.value) for one in merge.survivor] == [("NORTH", "77")]
    assert [(one.authority, one.value) for one in merge.retired] == [("NORTH", "88")]
    assert merge.demographics.name.family == "Roe"
    assert person(made).identifiers == merge.survivor
    assert made.commands == ()


def test_every_pair_is_an_entry_of_its_own() -> None:
    first, second = translate(raw(A40, PID, MRG, OTHER, "PD1|", "MRG|66^^^NORTH"), NOW, READ)
    assert (numbers(first), numbers(second)) == (("77", "88"), ("99", "66"))
    assert second.parcel is not None
    assert person(second.parcel).demographics.name.family == "Poe"


def test_a_pair_without_a_usable_number_leaves_the_others_alone() -> None:
    first, second = translate(raw(A40, PID, "MRG|000", OTHER, MRG), NOW, READ)
    assert first.problem is not None
    assert (first.problem.code, first.problem.where) == ("101", "MRG")
    assert numbers(second) == ("99", "88")


@pytest.mark.parametrize(
    "segments",
    [(PID,), (MRG,), (MRG, PID), (PID, MRG, MRG), (PID, OTHER, MRG), (PID, MRG, OTHER), ()],
)
def test_segments_that_do_not_pair_are_quarantined_whole(segments: tuple[str, ...]) -> None:
    found = problem(A40, *segments)
    assert (found.code, found.verdict) == ("100", "quarantined")


def test_an_old_sender_writes_the_number_into_mrg_4() -> None:
    [merge] = parcel(header("ADT^A34"), PID, "MRG||||88").merges
    assert [(one.authority, one.value) for one in merge.retired] == [("LAB", "88")]
