"""Corrections of who somebody is, with their consequences shown first (S13, R53-R55, R59)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from contracts.common import Caller, Done, Role
from contracts.identity import (
    AccessChange,
    Consequences,
    CorrectPatient,
    PreviewCorrection,
)
from kernel.api import Call
from kernel.decider import Refused
from kernel.projection import Row
from services.identity import access
from services.identity.ages import age, hidden_days
from services.identity.api.base import API
from services.identity.api.grants import Day, holder_of, person_of, relation_of, the_day
from services.identity.decider import item
from services.identity.decider.patient import PATIENT, Patient, correct
from services.identity.deps import Deps
from services.identity.practice import Read
from services.identity.views.accounts import ACCOUNT_BY_ID
from services.identity.views.connections import OF_ACCOUNT, OF_PATIENT, PERSON

_FIELDS = ("name", "born", "sex", "address", "phones", "email")
_OLDEST = 130


@API.query(PreviewCorrection, roles={Role.SUPPORT})
async def preview_correction(query: PreviewCorrection, call: Call[Deps, Caller]) -> Consequences:
    """What this birth date would change; nothing is changed."""
    day = await the_day(call.read, call.now)
    _check_born(query.born, day.today)
    people = await call.read(PERSON, patient=query.patient)
    if not people:
        raise Refused("not-found", "There is no such patient.", 404)
    before = person_of(people[0]).born
    hidden, hidden_before = hidden_days(query.born), hidden_days(before) if before else None
    return Consequences(
        age_before=age(before, day.today) if before else None,
        age_after=age(query.born, day.today),
        hidden_from_before=hidden_before[0] if hidden_before else None,
        hidden_until_before=hidden_before[1] if hidden_before else None,
        hidden_from=hidden[0],
        hidden_until=hidden[1],
        connections=await _changes(call.read, query, day),
    )


@API.command(CorrectPatient, roles={Role.SUPPORT})
async def correct_patient(command: CorrectPatient, call: Call[Deps, Caller]) -> Done:
    """Only what is stated changes. The birthdays are counted anew by a reaction."""
    turn, day = call.turn, await the_day(call.turn.read, call.now)
    if command.born is not None:
        _check_born(command.born, day.today)
    said: dict[str, Any] = {
        name: getattr(command, name) for name in _FIELDS if getattr(command, name) is not None
    }
    state: Patient = await turn.load(PATIENT, command.patient)
    events = correct(state, said, command.evidence, call.caller.subject, call.now)
    turn.append(PATIENT, command.patient, events)
    if command.item:
        asked = await turn.load(item.ITEM, command.item)
        done = item.done(asked, command.item, "correction", call.caller.subject, call.now)
        turn.append(item.ITEM, command.item, done)
    return Done(id=command.patient)


async def _changes(read: Read, query: PreviewCorrection, day: Day) -> tuple[AccessChange, ...]:
    """Every connection that has not ended, as it stands and as it would."""
    rows = await read(OF_PATIENT, patient=query.patient)
    live = [row for row in rows if row["ended"] is None and row["account"]]
    return tuple([await _change(read, row, query.born, day) for row in live])


async def _change(read: Read, row: Row, born: date, day: Day) -> AccessChange:
    account = (await read(ACCOUNT_BY_ID, account=row["account"]))[0]
    siblings: Sequence[Row] = await read(OF_ACCOUNT, account=row["account"])
    relation, before = relation_of(row), person_of(row)
    after, holder = access.Person(born, before.gone), holder_of(account, len(siblings))
    return AccessChange(
        name=account["name"],
        basis=relation.basis,
        before=access.state_of(relation, before, day.today, day.documents),
        after=access.state_of(relation, after, day.today, day.documents),
        mail_before=access.mail_of(relation, before, holder, day.today)[0],
        mail_after=access.mail_of(relation, after, holder, day.today)[0],
    )


def _check_born(born: date, today: date) -> None:
    if born > today or age(born, today) > _OLDEST:
        said = "Enter a date of birth in the past."
        raise Refused("born", said, 422, {"born": said})
