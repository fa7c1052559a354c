"""The patient index: read by staff and by the patient, merged by support."""

from __future__ import annotations

from collections.abc import Iterable

from contracts.common import Caller, Done, Role
from contracts.identity import (
    Demographics,
    FindPatients,
    GetPatient,
    GetPatients,
    MergePatient,
    PatientCard,
    PatientsAnswer,
)
from kernel.api import Call
from kernel.decider import Refused
from kernel.projection import Row
from services.identity import names
from services.identity.api.base import API
from services.identity.decider import patient as decider
from services.identity.deps import Deps
from services.identity.practice import Read
from services.identity.views.people import (
    NUMBERS,
    PATIENT_BY_ID,
    PATIENTS_NAMED,
    PATIENTS_NUMBERED,
)

_STAFF = {Role.PROVIDER, Role.SUPPORT, Role.CLINIC}


@API.command(MergePatient, roles={Role.SUPPORT})
async def merge_patient(command: MergePatient, call: Call[Deps, Caller]) -> Done:
    """One entry gives way to another; its record numbers mean the other from now on."""
    state = await call.turn.load(decider.PATIENT, command.patient)
    into = await call.turn.load(decider.PATIENT, command.into)
    events = decider.merge(state, into, call.actor)
    call.turn.append(decider.PATIENT, command.patient, events)
    return Done(id=command.into)


@API.query(FindPatients, roles=_STAFF)
async def find_patients(query: FindPatients, call: Call[Deps, Caller]) -> PatientsAnswer:
    """`Family`, `Family, Given`, or a record number."""
    rows: list[Row] = []
    number = names.record_key(query.text)
    if any(c.isdigit() for c in number):
        rows += await call.read(PATIENTS_NUMBERED, value_key=number)
    family, _, given = query.text.partition(",")
    if key := names.family_key(family):
        rows += await call.read(PATIENTS_NAMED, family=key, given=names.given_key(given))
    different = {row["patient"]: row for row in rows}
    return PatientsAnswer(patients=await _cards(call.read, list(different.values())[:50]))


@API.query(GetPatient, roles={Role.PATIENT, Role.SERVICE, *_STAFF})
async def get_patient(query: GetPatient, call: Call[Deps, Caller]) -> PatientsAnswer:
    """One card. A patient sees the own one; any other is not there for them."""
    if call.caller.role is Role.PATIENT and call.caller.patient != query.patient:
        raise Refused("not-found", "There is no such patient.", 404)
    found = await cards(call.read, (query.patient,))
    if not found:
        raise Refused("not-found", "There is no such patient.", 404)
    return PatientsAnswer(patients=found)


@API.query(GetPatients, roles=_STAFF)
async def get_patients(query: GetPatients, call: Call[Deps, Caller]) -> PatientsAnswer:
    """The cards to put names to a queue; an id that is not known is left out."""
    return PatientsAnswer(patients=await cards(call.read, query.patients))


async def cards(read: Read, patients: Iterable[str]) -> tuple[PatientCard, ...]:
    """The cards of these patients, in this order."""
    rows: list[Row] = []
    for patient in dict.fromkeys(patients):
        rows += await read(PATIENT_BY_ID, patient=patient)
    return await _cards(read, rows)


async def _cards(read: Read, rows: Iterable[Row]) -> tuple[PatientCard, ...]:
    return tuple([_card(row, await read(NUMBERS, patient=row["patient"])) for row in rows])


def _card(row: Row, numbers: Iterable[Row]) -> PatientCard:
    said = Demographics.model_validate_json(row["body"])
    return PatientCard(
        patient=row["patient"],
        name=said.name,
        born=said.born,
        sex=said.sex,
        address=said.address,
        email=said.email,
        enrolled=bool(row["account"]),
        record_numbers=tuple(number["value"] for number in numbers),
    )
