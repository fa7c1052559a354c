"""The form behind REGISTER NOW, and support's queue of what did not match (R48-R50, S1)."""

from __future__ import annotations

from datetime import datetime

from contracts.common import Caller, Done, Nothing, Role
from contracts.identity import (
    GetRegistration,
    RegistrationAnswer,
    RegistrationForm,
    RegistrationItem,
    RegistrationQueue,
    RegistrationsAnswer,
    RejectRegistration,
    RequestRegistration,
    TakeRegistration,
    VerifyRegistration,
)
from contracts.practice import Profile
from kernel import business_days
from kernel.api import Call
from kernel.clock import from_micros
from kernel.decider import Refused
from kernel.projection import Row
from services.identity.api.base import API
from services.identity.api.patients import cards
from services.identity.decider import registration as decider
from services.identity.deps import Deps
from services.identity.inviting import invite
from services.identity.practice import Read, profile_now
from services.identity.views.registrations import REGISTRATION_BY_ID, WAITING

_NEVER_ITEMS = ("received", "set-aside")


@API.command(RequestRegistration, roles=None, status=202)
async def request_registration(command: RequestRegistration, call: Call[Deps, Caller]) -> Nothing:
    """One event for every form: nobody can time or read what became of it (decision l)."""
    registration = call.turn.new_id()
    await call.turn.load(decider.REGISTRATION, registration)
    form = RegistrationForm.model_validate(command.model_dump())
    events = decider.request(registration, form, call.now)
    call.turn.append(decider.REGISTRATION, registration, events)
    return Nothing()


@API.command(TakeRegistration, roles={Role.SUPPORT})
async def take_registration(command: TakeRegistration, call: Call[Deps, Caller]) -> Done:
    """Work on an item."""
    id = command.registration
    state = await call.turn.load(decider.REGISTRATION, id)
    events = decider.take(state, id, call.caller.subject, call.caller.name)
    call.turn.append(decider.REGISTRATION, id, events)
    return Done(id=id)


@API.command(VerifyRegistration, roles={Role.SUPPORT})
async def verify_registration(command: VerifyRegistration, call: Call[Deps, Caller]) -> Done:
    """Verified: the invitation goes out with the same decision (R50). Gives the invitation."""
    id = command.registration
    state: decider.Registration = await call.turn.load(decider.REGISTRATION, id)
    events = decider.verify(state, id, command.patient, call.caller.subject, command.evidence)
    invitation = await invite(call.turn, command.patient, state.form.email, "support")
    call.turn.append(decider.REGISTRATION, id, events)
    return Done(id=invitation)


@API.command(RejectRegistration, roles={Role.SUPPORT})
async def reject_registration(command: RejectRegistration, call: Call[Deps, Caller]) -> Done:
    """Close an item without an invitation."""
    id = command.registration
    state = await call.turn.load(decider.REGISTRATION, id)
    events = decider.reject(state, id, call.caller.subject, command.reason)
    call.turn.append(decider.REGISTRATION, id, events)
    return Done(id=id)


@API.query(RegistrationQueue, roles={Role.SUPPORT})
async def registration_queue(
    query: RegistrationQueue, call: Call[Deps, Caller]
) -> RegistrationsAnswer:
    """Open and taken items, oldest first; candidates are shown with one item at a time."""
    profile = await profile_now(call.read)
    rows = await call.read(WAITING)
    return RegistrationsAnswer(items=tuple(_item(row, profile, call.now) for row in rows))


@API.query(GetRegistration, roles={Role.SUPPORT})
async def get_registration(query: GetRegistration, call: Call[Deps, Caller]) -> RegistrationAnswer:
    """One item with the patients that it may mean."""
    rows = await call.read(REGISTRATION_BY_ID, registration=query.registration)
    if not rows or rows[0]["state"] in _NEVER_ITEMS:
        raise Refused("not-found", "There is no such item.", 404)
    profile = await profile_now(call.read)
    item = await _with_candidates(call.read, rows[0], _item(rows[0], profile, call.now))
    return RegistrationAnswer(item=item)


async def _with_candidates(read: Read, row: Row, item: RegistrationItem) -> RegistrationItem:
    return item.model_copy(update={"candidates": await cards(read, row["candidates"].split())})


def _item(row: Row, profile: Profile, now: datetime) -> RegistrationItem:
    received = from_micros(row["received"])
    waiting = row["state"] in ("open", "taken")
    return RegistrationItem(
        registration=row["registration"],
        state=row["state"],
        reason=row["reason"],
        received=received,
        due=business_days.due(received, profile),
        overdue=waiting and business_days.overdue(received, now, profile),
        taken_by=row["taken_by"],
        form=RegistrationForm.model_validate_json(row["form"]),
    )
