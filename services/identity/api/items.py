"""What people ask of support, and support's queue of it (R54, R57, R59, S1, S3, S13)."""

from __future__ import annotations

from contracts.common import Caller, Done, Nothing, Role
from contracts.identity import (
    CloseItem,
    GetItem,
    GetItems,
    GetMyRequests,
    Item,
    ItemAnswer,
    ItemKind,
    ItemsAnswer,
    MyRequest,
    MyRequestsAnswer,
    PatientCard,
    RequestCorrection,
    RequestRelation,
    TakeItem,
)
from contracts.practice import Profile
from kernel import business_days
from kernel.api import Call
from kernel.clock import from_micros
from kernel.decider import Refused
from kernel.projection import Row
from kernel.turn import Turn
from services.identity.api.base import API
from services.identity.api.grants import moment
from services.identity.api.patients import cards
from services.identity.asking import Asked
from services.identity.decider import item as decider
from services.identity.deps import Deps
from services.identity.names import family_key
from services.identity.practice import Read, profile_now
from services.identity.views.accounts import ACCOUNT_BY_ID
from services.identity.views.items import ITEM_BY_ID, ITEMS_OF_ACCOUNT, ITEMS_WAITING
from services.identity.views.people import NAMESAKES

_MOST_WAITING = 20


@API.command(RequestRelation, roles={Role.PATIENT})
async def request_relation(command: RequestRelation, call: Call[Deps, Caller]) -> Nothing:
    """One item per person; nothing is looked up while the sender waits."""
    await _check_not_too_many(call)
    for person in command.people:
        asked = Asked(basis=command.basis, person=person, says=command.says)
        await _open(call.turn, "relation", call.caller.subject, "", asked)
    return Nothing()


@API.command(RequestCorrection, roles={Role.PATIENT}, chart=True)
async def request_correction(command: RequestCorrection, call: Call[Deps, Caller]) -> Done:
    """About the record in view. Identity data never changes by this alone (R59)."""
    await _check_not_too_many(call)
    asked = Asked(field=command.field, says=command.says)
    subject, patient = call.caller.subject, call.caller.patient or ""
    return Done(id=await _open(call.turn, "correction", subject, patient, asked))


@API.query(GetMyRequests, roles={Role.PATIENT})
async def get_my_requests(query: GetMyRequests, call: Call[Deps, Caller]) -> MyRequestsAnswer:
    """What this account asked, newest first."""
    profile = await profile_now(call.read)
    rows = await call.read(ITEMS_OF_ACCOUNT, account=call.caller.subject)
    return MyRequestsAnswer(requests=tuple(_my_request(row, profile) for row in rows))


@API.query(GetItems, roles={Role.SUPPORT})
async def get_items(query: GetItems, call: Call[Deps, Caller]) -> ItemsAnswer:
    """The queue."""
    rows = await call.read(ITEMS_WAITING)
    return ItemsAnswer(items=tuple([await _item(call, row) for row in rows]))


@API.query(GetItem, roles={Role.SUPPORT})
async def get_item(query: GetItem, call: Call[Deps, Caller]) -> ItemAnswer:
    """One item, beside the patients that it may mean."""
    rows = await call.read(ITEM_BY_ID, item=query.item)
    if not rows:
        raise Refused("not-found", "There is no such item.", 404)
    item = await _item(call, rows[0])
    candidates = await _candidates(call.read, item)
    return ItemAnswer(item=item.model_copy(update={"candidates": candidates}))


@API.command(TakeItem, roles={Role.SUPPORT})
async def take_item(command: TakeItem, call: Call[Deps, Caller]) -> Done:
    """From now on it is this person's."""
    state = await call.turn.load(decider.ITEM, command.item)
    events = decider.take(state, command.item, call.caller.subject, call.caller.name)
    call.turn.append(decider.ITEM, command.item, events)
    return Done(id=command.item)


@API.command(CloseItem, roles={Role.SUPPORT})
async def close_item(command: CloseItem, call: Call[Deps, Caller]) -> Done:
    """Refuse it with an answer, or close a notice."""
    state = await call.turn.load(decider.ITEM, command.item)
    events = decider.reject(state, command.item, call.caller.subject, command.answer, call.now)
    call.turn.append(decider.ITEM, command.item, events)
    return Done(id=command.item)


async def _open(turn: Turn, kind: ItemKind, account: str, patient: str, asked: Asked) -> str:
    new = turn.new_id()
    await turn.load(decider.ITEM, new)
    turn.append(decider.ITEM, new, decider.open_(new, kind, account, patient, asked, turn.now))
    return new


async def _check_not_too_many(call: Call[Deps, Caller]) -> None:
    rows = await call.turn.read(ITEMS_OF_ACCOUNT, account=call.caller.subject)
    if sum(row["state"] in ("open", "taken") for row in rows) >= _MOST_WAITING:
        raise Refused("too-many", "Please wait until we have answered what you asked before.", 429)


def _my_request(row: Row, profile: Profile) -> MyRequest:
    asked = Asked.model_validate_json(row["asked"])
    received = from_micros(row["received"])
    name = f"{asked.person.given} {asked.person.family}" if asked.person else asked.field
    return MyRequest(
        item=row["item"],
        kind=row["kind"],
        state=row["state"],
        received=received,
        due=business_days.due(received, profile),
        settled=moment(row["settled"]),
        about=name,
        patient=row["patient"] or None,
        answer=row["answer"],
    )


async def _item(call: Call[Deps, Caller], row: Row) -> Item:
    profile = await profile_now(call.read)
    asked = Asked.model_validate_json(row["asked"])
    received = from_micros(row["received"])
    askers = await call.read(ACCOUNT_BY_ID, account=row["account"])
    waiting = row["state"] in ("open", "taken")
    return Item(
        item=row["item"],
        kind=row["kind"],
        state=row["state"],
        received=received,
        due=business_days.due(received, profile),
        overdue=waiting and business_days.overdue(received, call.now, profile),
        taken_by=row["taken_name"] or row["taken_by"],
        mine=row["taken_by"] == call.caller.subject,
        patient=row["patient"] or None,
        by=askers[0]["name"] if askers else "",
        by_email=askers[0]["email"] if askers else "",
        basis=asked.basis,
        people=(asked.person,) if asked.person else (),
        field=asked.field,
        says=asked.says,
    )


async def _candidates(read: Read, item: Item) -> tuple[PatientCard, ...]:
    """The patient of a correction; for a relation the entries of that birth date and family name."""
    if item.patient:
        return await cards(read, (item.patient,))
    found: list[str] = []
    for person in item.people:
        key = family_key(person.family)
        rows = await read(NAMESAKES, born=person.born.isoformat(), family_key=key)
        found += [row["patient"] for row in rows if not row["merged"]]
    return await cards(read, found[:20])
