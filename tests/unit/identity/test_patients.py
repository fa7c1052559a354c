"""The patient index: what record numbers mean, what senders state, and who may read it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from contracts.common import Address, Caller, HumanName, Role
from contracts.identity import (
    Demographics,
    FindPatients,
    GetPatient,
    GetPatients,
    Identifier,
    MergePatient,
    PatientRecorded,
    RecordPatient,
)
from services.identity.events import CODEC
from services.identity.publisher import PUBLISHER
from tests.unit.identity import steps
from tests.unit.identity.desk import (
    ANYONE,
    CLINIC,
    INTEROP,
    NOON,
    NOTIFIER,
    SUPPORT,
    Desk,
    demographics,
)

PROVIDER = Caller(subject="dr", role=Role.PROVIDER, provider="prov-1")


def record(*numbers: str, age: timedelta = timedelta(), **changes: Any) -> RecordPatient:
    """A sender's word about a person, `age` before noon."""
    return RecordPatient(
        identifiers=tuple(Identifier(authority="HOSP", value=n) for n in numbers),
        demographics=demographics(**changes),
        source="adt",
        at=NOON - age,
    )


async def card(desk: Desk, patient: str) -> dict[str, Any]:
    """A patient as staff see one."""
    return dict((await desk.ask(GetPatient(patient=patient), SUPPORT))["patients"][0])


async def test_every_record_number_of_a_person_means_one_patient(desk: Desk) -> None:
    first = await desk.ask(record("1"), INTEROP)
    second = await desk.ask(record("1", "2"), INTEROP)
    third = await desk.ask(record(" 2 "), INTEROP)
    assert first == second == third
    assert (await card(desk, first["patient"]))["record_numbers"] == ["1", "2"]


async def test_the_same_number_of_another_authority_is_another_person(desk: Desk) -> None:
    first = await desk.ask(record("1"), INTEROP)
    other = record("1").model_copy(
        update={"identifiers": (Identifier(authority="LAB", value="1"),)}
    )
    assert await desk.ask(other, INTEROP) != first


async def test_saying_the_same_again_writes_nothing(desk: Desk) -> None:
    await desk.ask(record("1"), INTEROP)
    before = await desk.names()
    await desk.ask(record("1"), INTEROP)
    assert await desk.names() == before


async def test_numbers_of_two_patients_are_a_conflict(desk: Desk) -> None:
    await desk.ask(record("1"), INTEROP)
    await desk.ask(record("2"), INTEROP)
    assert await desk.refused(record("1", "2"), INTEROP) == "identity-conflict"


async def test_another_name_and_birth_date_are_a_conflict_and_one_alone_is_news(
    desk: Desk,
) -> None:
    patient = (await desk.ask(record("1"), INTEROP))["patient"]
    other = HumanName(family="Nguyen", given="An")
    strange = record("1", name=other, born=date(1990, 1, 1))
    assert await desk.refused(strange, INTEROP) == "identity-conflict"
    await desk.ask(record("1", name=HumanName(family="Rivera", given="María")), INTEROP)
    corrected = record("1", name=HumanName(family="Rivera"), born=date(1980, 5, 18))
    await desk.ask(corrected, INTEROP)
    assert (await card(desk, patient))["born"] == "1980-05-18"


async def test_what_is_newer_is_kept_field_by_field_and_empty_erases_nothing(desk: Desk) -> None:
    bare: dict[str, Any] = {"address": Address(), "phones": (), "ssn_last4": "", "sex": "unknown"}
    patient = (await desk.ask(record("1", age=timedelta(days=9), **bare), INTEROP))["patient"]
    home = Address(line="1 New St", city="Napa", state="CA", zip="94559")
    await desk.ask(record("1", **(bare | {"address": home})), INTEROP)
    late = record("1", age=timedelta(days=2), sex="female", address=Address(line="9 Old St"))
    await desk.ask(late, INTEROP)
    shown = await card(desk, patient)
    assert (shown["address"]["line"], shown["sex"]) == ("1 New St", "female")


async def test_others_hear_of_new_patients_and_of_changed_birth_dates_only(desk: Desk) -> None:
    await desk.ask(record("1"), INTEROP)
    await desk.ask(record("1", email="new@example.com"), INTEROP)
    await desk.ask(record("1", born=date(1980, 5, 18)), INTEROP)
    told = [PUBLISHER.publish(event) for event in await desk.events()]
    born = [t.born for t in told if isinstance(t, PatientRecorded)]
    assert born == [date(1980, 5, 17), date(1980, 5, 18)]


async def test_a_merged_entry_gives_its_numbers_to_the_other(desk: Desk) -> None:
    gone = (await desk.ask(record("1"), INTEROP))["patient"]
    into = (await desk.ask(record("2"), INTEROP))["patient"]
    for _ in range(2):
        assert (await desk.reply(MergePatient(patient=gone, into=into), SUPPORT)).status == 201
    assert (await desk.ask(record("1"), INTEROP))["patient"] == into
    assert (await card(desk, into))["record_numbers"] == ["1", "2"]
    assert await desk.refused(MergePatient(patient=into, into=gone), SUPPORT) == "merged"
    assert await desk.refused(MergePatient(patient=into, into=into), SUPPORT) == "same"


async def test_an_enrolled_entry_is_not_merged_away(desk: Desk) -> None:
    enrolled = await desk.record("1")
    await steps.enrol(desk, enrolled)
    other = await desk.record("2")
    assert await desk.refused(MergePatient(patient=enrolled, into=other), SUPPORT) == "enrolled"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("garcia", 2), ("GARCÍA-L", 2), ("garcia lopez, ros", 1), ("mrn 2", 1), ("lopez", 0),
        ("", 0), ("%", 0), ("_", 0), ("MRN-9", 0),
    ],
)  # fmt: skip
async def test_staff_find_patients_by_family_name_or_number(
    desk: Desk, text: str, found: int
) -> None:
    await desk.record("MRN-1")
    await desk.record("MRN-2", name=HumanName(family="Garcia Lopez", given="Rosa"))
    answer = await desk.ask(FindPatients(text=text), CLINIC)
    assert len(answer["patients"]) == found


async def test_a_patient_reads_the_own_card_and_nobody_elses(desk: Desk) -> None:
    mine, other = await desk.record("1"), await desk.record("2")
    me = Caller(subject="a", role=Role.PATIENT, patient=mine)
    assert (await desk.ask(GetPatient(patient=mine), me))["patients"][0]["patient"] == mine
    assert await desk.refused(GetPatient(patient=other), me) == "not-found"
    assert await desk.refused(GetPatient(patient="none"), SUPPORT) == "not-found"
    assert await desk.refused(FindPatients(text="garcia"), me) == "forbidden"
    assert await desk.refused(GetPatients(patients=(mine,)), me) == "forbidden"


async def test_a_provider_puts_names_to_a_queue(desk: Desk) -> None:
    first, second = await desk.record("1"), await desk.record("2")
    answer = await desk.ask(GetPatients(patients=(second, "none", first, second)), PROVIDER)
    assert [c["patient"] for c in answer["patients"]] == [second, first]


async def test_only_interop_records(desk: Desk) -> None:
    for caller in (ANYONE, SUPPORT, NOTIFIER):
        assert await desk.refused(record("1"), caller) == "forbidden"


async def test_a_new_result_is_told_to_the_enrolled_only(desk: Desk) -> None:
    patient = await desk.record()
    assert (await desk.may_notify("new-result", patient, "e1")).address is None
    await steps.enrol(desk, patient)
    told = await desk.may_notify("new-result", patient, "e1")
    assert (told.address, told.given, told.code) == ("maria@example.com", "María", "")
    await desk.ask(record("MRN-1", deceased=True), INTEROP)
    assert (await desk.may_notify("new-result", patient, "e1")).reason == "deceased"
    assert (await desk.may_notify("marketing", patient, "e1")).address is None
    assert (await desk.may_notify("new-result", "nobody", "e1")).address is None


async def test_an_invitation_of_another_patient_gets_no_mail(desk: Desk) -> None:
    mail = await steps.invite(desk, await desk.record("1"))
    other = await desk.record("2")
    assert (await desk.may_notify("invitation", other, mail.invitation)).address is None


def test_every_private_event_is_published_or_kept_on_purpose() -> None:
    kinds = set(CODEC.events.values())
    told, kept = set(PUBLISHER.translations), PUBLISHER.kept_private
    assert told | kept == kinds
    assert not told & kept


def test_demographics_say_nothing_when_printed() -> None:
    shown = repr(Demographics(name=HumanName(family="Garcia"), born=date(1980, 5, 17)))
    assert "Garcia" not in shown
    assert "1980" not in shown
