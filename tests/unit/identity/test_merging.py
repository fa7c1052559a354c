"""Two record numbers are one person: by a sender's word (ADT A40), and whom a number means."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from contracts.identity import Identifier, KnownPatient, PatientMerged, RecordMerge
from services.identity.publisher import PUBLISHER
from tests.unit.identity import steps
from tests.unit.identity.desk import INTEROP, NOON, Desk, demographics


def number(value: str, authority: str = "HOSP") -> Identifier:
    return Identifier(authority=authority, value=value)


def merge(survivor: str, retired: str, **said: Any) -> RecordMerge:
    return RecordMerge(
        survivor=(number(survivor),),
        retired=(number(retired),),
        demographics=demographics(**said),
        at=NOON - timedelta(hours=1),
    )


async def known(desk: Desk, *values: str) -> str:
    asked = KnownPatient(identifiers=tuple(number(value) for value in values))
    return str((await desk.ask(asked, INTEROP))["patient"])


async def test_the_retired_number_means_the_survivor_and_others_hear_of_it(desk: Desk) -> None:
    gone, into = await desk.record("MRN-1"), await desk.record("MRN-2")
    for _ in range(2):
        assert (await desk.ask(merge("MRN-2", "MRN-1"), INTEROP))["patient"] == into
    assert await known(desk, "MRN-1") == into
    told = [PUBLISHER.publish(event) for event in await desk.events()]
    assert [t for t in told if isinstance(t, PatientMerged)] == [
        PatientMerged(patient=gone, into=into)
    ]


async def test_a_number_that_nobody_had_joins_the_entry_of_the_other(desk: Desk) -> None:
    patient = await desk.record("MRN-1")
    await desk.ask(merge("MRN-1", "OLD-7"), INTEROP)
    await desk.ask(merge("NEW-9", "MRN-1"), INTEROP)
    assert {await known(desk, value) for value in ("MRN-1", "OLD-7", "NEW-9")} == {patient}


async def test_two_numbers_that_nobody_had_are_one_new_patient(desk: Desk) -> None:
    made = (await desk.ask(merge("A-1", "A-2"), INTEROP))["patient"]
    assert await known(desk, "A-1", "A-2") == made


async def test_merges_in_a_row_lead_to_the_last_survivor(desk: Desk) -> None:
    last = [await desk.record(value) for value in ("M-1", "M-2", "M-3")][2]
    await desk.ask(merge("M-2", "M-1"), INTEROP)
    await desk.ask(merge("M-3", "M-2"), INTEROP)
    assert await known(desk, "M-1") == last


async def test_entries_that_contradict_each_other_are_left_to_a_person(desk: Desk) -> None:
    one = await desk.record("MRN-1")
    await desk.record("MRN-2", name={"family": "Okoye", "given": "Ife"}, born=date(1990, 2, 2))
    asked = merge("MRN-2", "MRN-1", name={"family": "Okoye", "given": "Ife"}, born=None)
    assert await desk.refused(asked, INTEROP) == "identity-conflict"
    assert await known(desk, "MRN-1") == one


async def test_an_entry_that_somebody_is_connected_to_does_not_give_way(desk: Desk) -> None:
    enrolled = await desk.record("MRN-1")
    await steps.enrol(desk, enrolled)
    await desk.record("MRN-2")
    assert await desk.refused(merge("MRN-2", "MRN-1"), INTEROP) == "enrolled"
    assert await known(desk, "MRN-1") == enrolled


async def test_whom_unknown_or_contradicting_numbers_mean_is_not_guessed(desk: Desk) -> None:
    await desk.record("MRN-1")
    await desk.record("MRN-2")
    assert await desk.refused(KnownPatient(identifiers=(number("9"),)), INTEROP) == "not-found"
    other = KnownPatient(identifiers=(number("MRN-1", "ELSEWHERE"),))
    assert await desk.refused(other, INTEROP) == "not-found"
    both = KnownPatient(identifiers=(number("MRN-1"), number("MRN-2")))
    assert await desk.refused(both, INTEROP) == "identity-conflict"


async def test_only_interop_speaks_for_the_senders(desk: Desk) -> None:
    labs = INTEROP.model_copy(update={"subject": "labs"})
    assert await desk.refused(merge("1", "2"), labs) == "forbidden"
    assert await desk.refused(KnownPatient(identifiers=(number("1"),)), labs) == "forbidden"
