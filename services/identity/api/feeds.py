"""What interop says of patients: who they are, that two numbers are one person, whom a number means."""

from __future__ import annotations

from collections.abc import Iterable

from contracts.common import Caller, Role
from contracts.identity import (
    Identifier,
    KnownPatient,
    PatientAnswer,
    RecordMerge,
    RecordPatient,
)
from kernel.api import Call
from kernel.decider import Refused
from kernel.turn import Turn
from services.identity import names
from services.identity.api.base import API, only
from services.identity.decider import patient as decider
from services.identity.deps import Deps
from services.identity.events.patient import IdentifierReserved
from services.identity.views.people import HOLDERS


@API.command(RecordPatient, roles={Role.SERVICE})
async def record_patient(command: RecordPatient, call: Call[Deps, Caller]) -> PatientAnswer:
    """Find or add the patient that these record numbers mean."""
    only(call.caller, "interop")
    turn = call.turn
    patient = await _meant(turn, command.identifiers) or turn.new_id()
    state = await turn.load(decider.PATIENT, patient)
    events = decider.record(
        state, patient, command.identifiers, command.demographics, command.source, command.at
    )
    await _reserve(turn, command.identifiers, patient)
    turn.append(decider.PATIENT, patient, events)
    return PatientAnswer(patient=patient)


@API.command(RecordMerge, roles={Role.SERVICE})
async def record_merge(command: RecordMerge, call: Call[Deps, Caller]) -> PatientAnswer:
    """The sender's word that two record numbers are one person (ADT A40)."""
    only(call.caller, "interop")
    turn, numbers = call.turn, (*command.survivor, *command.retired)
    survivor = await _meant(turn, command.survivor)
    gone = await _meant(turn, command.retired)
    patient = survivor or gone or turn.new_id()
    state: decider.Patient = await turn.load(decider.PATIENT, patient)
    if survivor and gone and survivor != gone:
        giving_way = await turn.load(decider.PATIENT, gone)
        events = decider.merge_by_feed(giving_way, state, call.actor)
        turn.append(decider.PATIENT, gone, events)
    events = decider.record(state, patient, numbers, command.demographics, "adt", command.at)
    await _reserve(turn, numbers, patient)
    turn.append(decider.PATIENT, patient, events)
    return PatientAnswer(patient=patient)


@API.query(KnownPatient, roles={Role.SERVICE})
async def known_patient(query: KnownPatient, call: Call[Deps, Caller]) -> PatientAnswer:
    """Whom these numbers mean; a merged entry's number means the one that it gave way to."""
    only(call.caller, "interop")
    found: set[str] = set()
    for number in query.identifiers:
        authority, value = number.authority.strip(), number.value.strip()
        key = names.record_key(value)
        rows = await call.read(HOLDERS, value_key=key, authority=authority, value=value)
        found |= {row["patient"] for row in rows}
    patient = decider.meant(sorted(found))
    if not patient:
        raise Refused("not-found", "Nobody has this record number.", 404)
    return PatientAnswer(patient=patient)


async def _meant(turn: Turn, identifiers: Iterable[Identifier]) -> str:
    """The entry that known numbers mean, "" for nobody; refuses when they disagree."""
    known = []
    for identifier in identifiers:
        held = await turn.load(decider.IDENTIFIER, decider.identifier_key(identifier))
        if held.patient:
            known.append(await _survivor(turn, held.patient))
    return decider.meant(known)


async def _reserve(turn: Turn, identifiers: Iterable[Identifier], patient: str) -> None:
    """Numbers that nobody holds are this patient's from now on."""
    for key in {decider.identifier_key(identifier): None for identifier in identifiers}:
        if not (await turn.load(decider.IDENTIFIER, key)).patient:
            turn.append(decider.IDENTIFIER, key, [IdentifierReserved(patient)])


async def _survivor(turn: Turn, patient: str) -> str:
    """The entry that a merged one gave way to, else itself. Merges never form a ring."""
    state: decider.Patient = await turn.load(decider.PATIENT, patient)
    return await _survivor(turn, state.merged_into) if state.merged_into else patient
